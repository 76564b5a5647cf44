package urgent

import (
	"strings"
	"testing"

	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
	"holdfast/task"
)

func dies(by string) Filled {
	return Filled{Form: FormDeath, Filling: "d-" + by, Values: map[string][]string{"by": {by}, "expected": {"not-expected"}, "resus": {"unsure"}, "told": {"coroner", "police"}}}
}

func tasksIn(drafts []fact.Draft) []task.Raised {
	var out []task.Raised
	for _, d := range drafts {
		if t, ok := d.Content.(task.Raised); ok {
			out = append(out, t)
		}
	}
	return out
}

// ofCase leaves the drafts about other subjects out.
func ofCase(id fact.Subject, drafts []fact.Draft) []fact.Draft {
	var out []fact.Draft
	for _, d := range drafts {
		if d.Subject == id {
			out = append(out, d)
		}
	}
	return out
}

func TestAVerifiedDeathEndsTheClockAndTellsWhomItMust(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx34")
	drafts, err := FillForm(c, nurse, s.rules, dies("doctor"), s.now)
	told := tasksIn(drafts)
	c = s.says(nurse, ofCase(c.ID, drafts), err)
	if !c.Died() || !c.Decided || c.Outcome.Or(OutcomeSet{}).Outcome != "died" {
		t.Fatalf("died %v, decided %v", c.Died(), c.Decided)
	}
	if len(told) != 2 || !strings.Contains(told[0].Reason, "coroner") || !strings.Contains(told[1].Reason, "police") || strings.Contains(told[0].Reason, "Tansley") {
		t.Fatalf("%+v", told)
	}
	if again, err := FillForm(c, nurse, s.rules, dies("doctor"), s.now); err != nil || again != nil {
		t.Fatal("pressed twice", err)
	}
}

// Somebody says that the patient is dead; nobody has verified it. Care goes on.
func TestADeathThatNobodyVerifiedEndsNoCare(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx34")
	due := c.Due()
	drafts, err := FillForm(c, handler, s.rules, dies("nobody"), s.now)
	c = s.says(handler, ofCase(c.ID, drafts), err)
	if c.Died() || c.Decided || !c.OnList() || c.Due() != due {
		t.Fatalf("died %v, decided %v, on the list %v", c.Died(), c.Decided, c.OnList())
	}
	_, err = FillForm(s.at(), handler, s.rules, dies("paramedic"), s.now)
	if f := refusal.Fields(err); len(f) != 1 || f[0].Field != "by" {
		t.Fatal("a call handler records a verified death", err)
	}
}

func TestADeathRecordedByMistakeBringsTheCaseBack(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx34")
	drafts, err := FillForm(c, nurse, s.rules, dies("doctor"), s.now)
	c = s.says(nurse, ofCase(c.ID, drafts), err)
	drafts, err = Close(c, nurse, "")
	c = s.says(nurse, drafts, err)
	_, err = DeathInError(c, nurse, s.rules, "", s.now)
	wantRefusal(t, err, refusal.Invalid)
	drafts, err = DeathInError(c, nurse, s.rules, "She rang us", s.now)
	c = s.says(nurse, drafts, err)
	if c.Died() || !c.OnList() || c.MayNotWrite(exchange.ByText) != "" {
		t.Fatalf("died %v, on the list %v, %q", c.Died(), c.OnList(), c.MayNotWrite(exchange.ByText))
	}
}

// Said apart from somebody who says that she lives: care goes on, nothing is
// written.
func TestDeathsStatedApart(t *testing.T) {
	c := Case{}
	c.Outward.Death = fact.Register[DeathRecorded]{Values: []fact.Stated[DeathRecorded]{{Fact: fact.ID{1}, Value: DeathRecorded{Verified: true}}, {Fact: fact.ID{2}, Value: DeathRecorded{InError: true}}}}
	if c.Died() || c.SaidDead() == "" {
		t.Fatal("a death that is disputed ends care, or lets texts go")
	}
}

func TestEachShortFormRefusesInWordsAndTakesWhatIsRight(t *testing.T) {
	right := map[string]map[string][]string{
		FormProfessional: {"from": {"crew"}, "name": {"K. Lisle, paramedic"}, "phone": {"07700 900111"}, "words": {"May he stay at home?"}},
		"lab":            {"test": {"Potassium"}, "value": {"7.1 mmol/L"}, "back": {"yes"}, "name": {"Lab"}, "phone": {"01632 960111"}, "reached": {"unreachable"}, "owner": {"Dr A. Okonjo"}},
		"suicidal":       {"line": {"on"}, "words": {"Has tablets with her"}, "police": {"refused"}, "instead": {"Crew asked"}},
		"abuse":          {"what": {"hoax"}, "words": {"Laughing behind"}, "review": {"28"}},
		"dental":         {"what": {"bleeding"}, "words": {"Since noon"}},
		"pharmacy":       {"what": {"repeat"}, "medicine": {"Prednisolone 5 mg, one a day"}},
		FormPrisoner:     {"place": {"Aldermoor"}, "phone": {"01632 960377"}},
		FormDeath:        dies("nobody").Values,
	}
	s := begin(t)
	c := s.taken()
	for _, form := range s.rules.Forms.All {
		values, ok := right[form.Key]
		if !ok {
			t.Errorf("no answers for %s: add them here", form.Key)
			continue
		}
		if _, err := FillForm(c, nurse, s.rules, Filled{Form: form.Key, Values: values, Filling: "x"}, s.now); err != nil {
			t.Errorf("%s: %v", form.Key, err)
		}
		for _, q := range form.Fields {
			without := map[string][]string{}
			for k, v := range values {
				without[k] = v
			}
			if q.Need {
				delete(without, q.Name)
			} else if q.Kind == "choice" || q.Kind == "many" {
				without[q.Name] = []string{"something else"}
			} else {
				continue
			}
			_, err := FillForm(c, nurse, s.rules, Filled{Form: form.Key, Values: without, Filling: "x"}, s.now)
			if f := refusal.Fields(err); len(f) != 1 || f[0].Field != q.Name {
				t.Errorf("%s without a right %s: %v", form.Key, q.Name, err)
			}
		}
	}
}

func TestAProfessionalGoesStraightToAClinician(t *testing.T) {
	s := begin(t)
	c := s.taken()
	drafts, err := FillForm(c, handler, s.rules, Filled{Form: FormProfessional, Filling: "p", Values: map[string][]string{"from": {"crew"}, "name": {"K. Lisle"}, "phone": {"07700 900111"}, "words": {"x"}}}, s.now)
	c = s.says(handler, drafts, err)
	if d, ok := c.Disposition(); !ok || d.What.Dx != "Dx32" || c.Stage() != Waiting || len(c.Triages) != 0 {
		t.Fatalf("%+v, %s", d.What, c.Stage())
	}
}

// A suspected hoax never lowers what is needed.
func TestAFormNeverLowersUrgency(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx32")
	was, _ := c.Disposition()
	for _, in := range []Filled{
		{Form: "abuse", Filling: "a", Values: map[string][]string{"what": {"hoax"}, "words": {"x"}, "review": {"28"}}},
		{Form: "dental", Filling: "b", Values: map[string][]string{"what": {"pain"}, "words": {"x"}}},
	} {
		drafts, err := FillForm(c, nurse, s.rules, in, s.now)
		c = s.says(nurse, ofCase(c.ID, drafts), err)
		if d, _ := c.Disposition(); d.Fact != was.Fact {
			t.Fatalf("%s: %+v", in.Form, d.What)
		}
	}
	marks := c.Markers(s.now)
	if len(marks) != 1 || marks[0].What.By == "" || marks[0].What.Review == 0 || len(c.Markers(s.now.AddDate(1, 0, 0))) != 0 {
		t.Fatalf("%+v", marks)
	}
}

func TestACaseMovesToTheRightPatient(t *testing.T) {
	s := begin(t)
	c, r := reported(s)
	drafts, err := PrintReport(c, nurse, r.Fact, s.now)
	c = s.says(nurse, drafts, err)
	wrong, _ := c.Patient.Get()
	to := RightPatient{Record: fact.Subject{77}, Why: "Two of one name", Identity: record.Identity{
		Name: record.Name{Given: "Wilfrid", Family: "Tansley"}, Practice: record.Practice{ODS: "X99002", Name: "Tarn Surgery"},
	}}
	for _, bad := range []RightPatient{{}, {Why: "x"}, {Why: "x", Identity: wrong.Identity}, {Identity: to.Identity}} {
		if _, err := MoveToPatient(c, nurse, s.rules, us, bad, s.now); err == nil {
			t.Errorf("taken: %+v", bad)
		}
	}
	drafts, err = MoveToPatient(c, nurse, s.rules, us, to, s.now)
	breach := tasksIn(drafts)
	c = s.says(nurse, ofCase(c.ID, drafts), err)
	if p, _ := c.Patient.Get(); p.Record != to.Record {
		t.Fatal("it stands under the wrong patient still")
	}
	if len(breach) != 1 || breach[0].List != task.InformationGovernance || strings.Contains(breach[0].Reason, "Tansley") || !strings.Contains(breach[0].Reason, "one report had left") {
		t.Fatalf("%+v", breach)
	}
	var said []string
	for _, one := range c.ReportsOut() {
		said = append(said, string(one.What.Report.To.ODS)+" "+one.What.Report.Patient.Name.Given+one.What.Report.Takes)
		if one.What.Report.Takes != "" && strings.Contains(one.What.Report.Why, "Wilfrid") {
			t.Error("the wrong practice reads whom it was really about")
		}
	}
	if len(said) != 2 || c.ReportState(c.Reports[0]) != ReportWithdrawn {
		t.Fatalf("%q; the first is %s", said, c.ReportState(c.Reports[0]))
	}
	if len(c.Outward.Moved) != 1 || c.Outward.Moved[0].What.Told != 1 {
		t.Fatalf("%+v", c.Outward.Moved)
	}
}
