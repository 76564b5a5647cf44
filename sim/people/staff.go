package people

import "holdfast/access"

// Staff is a made-up member of staff.
type Staff struct {
	Org   string // ODS code
	Name  string // as colleagues know them
	Title string
	Roles []access.Role
}

// staff lists the people who work at both organisations.
func staff() []Staff {
	handler, clinician := []access.Role{access.CallHandler}, []access.Role{access.Clinician}
	dispatcher, manager := []access.Role{access.Dispatcher}, []access.Role{access.Manager}
	f, t := string(FellsideODS), string(TarnValleyODS)
	return []Staff{
		{f, "Ruth Ashdown", "health advisor", handler},
		{f, "Callum Drummond", "health advisor", handler},
		{f, "Nadia Hussain", "health advisor", handler},
		{f, "Tomos Prosser", "health advisor", handler},
		{f, "K. Adeyemi", "nurse", clinician},
		{f, "P. Varma", "nurse", clinician},
		{f, "S. Bashir", "nurse", clinician},
		{f, "Dr J. Pemberton", "GP", clinician},
		{f, "M. Bell", "pharmacist", clinician},
		{f, "H. Kinnaird", "paramedic", clinician},
		{f, "Leanne Ormerod", "dispatcher", dispatcher},
		{f, "R. Quill", "shift manager", manager},
		{f, "Elin Probert", "receptionist", []access.Role{access.Receptionist}},
		{f, "Dr M. Hallam", "medical director", []access.Role{access.ClinicalGovernance}},
		{f, "T. Whitaker", "data protection officer", []access.Role{access.InformationGovernance}},
		{f, "C. Beddows", "commissioner", []access.Role{access.Commissioner}},
		{f, "Z. Marsh", "carer", []access.Role{access.Carer}},
		{f, "I. Sorley", "host operator", []access.Role{access.HostOperator}},
		{f, "Joanna Threlkeld", "administrator", []access.Role{access.Administrator}},
		{f, "Elin Wardle", "information governance lead", []access.Role{access.InformationGovernance}},
		{t, "Siobhán Relph", "call handler", handler},
		{t, "Gareth Bevan", "call handler", handler},
		{t, "Dr A. Rees-Marlow", "GP", clinician},
		{t, "Dr L. Okonjo", "GP", clinician},
		{t, "N. Lisle", "advanced nurse practitioner", clinician},
		{t, "Dr F. Gaskarth", "GP", clinician},
		{t, "Piotr Nowak", "dispatcher", dispatcher},
		{t, "Brenda Fawcett", "shift manager", manager},
		{t, "Wil Garside", "receptionist", []access.Role{access.Receptionist}},
		{t, "Dr E. Rowntree", "medical director", []access.Role{access.ClinicalGovernance}},
		{t, "F. Stobart", "data protection officer", []access.Role{access.InformationGovernance}},
		{t, "C. Beddows", "commissioner", []access.Role{access.Commissioner}},
		{t, "Y. Postle", "carer", []access.Role{access.Carer}},
		{t, "I. Sorley", "host operator", []access.Role{access.HostOperator}},
		{t, "Owen Kershaw", "administrator", []access.Role{access.Administrator}},
		{t, "Moira Teasdale", "information governance lead", []access.Role{access.InformationGovernance}},
	}
}
