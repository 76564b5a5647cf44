package urgentweb

import (
	"context"
	"slices"
	"strconv"

	"holdfast/fact"
	"holdfast/record"
	"holdfast/triage"
	"holdfast/triage/triageweb"
	"holdfast/urgent"
	"holdfast/web"
)

// stayDrawer is the instruction while nothing is known but that it is an
// emergency: it leads to all others.
const stayDrawer = "stay"

// sayer makes the drawers of one page.
type sayer struct {
	a      *App
	c      *urgent.Case
	id     string // the case, also before anything is saved about it
	person *record.Person
	age    triage.Age
	out    []triageweb.Drawer
}

// drawers are the instructions that can be read aloud at any moment of a call.
func (a *App) drawers(c *urgent.Case, id string, person *record.Person, age triage.Age) []triageweb.Drawer {
	s := sayer{a: a, c: c, id: id, person: person, age: age}
	s.add(triage.Instruction{ID: stayDrawer, Title: "Emergency", Steps: a.Call.stay, Source: "Holdfast, call-taking"}, "", false)
	for i, row := range a.Call.drawers {
		s.named(a.Call.say(row.threat, age), row.key, i < 4)
	}
	for _, one := range a.Call.says {
		s.named(one.instruction, "", false)
	}
	for i := range s.out {
		s.fill(&s.out[i])
	}
	return s.out
}

// named adds an instruction of the content, once.
func (s *sayer) named(id, key string, prominent bool) {
	text, err := s.a.Triage.Words(triage.English).Advice(id)
	if err == nil && !slices.ContainsFunc(s.out, func(d triageweb.Drawer) bool { return d.Text.ID == id }) {
		s.add(text, key, prominent)
	}
}

func (s *sayer) add(text triage.Instruction, key string, prominent bool) {
	s.out = append(s.out, triageweb.Drawer{Text: text, Key: key, Prominent: prominent, Unsigned: s.a.Demo})
}

// fill says in a drawer what was requested and why, what decision bears on it,
// and what comes next.
func (s *sayer) fill(d *triageweb.Drawer) {
	if s.c != nil {
		if words, _ := requestWords(*s.c, s.a.Shell.Zone()); words != "" {
			d.Tag = web.Tag{Text: words, Tone: "red"}
			d.Why = s.c.Ambulances[len(s.c.Ambulances)-1].What.Why + "."
		}
	}
	cpr := s.a.threatOf(d.Text.ID) == "cpr"
	if decision := resuscitation(s.person); cpr && decision != "" && s.c != nil {
		d.Decision = decision
		d.Form = []triageweb.Act{
			s.said("5", "Form seen, it is theirs: stop", "Resuscitation form seen in the home by the caller, in the patient’s name: CPR stopped."),
			s.said("6", "Not seen, or not sure: go on", "Resuscitation form asked for, not seen or not sure: CPR goes on."),
		}
	}
	if cpr {
		d.Next = s.afterCPR(d.Text.ID)
		return
	}
	d.Next = []triageweb.Act{
		s.found("1", "Not awake, not breathing normally or not sure: CPR", urgent.No, urgent.No, urgent.NotAsked),
		s.found("2", "Not awake, breathing normally", urgent.No, urgent.Yes, urgent.NotAsked),
		s.found("3", "Heavy bleeding", urgent.NotAsked, urgent.NotAsked, urgent.Yes),
		s.said("4", "Crew at the patient", "Ambulance crew at the patient."),
	}
}

func (s *sayer) afterCPR(own string) []triageweb.Act {
	out := []triageweb.Act{{Key: "1", Text: "Starts breathing normally", Opens: triageweb.ID(s.a.Call.say("recovery", s.age))}}
	for _, one := range s.a.Call.says {
		if text, err := s.a.Triage.Words(triage.English).Advice(one.instruction); err == nil && one.threat == "cpr" && one.instruction != own {
			out = append(out, triageweb.Act{Key: strconv.Itoa(len(out) + 1), Text: text.Title, Opens: triageweb.ID(one.instruction)})
		}
	}
	return append(out, s.said("4", "Crew at the patient", "Ambulance crew at the patient."))
}

// said writes a sentence down.
func (s *sayer) said(key, text, words string) triageweb.Act {
	return triageweb.Act{Key: key, Text: text, Send: "/call/" + s.id + "/said", Fields: []triageweb.Field{{Name: "said", Value: words}}}
}

// found records what the caller sees now, which may request more.
func (s *sayer) found(key, text string, awake, breathing, bleeding urgent.YesNo) triageweb.Act {
	return triageweb.Act{Key: key, Text: text, Send: "/call/" + s.id + "/life", Fields: []triageweb.Field{
		{Name: "awake", Value: string(awake)}, {Name: "breathing", Value: string(breathing)}, {Name: "bleeding", Value: string(bleeding)},
		{Name: "with", Value: string(urgent.Yes)},
	}}
}

// threatOf tells which threat an instruction is for.
func (a *App) threatOf(instruction string) string {
	for _, s := range a.Call.says {
		if s.instruction == instruction {
			return s.threat
		}
	}
	return ""
}

// firstInstruction names the instruction for the newest ambulance request.
func (a *App) firstInstruction(ctx context.Context, by web.Caller, id fact.Subject) string {
	c, err := a.Cases.Case(ctx, by, id)
	if err != nil || len(c.Ambulances) == 0 || c.Ambulances[len(c.Ambulances)-1].What.Instruction == "" {
		return stayDrawer
	}
	patient := c.Patient.Or(urgent.PatientDescribed{})
	return a.Call.say(c.Ambulances[len(c.Ambulances)-1].What.Instruction, ageOf(patient.Identity.Born, a.Shell.Now()))
}
