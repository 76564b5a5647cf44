package urgentweb

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/urgent"
)

// consulting starts a consultation and gives a form that can be finished.
func (d *desk) consulting(born codes.Date, sex codes.Sex) (id fact.Subject, form url.Values) {
	d.t.Helper()
	id = d.call(wilfred, born, sex, "Chest infection", "Dx05")
	path := "/case/" + id.String()
	d.post(path+"/consult", url.Values{"do": {"start"}, "mode": {"video"}, "seen": {d.get(path).seen()}}).is(d.t, http.StatusSeeOther)
	page := d.get(path+"/consult").is(d.t, http.StatusOK)
	page.wants(d.t, `value="video" autocomplete="off" checked`)
	return id, url.Values{
		"do": {"finish"}, "seen": {page.seen()}, "mode": {"phone"}, "history": {"Cough since Thursday.\nNo chest pain."}, "examination": {"Full sentences."},
		"diagnosis": {"Infective flare of COPD"}, "plan": {"Treat at home."}, "outcome": {"treated-home"}, "detail": {"Doxycycline"},
		"expect": {"Better by Monday evening"}, "worse": {"999 if he cannot finish a sentence"}, "saidback": {"Moira"},
		"respiratory_rate": {"22"}, "spo2": {"90"}, "scale": {"2"}, "oxygen": {"no"}, "systolic": {"112"}, "pulse": {"104"}, "consciousness": {"A"}, "temperature": {"38.1"},
		"gp_action": {"Review his chest"}, "actionby": {"2026-11-23"},
	}
}

func TestConsultationIsFinishedAndTheReportIsMade(t *testing.T) {
	d := openDesk(t)
	id, form := d.consulting(codes.Date{Year: 1948, Month: 2, Day: 3}, codes.Male)
	path := "/case/" + id.String()
	if got := d.post(path+"/consult", form).is(t, http.StatusSeeOther); got.location != path+"/report" {
		t.Errorf("went to %s", got.location)
	}
	c, err := d.app.Cases.Case(t.Context(), listNurse, id)
	if err != nil || len(c.Consultations) != 1 || c.Stage() != urgent.Finishing {
		t.Fatalf("%+v %v", c.Stage(), err)
	}
	v := c.Consultations[0].What
	if v.NEWS2 == nil || v.NEWS2.Total != 4 || !v.NEWS2.Complete || *v.Obs.Temperature != 381 || v.History != "Cough since Thursday.\nNo chest pain." {
		t.Errorf("recorded: %+v %+v", v, v.NEWS2)
	}
	page := d.get(path+"/report").is(t, http.StatusOK)
	page.wants(t, "For action: 1 thing", "Review his chest", "Mon 23 Nov, end of day", "For information", "Treated at home. Doxycycline.", "NEWS2 4, low risk", "Better by Monday evening",
		"Report to Millrace Practice", "Printed and on its way", "Allergies: not stated in this report", "not asked")
	if strings.Index(page.body, "Review his chest") > strings.Index(page.body, "For information") {
		t.Error("the action does not stand first")
	}
	page.without(t, "Allergies: no<", "Allergies: none")
	report := strings.Split(strings.Split(page.body, `name="report" value="`)[1], `"`)[0]
	d.get("/worklist").wants(t, "1 report to GPs still to go.")
	d.post(path+"/report/done", url.Values{"report": {report}, "seen": {page.seen()}}).is(t, http.StatusSeeOther)
	d.get(path+"/report").wants(t, "Printed and on its way.")
	d.get(path).wants(t, "Outcome: Treated at home. Doxycycline.", "Report on its way:", "GP asked: Review his chest. By Mon 23 Nov.")
	d.post(path+"/close", url.Values{}).is(t, http.StatusSeeOther)
	d.get("/worklist").wants(t, "No one is waiting.")
}

func TestConsultationWithMistakesComesBackWithEverythingTyped(t *testing.T) {
	d := openDesk(t)
	id, form := d.consulting(codes.Date{Year: 1948, Month: 2, Day: 3}, codes.Male)
	path := "/case/" + id.String() + "/consult"
	for field, want := range map[string]string{
		"plan": "Write the plan.", "saidback": "Say who said it back to you.", "worse": "Write what they are to ring for", "outcome": "Choose the outcome.", "actionby": "Say by when the GP is to do it.",
	} {
		bad := maps.Clone(form)
		bad[field] = []string{""}
		page := d.post(path, bad).is(t, http.StatusUnprocessableEntity)
		page.wants(t, want, "Mend first:", "No chest pain.", `value="38.1"`, `value="Infective flare of COPD"`)
	}
	bad := maps.Clone(form)
	bad["pulse"], bad["temperature"], bad["spo2"] = []string{"fast"}, []string{"38.15"}, []string{"101"}
	d.post(path, bad).is(t, http.StatusUnprocessableEntity).wants(t, "A whole number is needed", "Degrees with one digit after the point", "things to mend first", `value="fast"`)
	bad = maps.Clone(form)
	bad["spo2"] = []string{"101"}
	d.post(path, bad).is(t, http.StatusUnprocessableEntity).wants(t, "This cannot be a measurement", `value="101"`)
	d.get(path).wants(t, "What you typed until", `value="101"`)
}

func TestNews2IsWorkedOutOrSaysWhyNot(t *testing.T) {
	for name, one := range map[string]struct {
		born codes.Date
		sex  codes.Sex
		drop []string
		set  url.Values
		want []string
	}{
		"whole":    {codes.Date{Year: 1948, Month: 2, Day: 3}, codes.Male, nil, nil, []string{"NEWS2 4, low risk", "pulse <b>1</b>"}},
		"missing":  {codes.Date{Year: 1948, Month: 2, Day: 3}, codes.Male, []string{"pulse", "temperature"}, nil, []string{"NEWS2 at least 2, not complete", "Not complete: pulse, temperature not measured."}},
		"child":    {codes.Date{Year: 2020, Month: 2, Day: 3}, codes.Male, nil, nil, []string{"No NEWS2.", "NEWS2 is not for anybody under 16"}},
		"pregnant": {codes.Date{Year: 1994, Month: 2, Day: 3}, codes.Female, nil, url.Values{"pregnant": {"yes"}}, []string{"No NEWS2.", "pregnant"}},
		"unasked":  {codes.Date{Year: 1994, Month: 2, Day: 3}, codes.Female, nil, nil, []string{"No NEWS2.", "Ask whether she is"}},
		"no age":   {codes.Date{}, codes.Male, nil, nil, []string{"No NEWS2.", "needs the age"}},
		"nothing":  {codes.Date{}, codes.Male, []string{"respiratory_rate", "spo2", "oxygen", "systolic", "pulse", "consciousness", "temperature"}, nil, []string{`<div class="news-says" role="status"></div>`}},
	} {
		t.Run(name, func(t *testing.T) {
			d := openDesk(t)
			id, form := d.consulting(one.born, one.sex)
			form.Set("do", "score")
			for _, field := range one.drop {
				form.Del(field)
			}
			for k, v := range one.set {
				form[k] = v
			}
			d.post("/case/"+id.String()+"/consult", form).is(t, http.StatusOK).wants(t, one.want...)
		})
	}
}

func TestADraftComesBackAndOneSentIsForgotten(t *testing.T) {
	d := openDesk(t)
	id, form := d.consulting(codes.Date{Year: 1948, Month: 2, Day: 3}, codes.Male)
	path := "/case/" + id.String() + "/consult"
	if err := d.app.draftKeep(t.Context(), listNurse, "consult/"+id.String(), url.Values{"history": {"Half a sen"}, "case": {id.String() + "-0"}}); err != nil {
		t.Fatal(err)
	}
	d.get(path).wants(t, "Half a sen", "What you typed until 19:54 is back.")
	form.Set("case", id.String()+"-0")
	d.post(path, form).is(t, http.StatusSeeOther)
	if v, _, ok, err := d.app.draftValues(t.Context(), listNurse, "consult/"+id.String()); ok || err != nil {
		t.Errorf("still kept: %v %v", v, err)
	}
}

func TestWhoDoesNotHaveTheCaseCannotFinishAndLosesNothing(t *testing.T) {
	d := openDesk(t)
	id, form := d.consulting(codes.Date{Year: 1948, Month: 2, Day: 3}, codes.Male)
	path := "/case/" + id.String()
	d.as(listDoctor).post(path+"/take-over", url.Values{"over_why": {"Shift ended"}}).is(t, http.StatusSeeOther)
	d.as(listNurse).post(path+"/consult", form).is(t, http.StatusConflict).wants(t, "Taken by Dr A. Okonjo")
	d.get(path+"/consult").wants(t, "Taken by Dr A. Okonjo", "take the case over on")
	d.as(listHandler).get(path+"/consult").is(t, http.StatusForbidden)
}

func TestASilentCodeSaysWhyNothingIsSent(t *testing.T) {
	d := openDesk(t)
	id := d.call(wilfred, codes.Date{}, codes.Male, "Tooth", "Dx22")
	path := "/case/" + id.String()
	d.get(path+"/report").is(t, http.StatusOK).wants(t, "No report has been made", "Make the report")
	d.post(path+"/report", url.Values{}).is(t, http.StatusSeeOther)
	page := d.get(path + "/report")
	page.wants(t, "Nothing is sent.", "No report is sent for Dx22")
	page.without(t, "Printed and on its way")
}

func TestTenths(t *testing.T) {
	for typed, want := range map[string]int{"38.4": 384, "38,4": 384, "38": 380} {
		if got, ok := tenths(typed); !ok || *got != want {
			t.Errorf("%s: %v", typed, got)
		}
	}
	for _, typed := range []string{"38.45", "hot", "-3", "38.-1"} {
		if _, ok := tenths(typed); ok {
			t.Errorf("%s was taken", typed)
		}
	}
	if n := len(dayOptions(time.Date(2026, 11, 21, 23, 59, 0, 0, time.UTC), codes.London())); n != daysAhead+1 {
		t.Errorf("%d days", n)
	}
}
