package urgent

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
	"holdfast/record"
	"holdfast/triage"
)

func triageLevel(n int) triage.Level { return triage.Level(n) }

var (
	machine = access.Caller{Role: access.Device}
	maja    = record.Identity{Name: record.Name{Given: "Maja", Family: "Lindqvist"}, Born: codes.Date{Year: 2021, Month: 5, Day: 4}, Sex: codes.Female, NHS: codes.ReceiveNHSNumber("9994120735").Traced()}
)

func (s *story) about(id record.Identity) Case {
	s.t.Helper()
	c := s.taken()
	drafts, err := Describe(c, handler, Description{Patient: &PatientDescribed{Identity: id}})
	return s.says(handler, drafts, err)
}

// all says that every service is connected.
func all(exchange.National) bool { return true }

func services(all []Wanted) (out []string) {
	for _, w := range all {
		out = append(out, string(w.Query.Service)+map[bool]string{true: " missing"}[w.Missing != ""])
	}
	return out
}

func TestWhoIsAskedAbout(t *testing.T) {
	r := rules(t)
	adult := maja
	adult.Born = codes.Date{Year: 1960, Month: 1, Day: 2}
	untraced := maja
	untraced.NHS = codes.ReceiveNHSNumber("9994120735")
	undated := maja
	undated.Born = codes.Date{}
	for name, one := range map[string]struct {
		id       record.Identity
		look     YesNo
		pregnant record.Answer
		want     []string
	}{
		"a child":                      {maja, Yes, record.NotAsked, []string{"repeat-caller", "child-protection"}},
		"an adult":                     {adult, Yes, record.NotAsked, []string{"repeat-caller"}},
		"somebody of no known age":     {undated, Yes, record.NotAsked, []string{"repeat-caller", "child-protection"}},
		"a pregnancy":                  {adult, Yes, record.Yes, []string{"repeat-caller", "child-protection"}},
		"who objects":                  {maja, No, record.NotAsked, []string{"repeat-caller missing", "child-protection"}},
		"a child whom nobody traced":   {untraced, Yes, record.NotAsked, []string{"repeat-caller", "child-protection missing"}},
		"somebody of whom we know nil": {record.Identity{Description: "a man"}, Yes, record.NotAsked, []string{"repeat-caller missing"}},
	} {
		s := begin(t)
		c := s.taken()
		drafts, err := Describe(c, handler, Description{Patient: &PatientDescribed{Identity: one.id, MayLook: one.look}})
		c = s.says(handler, drafts, err)
		got := services(c.Wanted(r, one.pregnant, evening))
		if name == "a child whom nobody traced" {
			got[0] = strings.TrimSuffix(got[0], " missing") // four details are given, a postcode is not
		}
		if !slices.Equal(got, one.want) {
			t.Errorf("%s: %v, want %v", name, got, one.want)
		}
	}
	if q := queryOf(exchange.RepeatCallers, maja); q.NHS == "" || q.Details() != 0 {
		t.Errorf("with a traced number nothing else leaves: %+v", q)
	}
	if q := queryOf(exchange.RepeatCallers, untraced); q.NHS != "" || q.Details() != 4 {
		t.Errorf("a number that is not traced is never asked by: %+v", q)
	}
}

// Until a service has answered that it holds nothing, no page says so.
func TestNotAnsweredIsNeverNone(t *testing.T) {
	s := begin(t)
	c := s.about(maja)
	says := func(c Case, at time.Time) string {
		out := ""
		for _, a := range c.Asked(s.rules, record.NotAsked, all, at) {
			out += string(a.Service) + ": " + a.Says + " "
		}
		return out
	}
	never := func(c Case, at time.Time, what string) {
		t.Helper()
		if got := says(c, at); !strings.Contains(got, what) || strings.Contains(got, "holds no") {
			t.Errorf("reads %q, want %q", got, what)
		}
	}
	never(c, s.now, "Not answered")
	none := func(exchange.National) bool { return false }
	if drafts, err := PutQuestions(c, machine, s.rules, record.NotAsked, none, s.now); err != nil || len(drafts) != 0 {
		t.Errorf("asked what is not connected: %v %v", drafts, err)
	}
	for _, a := range c.Asked(s.rules, record.NotAsked, none, s.now) {
		if a.Says != "Not answered: this service is not connected here." || len(a.More) == 0 {
			t.Errorf("%+v", a)
		}
	}
	drafts, err := PutQuestions(c, machine, s.rules, record.NotAsked, all, s.now)
	c = s.says(machine, drafts, err)
	if len(c.Questions) != 2 {
		t.Fatalf("%+v", c.Questions)
	}
	if drafts, err := PutQuestions(c, machine, s.rules, record.NotAsked, all, s.now); err != nil || len(drafts) != 0 {
		t.Errorf("asked twice: %v %v", drafts, err)
	}
	never(c, c.Questions[0].At.Time(), "Not answered yet.")
	never(c, s.now.Add(time.Hour), "Not answered.")
	cpis := c.Questions[1].Put.ID
	drafts, err = FailQuestion(c, machine, cpis, "The service is away", false)
	c = s.says(machine, drafts, err)
	never(c, s.now, "Not answered: The service is away.")
	if open, from := c.ToAsk(s.rules.Repeat); len(open) != 2 || !from[1].After(s.now) {
		t.Errorf("%d open, the second from %v", len(open), from)
	}
	drafts, err = AnswerQuestion(c, machine, s.rules, cpis, exchange.Reply{Told: exchange.ToldNone}, s.now)
	c = s.says(machine, drafts, err)
	if got := says(c, s.now); !strings.Contains(got, "It answered that it holds no plan") {
		t.Errorf("%q", got)
	}
	// a later failure, or a careless answer written apart, hides nothing
	drafts, err = FailQuestion(c, machine, cpis, "away again", false)
	if err != nil || len(drafts) != 0 {
		t.Errorf("%v %v", drafts, err)
	}
	q := c.Questions[1]
	q.Replies = append(q.Replies, QuestionReply{Fact: fact.ID{9}, Says: QuestionAnswered{Question: cpis, Told: exchange.ToldYes, Words: []string{"Child protection plan"}}})
	if a, _ := q.Answer(); a.Says.Told != exchange.ToldYes {
		t.Error("of two answers the more careful counts")
	}
	_, err = AnswerQuestion(c, handler, s.rules, cpis, exchange.Reply{Told: exchange.ToldNone}, s.now)
	wantRefusal(t, err, refusal.Forbidden)
	_, err = AnswerQuestion(c, machine, s.rules, fact.Hash{1}, exchange.Reply{Told: exchange.ToldNone}, s.now)
	wantRefusal(t, err, refusal.Missing)
}

// A service that says yes sends the caller to a clinician in the same act.
func TestANationalRepeatCallerGoesToAClinician(t *testing.T) {
	s := begin(t)
	c := s.about(maja)
	drafts, err := PutQuestions(c, machine, s.rules, record.NotAsked, all, s.now)
	c = s.says(machine, drafts, err)
	id := c.Questions[0].Put.ID
	reply := exchange.Reply{Told: exchange.ToldYes, Original: []byte("<answer/>"), Media: "text/xml"}
	for i := range 30 {
		reply.Reports = append(reply.Reports, exchange.PastReport{ID: fmt.Sprint("R-", i), When: fact.At(s.now.Add(-time.Duration(i) * time.Hour)), Dx: "Dx06", By: "Somewhere 111", Text: strings.Repeat("long ", 2000)})
	}
	drafts, err = AnswerQuestion(c, machine, s.rules, id, reply, s.now)
	if err != nil || len(drafts) != 3 || len(drafts[0].Attach) != 1 {
		t.Fatalf("%d drafts, %v", len(drafts), err)
	}
	for _, d := range drafts {
		if raw, err := fact.Encode(d.Content); err != nil || len(raw) > fact.MaxPlaintext {
			t.Errorf("a fact of %d bytes, %v", len(raw), err)
		}
	}
	c = s.says(machine, drafts[:1], nil)
	if a := c.Asked(s.rules, record.NotAsked, all, s.now)[0]; a.Told != exchange.ToldYes || len(a.Reports) != mostReports {
		t.Errorf("%+v", a.Says)
	}
	// yes without a single report is yes all the same
	s2 := begin(t)
	c = s2.about(maja)
	drafts, err = PutQuestions(c, machine, s2.rules, record.NotAsked, all, s2.now)
	c = s2.says(machine, drafts, err)
	drafts, err = AnswerQuestion(c, machine, s2.rules, c.Questions[0].Put.ID, exchange.Reply{Told: exchange.ToldYes}, s2.now)
	c = s2.says(machine, drafts, err)
	if f, ok := c.Repeat(); !ok || f.Says.Contacts < s2.rules.Repeat.Contacts {
		t.Errorf("%+v", f)
	}
	// perhaps: the caller is asked, nothing is escalated
	s3 := begin(t)
	c = s3.about(maja)
	drafts, err = PutQuestions(c, machine, s3.rules, record.NotAsked, all, s3.now)
	c = s3.says(machine, drafts, err)
	drafts, err = AnswerQuestion(c, machine, s3.rules, c.Questions[0].Put.ID, exchange.Reply{Told: exchange.ToldMaybe}, s3.now)
	if c = s3.says(machine, drafts, err); len(c.Repeats) != 0 {
		t.Errorf("%+v", c.Repeats)
	}
}

func TestAskAgain(t *testing.T) {
	s := begin(t)
	c := s.about(maja)
	drafts, err := PutQuestions(c, machine, s.rules, record.NotAsked, all, s.now)
	c = s.says(machine, drafts, err)
	drafts, err = FailQuestion(c, machine, c.Questions[1].Put.ID, "Not connected here", true)
	c = s.says(machine, drafts, err)
	if a := c.Asked(s.rules, record.NotAsked, all, s.now)[1]; !a.Again || a.Told != exchange.ToldNothing {
		t.Errorf("%+v", a)
	}
	drafts, err = AskAgain(c, handler, s.rules, record.NotAsked, exchange.ChildProtection, s.now)
	c = s.says(handler, drafts, err)
	if open, _ := c.ToAsk(s.rules.Repeat); len(open) != 2 || open[1].Put.Again != 1 {
		t.Errorf("%+v", open)
	}
}

func TestKnownWrittenApart(t *testing.T) {
	r := rules(t)
	q := exchange.Query{Service: exchange.ChildProtection, NHS: "9994120735"}
	id, err := QuestionID(theCase, q, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := func(n int, from string) RepeatFound { return RepeatFound{Contacts: n, Hours: 96, From: from} }
	moves := append(caseMoves(),
		oneOf(ContactSorted{Sort: SortChaser}, ContactSorted{Sort: SortNew}, ContactSorted{Sort: SortComfort}),
		oneOf(found(3, "our records"), found(4, "the national service")),
		aboutOne[RepeatFound](func(id fact.ID) fact.Content { return RepeatOverridden{Found: id, Why: "plan", By: "one"} }),
		oneOf(QuestionPut{ID: id, Query: q, Due: 9}, QuestionPut{ID: fact.Hash{2}, Query: q, Due: 9, Again: 1}),
		oneOf(QuestionAnswered{Question: id, Told: exchange.ToldNone}, QuestionAnswered{Question: id, Told: exchange.ToldYes}, QuestionAnswered{Question: id, Failed: "away"}),
		oneOf(ContactOverridden{Way: ByVoice, Why: "danger"}, ContactOverridden{Way: ByVoice, Why: "result"}),
		oneOf(ContactAgreed{Ring: No}, ContactAgreed{Ring: Yes}),
	)
	facttest.CheckJoins(t, facttest.Subject[Case]{
		Moves: moves, Fold: func(h fact.History) Case { return Fold(theCase, h) },
		Sum: func(c Case, h fact.History) []string {
			out := told(r)(c, h)
			f, ok := c.Repeat()
			out = append(out, fmt.Sprint("repeat ", f.Says.Contacts, ok), "sort "+c.Sort())
			reach := c.Reach(ByVoice, codes.Phone{})
			_, first, may := reach.Person()
			out = append(out, fmt.Sprint("reach ", reach.Verdict(), first, may))
			for _, q := range c.Questions {
				a, ok := q.Answer()
				n, _ := q.Failures()
				out = append(out, fmt.Sprint("question ", q.Put.Again, a.Says.Told, ok, n))
			}
			return out
		},
		Always: func(t testing.TB, c Case, _ fact.History) {
			for _, v := range c.Contact.Values {
				if _, err := c.Reach(ByVoice, codes.Phone{}).Machine(); err == nil && v.Value.Ring != Yes {
					t.Fatal("a machine rings although somebody wrote down no")
				}
			}
		},
	})
}
