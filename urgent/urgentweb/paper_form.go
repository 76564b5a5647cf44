package urgentweb

import (
	"strings"
	"time"

	"holdfast/codes"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/web"
)

// paperForm is one case on paper as it is typed in.
type paperForm struct {
	Case string `form:"case" max:"40"`

	Number  string   `form:"form_number" max:"40" label:"Number of the form"`
	Author  string   `form:"author" label:"Who wrote it"`
	Wrote   string   `form:"wrote" max:"40"`
	Day     string   `form:"day" max:"20" label:"Day"`
	At      string   `form:"at" max:"40" label:"Time it began"`
	EndedAt string   `form:"ended_at" max:"40" label:"Time it ended"`
	Done    []string `form:"done" max:"40"`
	Unread  string   `form:"unread" max:"2000" lines:"yes" label:"Could not be read"`

	Calling  string `form:"number" max:"60" label:"Number calling"`
	Place    string `form:"place" max:"400" label:"Where the patient was"`
	Caller   string `form:"caller_name" label:"Caller’s name"`
	Relation string `form:"relation" label:"To the patient"`
	First    string `form:"first" label:"First name"`
	Last     string `form:"last" label:"Last name"`
	Born     string `form:"born" max:"40" label:"Born"`
	Sex      string `form:"sex" of:"male female other unknown"`
	NHS      string `form:"nhs" max:"40" label:"NHS number"`
	Practice string `form:"practice" label:"Registered practice"`
	Why      string `form:"why" max:"4000" lines:"yes" label:"Why they rang"`

	Awake     string `form:"awake" of:"yes no unsure"`
	Breathing string `form:"breathing" of:"yes no unsure"`
	Bleeding  string `form:"bleeding" of:"yes no unsure"`

	Outcome     string `form:"outcome" max:"40" label:"Outcome"`
	Dx          string `form:"dx" max:"20" label:"What is still needed"`
	Mode        string `form:"mode" of:"phone video base home"`
	Detail      string `form:"detail" max:"2000" label:"Detail"`
	History     string `form:"history" max:"12000" lines:"yes" label:"History"`
	Examination string `form:"examination" max:"12000" lines:"yes" label:"Examination"`
	Diagnosis   string `form:"diagnosis" max:"2000" label:"Working diagnosis"`
	Plan        string `form:"plan" max:"12000" lines:"yes" label:"Plan"`
	Worse       string `form:"worse" max:"2000" lines:"yes" label:"Ring for"`
	Expect      string `form:"expect" max:"2000" lines:"yes" label:"What should happen"`
	SaidBack    string `form:"saidback" label:"Said back by"`
	Action      string `form:"gp_action" max:"2000" lines:"yes" label:"What the GP is asked to do"`
	ActionBy    string `form:"actionby" max:"10" label:"By"`
}

// read turns the form into the case that the paper tells of. Mistakes are in
// the form.
func (f paperForm) read(form *web.Form, now time.Time) urgent.FromForm {
	fail := func(name, label string, err error) {
		if err != nil {
			form.Fail(name, label, err.Error())
		}
	}
	in := urgent.FromForm{
		Calling: codes.ReceivePhone(f.Calling), Dx: codes.Dx(f.Dx),
		Life:  urgent.LifeThreatChecked{Awake: urgent.YesNo(f.Awake), Breathing: urgent.YesNo(f.Breathing), Bleeding: urgent.YesNo(f.Bleeding)},
		Paper: urgent.PaperEntered{Form: f.Number, Author: f.Author, Wrote: f.Wrote, Done: f.Done, Unread: f.Unread},
	}
	day, err := codes.ParseDate(f.Day, now)
	if err == nil && !day.Full() {
		err = errWhichDay
	}
	fail("day", "Day", err)
	if err == nil {
		if in.Began, err = londonAt(day, f.At); err != nil {
			fail("at", "Time it began", err)
		}
		if f.Outcome != "" && f.EndedAt != "" {
			in.Ended, err = londonAt(day, f.EndedAt)
			fail("ended_at", "Time it ended", err)
			if err == nil && in.Ended.Before(in.Began) {
				in.Ended, err = londonAt(day.Add(1), f.EndedAt) // past midnight
				fail("ended_at", "Time it ended", err)
			}
		}
	}
	born, err := codes.ParseBirthDate(f.Born, now)
	fail("born", "Born", err)
	nhs, err := codes.ParseNHSNumber(f.NHS)
	fail("nhs", "NHS number", err)
	place := placeOf(f.Place)
	in.Description = urgent.Description{
		Place: &place, Reason: &f.Why,
		Patient: &urgent.PatientDescribed{Identity: record.Identity{
			Name: record.Name{Given: f.First, Family: f.Last}, Born: born, Sex: codes.Sex(f.Sex), NHS: nhs, Practice: record.Practice{Name: f.Practice},
		}},
	}
	if f.Caller != "" || f.Relation != "" {
		in.Description.Caller = &urgent.CallerDescribed{Is: urgent.CallerSomeoneElse, Name: f.Caller, Relation: f.Relation}
	}
	if f.Outcome != "" {
		in.Finish = f.finish()
	}
	return in
}

func (f paperForm) finish() *urgent.Finish {
	out := &urgent.Finish{
		Consulted: urgent.Consulted{
			Mode: orWords(f.Mode, "phone"), History: f.History, Examination: f.Examination, Diagnosis: f.Diagnosis, Plan: f.Plan,
			Net: urgent.SafetyNet{Expect: f.Expect, Worse: f.Worse, SaidBack: f.SaidBack},
		},
		Outcome: f.Outcome, Detail: f.Detail, Action: f.Action,
	}
	if d, ok := codes.ReceiveDate(f.ActionBy); ok && d.Full() {
		out.ActionBy = codes.LondonTime(d, 23*60+59, false)
	}
	return out
}

type sayError string

func (e sayError) Error() string { return string(e) }

const (
	errWhichDay = sayError("Write the whole date that stands on the paper")
	errClock    = sayError("Hours and minutes, as 19:40")
	errTwice    = sayError("The clocks went back in that hour: write 01:30 BST or 01:30 GMT")
	errNever    = sayError("The clocks went forward then: there was no such time")
)

// londonAt reads a time of day as it stands on paper: 19:40, 1940, 19.40. In
// the hour that comes twice it must say which.
func londonAt(day codes.Date, typed string) (time.Time, error) {
	text := strings.ToUpper(strings.Join(strings.Fields(typed), ""))
	text, bst := strings.CutSuffix(text, "BST")
	text, gmt := strings.CutSuffix(text, "GMT")
	text = strings.NewReplacer(":", "", ".", "").Replace(text)
	if len(text) == 3 {
		text = "0" + text
	}
	at, err := time.Parse("1504", text)
	if err != nil {
		return time.Time{}, errClock
	}
	minutes := at.Hour()*60 + at.Minute()
	first, second := codes.LondonTime(day, minutes, false), codes.LondonTime(day, minutes, true)
	shown := first.In(codes.London())
	switch {
	case shown.Hour()*60+shown.Minute() != minutes:
		return time.Time{}, errNever
	case first.Equal(second) || bst:
		return first, nil
	case gmt:
		return second, nil
	}
	return time.Time{}, errTwice
}
