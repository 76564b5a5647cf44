package record

import (
	"strings"
	"testing"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
)

func TestAmend(t *testing.T) {
	w := registered(t, wilfred())
	d, err := Amend(w.on("a"), ruth, Amendment{
		Identity: Identity{Name: Name{Given: "Wilfred J", Family: "Tansley"}, Lines: []Line{{Phone: codes.ReceivePhone("07700 900512"), Of: "Moira, daughter"}}},
		Fields:   []Field{FieldName, FieldSex}, Source: FromCaller, Why: "sex was a slip",
	}, now)
	w.say("a", ruth, d, err)
	p := w.all()
	if p.Called() != "TANSLEY, Wilfred J" || p.Identity().Sex != codes.SexNotAsked || len(p.Lines) != 2 {
		t.Errorf("%q %q %+v", p.Called(), p.Identity().Sex, p.Lines)
	}
	if p.Identity().Born != wilfred().Born {
		t.Error("a field that was not named changed")
	}
	d, err = Amend(p, ruth, Amendment{Identity: p.Identity(), Fields: Fields()}, now)
	nothing(t, d, err)
}

func TestAmendNeedsAReasonToClear(t *testing.T) {
	p := registered(t, wilfred()).all()
	for _, req := range []Amendment{
		{Fields: []Field{FieldNHS}}, {Fields: []Field{FieldName}}, {LinesEnded: []codes.Phone{p.Lines[0].Phone}},
	} {
		d, err := Amend(p, ruth, req, now)
		refused(t, refusal.Invalid, d, err)
		req.Why = "belongs to her brother"
		if d, err := Amend(p, ruth, req, now); err != nil || len(d) != 1 {
			t.Errorf("with a reason: %v, %v", d, err)
		}
	}
	d, err := Amend(Person{Subject: about}, ruth, Amendment{}, now)
	refused(t, refusal.Missing, d, err)
	d, err = Amend(p, admin, Amendment{}, now)
	refused(t, refusal.Forbidden, d, err)
}

// Two people correct the birth date apart: both stand, neither is used, and
// whoever has seen both decides.
func TestBirthDatesWrittenApart(t *testing.T) {
	w := registered(t, wilfred())
	for device, year := range map[string]int{"a": 1946, "b": 1949} {
		d, err := Amend(w.on(device), ruth, Amendment{
			Identity: Identity{Born: codes.Date{Year: year, Month: 2, Day: 3}}, Fields: []Field{FieldBorn},
		}, now)
		w.say(device, ruth, d, err)
	}
	p := w.sync("a", "b")
	disputes := p.Disputes()
	if !p.Identity().Born.IsZero() || len(disputes) != 1 || disputes[0].Field != FieldBorn {
		t.Fatalf("%v %+v", p.Identity().Born, disputes)
	}
	both := strings.Join(disputes[0].Values, ",")
	if !strings.Contains(both, "3 Feb 1946") || !strings.Contains(both, "3 Feb 1949") {
		t.Errorf("values: %s", both)
	}
	d, err := Amend(p, ruth, Amendment{Identity: Identity{Born: codes.Date{Year: 1946, Month: 2, Day: 3}}, Fields: []Field{FieldBorn}}, now)
	w.say("b", ruth, d, err)
	if p := w.sync("a"); len(p.Disputes()) != 0 || p.Identity().Born.Year != 1946 {
		t.Errorf("decided: %+v", p.Disputes())
	}
}

// The same correction made twice apart is no disagreement, nor is one number
// that only one of them had traced.
func TestSameWrittenApart(t *testing.T) {
	w := registered(t, Identity{})
	for _, device := range []string{"a", "b"} {
		source := map[string]Source{"a": FromCaller, "b": FromTrace}[device]
		d, err := Amend(w.on(device), ruth, Amendment{Identity: wilfred(), Fields: []Field{FieldNHS, FieldName}, Source: source}, now)
		w.say(device, ruth, d, err)
	}
	p := w.sync("a")
	if len(p.Disputes()) != 0 || p.Identity().NHS.Status != codes.Verified || p.Called() != "TANSLEY, Wilfred" {
		t.Errorf("%+v %+v", p.Disputes(), p.Identity())
	}
	if len(p.Lines) != 1 {
		t.Errorf("one number twice: %+v", p.Lines)
	}
}

func TestLineGivenApartFromItsEndStays(t *testing.T) {
	w := registered(t, wilfred())
	line := wilfred().Lines[0]
	d, err := Amend(w.on("a"), ruth, Amendment{LinesEnded: []codes.Phone{line.Phone}, Why: "rang a shop"}, now)
	w.say("a", ruth, d, err)
	other := line
	other.Use = "work"
	d, err = Amend(w.on("b"), ruth, Amendment{Identity: Identity{Lines: []Line{other}}}, now)
	w.say("b", ruth, d, err)
	if p := w.sync("a"); len(p.Lines) != 1 || p.Lines[0] != other {
		t.Errorf("%+v", p.Lines)
	}
}

func TestFactsOfANewerVersionAreCounted(t *testing.T) {
	w := registered(t, wilfred())
	w.say("b", ruth, []fact.Draft{fact.Say(about, newer{})}, nil)
	p := w.all()
	if len(p.NotShown) != 1 || p.Called() != "TANSLEY, Wilfred" {
		t.Errorf("%v %q", p.NotShown, p.Called())
	}
	w.say("b", ruth, []fact.Draft{fact.Say(about, seenOnly{})}, nil)
	if p := w.all(); len(p.NotShown) != 1 {
		t.Errorf("the journal's own facts are taken for something not shown: %v", p.NotShown)
	}
	lone := facttest.NewWriter("c", 1).State(t, ruth.Author(), []fact.ID{{9}}, fact.Say(about, ContactNoted{Case: fact.Subject{3}}))
	if p := Fold(about, fact.NewHistory(lone)); len(p.Contacts) != 1 || len(p.Gaps) != 1 {
		t.Errorf("a missing parent parked a fact: %+v", p)
	}
}

// newer is a kind this program does not know.
type newer struct {
	X int `cbor:"1,keyasint"`
}

func (newer) FactKind() fact.Kind { return kind(199, "newer", fact.Grow) }

// seenOnly stands for a fact of the journal's own.
type seenOnly struct {
	X int `cbor:"1,keyasint"`
}

func (seenOnly) FactKind() fact.Kind { return kind(4, "frontier-joined", fact.Grow) }
