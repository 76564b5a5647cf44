package people

import (
	"fmt"

	"holdfast/codes"
	"holdfast/directory"
)

func clock(hour, minute int) int { return hour*60 + minute }

// nights are the hours of a GP out-of-hours service: weekdays 18:30 to 08:00,
// and from Friday evening to Monday morning.
func nights() []directory.Opening {
	return []directory.Opening{
		{Days: directory.Weekdays, From: clock(18, 30), To: clock(24, 0)},
		{Days: directory.Weekdays, From: 0, To: clock(8, 0)},
		{Days: directory.Weekend, From: 0, To: clock(24, 0)},
	}
}

func daily(from, to int) []directory.Opening {
	return []directory.Opening{{Days: directory.EveryDay, From: from, To: to}}
}

func weekdays(from, to int) []directory.Opening {
	return []directory.Opening{{Days: directory.Weekdays, From: from, To: to}}
}

func at(t place) codes.Place {
	return codes.Place{Text: t.name, Postcode: t.district, Grid: t.grid}
}

func takes(group string, modes ...string) []directory.Taking {
	if len(modes) == 0 {
		return []directory.Taking{{Group: group}}
	}
	var out []directory.Taking
	for _, m := range modes {
		out = append(out, directory.Taking{Group: group, Mode: m})
	}
	return out
}

// services lists every service of the district. Doors of the two
// organisations of the demo have the route direct and no endpoint: whoever
// starts them fills it in.
func services() []directory.Service {
	out := append(ours(), bases()...)
	out = append(out, others()...)
	out = append(out, gpPractices()...)
	out = append(out, pharmacies()...)
	for i := range out {
		if !out[i].Phone.Present() {
			out[i].Phone = codes.ReceivePhone(fmt.Sprintf("01632 9609%02d", i))
		}
		if out[i].DoS == "" {
			out[i].DoS = codes.DoSID(fmt.Sprintf("9990000%03d", 200+i))
		}
		if len(out[i].Doors) == 0 {
			out[i].Doors = []directory.Door{{Route: directory.RoutePhone, Endpoint: out[i].Phone.Dial()}}
		}
	}
	return out
}

func direct() []directory.Door {
	return []directory.Door{{Route: directory.RouteDirect, Books: true}, {Route: directory.RoutePhone}}
}

func ours() []directory.Service {
	var all []codes.Postcode
	for _, t := range towns() {
		all = append(all, t.district)
	}
	return []directory.Service{
		{
			Name: "Clinician call-back", Type: directory.ClinicianQueue, DoS: FellsideDoS, ODS: FellsideODS, Provider: FellsideName,
			Always: true, ComesToThem: true, WaitMinutes: 15, Doors: direct(),
			Takes: append(takes("clinician-callback"), takes("validation")...), Phone: codes.ReceivePhone("01632 960111"),
		},
		{
			Name: "GP out of hours, advice by phone", Type: directory.ClinicianQueue, DoS: TarnValleyDoS, ODS: TarnValleyODS, Provider: TarnValleyName,
			Hours: nights(), ComesToThem: true, WaitMinutes: 40, Doors: direct(), Districts: all,
			Takes: takes("primary-care", "speak"), Phone: codes.ReceivePhone("01632 960500"),
		},
		{
			Name: "Home visits", Type: directory.HomeVisits, DoS: "9990000127", ODS: TarnValleyODS, Provider: TarnValleyName,
			Hours: nights(), ComesToThem: true, WaitMinutes: 90, Doors: direct(), Districts: all,
			Takes: takes("primary-care", "contact"), Housebound: true,
		},
	}
}

func bases() []directory.Service {
	base := func(n int, t place, hours []directory.Opening, wait int, note string) directory.Service {
		return directory.Service{
			Name: t.name + " base", Type: directory.TreatmentCentre, DoS: codes.DoSID(fmt.Sprintf("99900001%02d", 30+n)), ODS: TarnValleyODS,
			Provider: TarnValleyName, Place: at(t), Hours: hours, WaitMinutes: wait, Note: note, Doors: direct(),
			Takes: takes("primary-care", "contact"),
		}
	}
	return []directory.Service{
		base(1, aldermoor, nights(), 14, ""),
		base(2, brackenby, daily(clock(18, 30), clock(22, 0)), 31, ""),
		base(3, coldwater, nights(), 8, "Nurse only"),
		base(4, dunsett, daily(clock(18, 30), clock(23, 0)), 22, "Nurse only"),
	}
}

func others() []directory.Service {
	ed := append(takes("ed"), takes("ed-dental")...)
	return []directory.Service{
		{Name: "Fellside General, emergency department", Type: directory.EmergencyDept, ODS: "ZZH01", Provider: "Fellside General Hospital", Place: at(fellside), Always: true, WaitMinutes: 10, Takes: ed},
		{Name: "Dunsett urgent treatment centre", Type: directory.UrgentTreatment, ODS: "ZZH02", Provider: "Dunsett Community Hospital", Place: at(dunsett), Hours: daily(clock(8, 0), clock(22, 0)), WaitMinutes: 45, Takes: append(takes("ed", "attend"), takes("primary-care", "contact")...), NotDx: []codes.Dx{"Dx94", "Dx92"}, Ages: directory.Ages{FromMonths: 24}},
		{Name: "Ambulance control", Type: directory.Ambulance, ODS: "ZZA01", Provider: "Tarn and Fells Ambulance", Always: true, ComesToThem: true, Takes: takes("999")},
		{Name: "Urgent community response", Type: directory.CommunityNurse, ODS: "ZZC01", Provider: "Fellside Community", Hours: daily(clock(8, 0), clock(22, 0)), ComesToThem: true, WaitMinutes: 120, Takes: append(takes("community"), takes("primary-care", "contact")...), Ages: directory.Ages{FromMonths: 18 * 12}, Note: "Nurse only"},
		{Name: "Community nursing, day team", Type: directory.CommunityNurse, ODS: "ZZC01", Provider: "Fellside Community", Hours: daily(clock(8, 0), clock(18, 0)), ComesToThem: true, WaitMinutes: 60, Takes: takes("community")},
		{Name: "Mental health crisis team", Type: directory.MentalHealth, ODS: "ZZM01", Provider: "Fells Mental Health", Always: true, ComesToThem: true, WaitMinutes: 60, Dx: []codes.Dx{"Dx92"}},
		{Name: "Dental call-back", Type: directory.Dental, ODS: "ZZD01", Provider: "Tarn Dental", Hours: daily(clock(8, 0), clock(23, 0)), ComesToThem: true, WaitMinutes: 60, Takes: append(takes("dental"), takes("ed-dental")...)},
		{Name: "Maternity assessment", Type: directory.Maternity, ODS: "ZZH01", Provider: "Fellside General Hospital", Place: at(fellside), Always: true, Takes: takes("maternity"), Sexes: []codes.Sex{codes.Female}},
		{Name: "Minor eye conditions", Type: directory.EyeCare, ODS: "ZZE01", Provider: "Brackenby Opticians", Place: at(brackenby), Hours: weekdays(clock(9, 0), clock(17, 30)), Takes: takes("eye")},
		{Name: "Sexual health clinic", Type: directory.SexualHealth, ODS: "ZZS01", Provider: "Fellside Community", Place: at(fellside), Hours: []directory.Opening{{Days: directory.Weekdays, From: clock(9, 0), To: clock(19, 0)}, {Days: directory.Saturday, From: clock(10, 0), To: clock(14, 0)}}, Takes: takes("sexual-health")},
	}
}

func gpPractices() []directory.Service {
	var out []directory.Service
	for _, p := range practices() {
		out = append(out, directory.Service{
			Name: p.Name, Type: directory.GPPractice, ODS: p.ODS, Provider: p.Name, Phone: p.Phone, Place: p.Place, OwnPatients: true,
			Hours: weekdays(clock(8, 0), clock(18, 30)), WaitMinutes: 60, Takes: takes("primary-care"),
		})
	}
	return out
}

func pharmacies() []directory.Service {
	var out []directory.Service
	for i, t := range towns() {
		s := directory.Service{
			Name: t.name + " Pharmacy", Type: directory.Pharmacy, ODS: codes.ODS(fmt.Sprintf("ZZR%02d", i+1)), Provider: t.name + " Pharmacy", Place: at(t),
			Hours: []directory.Opening{{Days: directory.Weekdays, From: clock(9, 0), To: clock(18, 0)}, {Days: directory.Saturday, From: clock(9, 0), To: clock(13, 0)}},
			Takes: takes("pharmacy"), Dx: []codes.Dx{"Dx97", "Dx98"},
		}
		if t == fellside {
			s.Name, s.Hours = "Fellside Late Night Pharmacy", daily(clock(8, 0), clock(23, 30))
		}
		out = append(out, s)
	}
	return out
}
