package access

import "strings"

// Act is one thing a person or a system can do or look at.
type Act string

// The acts. Pages, verbs and doors name one each.
const (
	TakeCall       Act = "take a call"
	CallEmergency  Act = "call an ambulance"
	SeeWorklist    Act = "see the worklist"
	SeeCase        Act = "open a case"
	SeePerson      Act = "open a person's record"
	FindPerson     Act = "look for a person"
	WritePerson    Act = "write in a person's record"
	Triage         Act = "triage"
	Dispose        Act = "set a disposition"
	Refer          Act = "refer to another service"
	Claim          Act = "claim a case"
	Consult        Act = "consult"
	LowerUrgency   Act = "lower urgency"
	SetOutcome     Act = "set an outcome"
	Close          Act = "close a case"
	SendReport     Act = "report to the GP"
	WriteNote      Act = "write a note"
	SeeServices    Act = "find a service"
	SeeRehearsals  Act = "see which faults were rehearsed"
	SeeDevices     Act = "see how the devices stand"
	SeeTasks       Act = "see tasks"
	DoTask         Act = "do a task"
	SeeApart       Act = "see what was written apart"
	SettleApart    Act = "settle what was written apart"
	SeeBoard       Act = "see the board"
	ManageStaff    Act = "manage people and roles"
	KeepServices   Act = "keep the directory of services"
	SeeForms       Act = "see numbered forms"
	KeepForms      Act = "receive and hand out numbered forms"
	UseForm        Act = "use a numbered form"
	DecideForm     Act = "decide on a form used provisionally"
	ReassignForms  Act = "move the forms of a lost device"
	SendToUs       Act = "send us a message"
	RunTimers      Act = "run timers"
	SeeOwnSessions Act = "see one's own session"
	CutTrust       Act = "hold entries back"
	ReviewHeld     Act = "review what is held back"
	AskErasure     Act = "erase under the retention rules"
	SeeErasures    Act = "see erasure and retention"
	KeepOwnWays    Act = "keep one's own ways in"
	VouchFor       Act = "vouch for a colleague"
	AdmitShift     Act = "admit somebody for one shift"
)

// Row is one line of the permission table.
type Row struct {
	Act   Act
	Who   []Role
	Audit Audit
}

// Audit says how an act is recorded. Acts that write are facts themselves.
type Audit string

// The ways of recording.
const (
	ByItsFact  Audit = "its own fact"
	Look       Audit = "a look, at most one in 15 minutes for each record and session"
	List       Audit = "one look for each list shown"
	NotAPerson Audit = "none: shows nobody's record"
)

// Table is the permission table, the only one.
func Table() []Row {
	all := []Role{CallHandler, Clinician, Dispatcher, Manager}
	return []Row{
		{TakeCall, []Role{CallHandler, Clinician, Manager}, ByItsFact},
		{CallEmergency, all, ByItsFact},
		{SeeWorklist, all, List},
		{SeeCase, append(all, Device), Look},
		{SeePerson, all, Look},
		{FindPerson, all, List},
		{WritePerson, append(all, Device), ByItsFact},
		{Triage, []Role{CallHandler, Clinician}, ByItsFact},
		{Dispose, []Role{CallHandler, Clinician}, ByItsFact},
		{Refer, []Role{CallHandler, Clinician, Dispatcher}, ByItsFact},
		{Claim, []Role{CallHandler, Clinician, Dispatcher, Manager}, ByItsFact},
		{Consult, []Role{Clinician}, ByItsFact},
		{LowerUrgency, []Role{Clinician}, ByItsFact},
		{SetOutcome, []Role{Clinician}, ByItsFact},
		{Close, all, ByItsFact},
		{SendReport, []Role{Clinician, Manager, Device}, ByItsFact},
		{WriteNote, all, ByItsFact},
		{SeeServices, append(all, Administrator), NotAPerson},
		{SeeRehearsals, []Role{Manager, Administrator}, NotAPerson},
		{SeeDevices, []Role{Manager, Administrator}, NotAPerson},
		{SeeTasks, all, List},
		{DoTask, append(all, Device), ByItsFact},
		{SeeApart, append(all, Administrator), List},
		{SettleApart, append(all, Administrator), ByItsFact}, // the table of joins says which of them
		{SeeBoard, []Role{Manager, Dispatcher, Clinician}, List},
		{ManageStaff, []Role{Administrator, Device}, ByItsFact},
		{KeepServices, []Role{Administrator, Device}, ByItsFact},
		{SeeForms, []Role{Clinician, Manager, Administrator}, NotAPerson},
		{KeepForms, []Role{Manager, Administrator}, ByItsFact},
		{UseForm, []Role{Clinician, Manager}, ByItsFact},
		{DecideForm, []Role{Manager}, ByItsFact},
		{ReassignForms, []Role{Manager, Administrator}, ByItsFact},
		{SendToUs, []Role{Partner, Device}, ByItsFact},
		{RunTimers, []Role{Device}, ByItsFact},
		{SeeOwnSessions, append(all, Administrator), NotAPerson},
		{CutTrust, []Role{Administrator}, ByItsFact},
		{ReviewHeld, []Role{Administrator}, List},
		{AskErasure, []Role{Administrator}, ByItsFact},
		{SeeErasures, []Role{Administrator}, List},
		{KeepOwnWays, append(all, Administrator), ByItsFact},
		{VouchFor, append(all, Administrator), ByItsFact},
		{AdmitShift, []Role{Manager, Administrator}, ByItsFact},
	}
}

func row(a Act) (Row, bool) {
	for _, r := range Table() {
		if r.Act == a {
			return r, true
		}
	}
	return Row{}, false
}

func allowed(role Role, a Act) bool {
	r, ok := row(a)
	if !ok {
		return false
	}
	for _, who := range r.Who {
		if who == role {
			return true
		}
	}
	return false
}

func whoMay(a Act) string {
	r, _ := row(a)
	var names []string
	for _, who := range r.Who {
		if who != Device && who != Partner {
			names = append(names, "a "+who.Title())
		}
	}
	if len(names) == 0 {
		return "the device itself"
	}
	names[0] = strings.Replace(names[0], "a administrator", "an administrator", 1)
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// AuditOf says how an act is recorded; an act outside the table is recorded
// as a look, though nobody is allowed it.
func AuditOf(a Act) Audit {
	if r, ok := row(a); ok {
		return r.Audit
	}
	return Look
}
