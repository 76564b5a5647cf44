package record

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/codes"
	"holdfast/fact"
)

// Person is the fold of one person's record.
type Person struct {
	Subject       fact.Subject                   `cbor:"1,keyasint"`
	Registered    bool                           `cbor:"2,keyasint"`
	Name          fact.Register[Name]            `cbor:"3,keyasint"`
	Born          fact.Register[codes.Date]      `cbor:"4,keyasint"`
	Age           fact.Register[AboutAge]        `cbor:"5,keyasint"`
	Sex           fact.Register[codes.Sex]       `cbor:"6,keyasint"`
	NHS           fact.Register[codes.NHSNumber] `cbor:"7,keyasint"`
	CHI           fact.Register[codes.CHI]       `cbor:"8,keyasint"`
	HCN           fact.Register[codes.HCN]       `cbor:"9,keyasint"`
	Address       fact.Register[codes.Place]     `cbor:"10,keyasint"`
	Practice      fact.Register[Practice]        `cbor:"11,keyasint"`
	Language      fact.Register[string]          `cbor:"12,keyasint"`
	Interpreter   fact.Register[Answer]          `cbor:"13,keyasint"`
	Communication fact.Register[string]          `cbor:"14,keyasint"`
	Description   fact.Register[string]          `cbor:"15,keyasint"`
	Restricted    fact.Register[bool]            `cbor:"16,keyasint"`
	Aliases       []Name                         `cbor:"17,keyasint"`
	Lines         []Line                         `cbor:"18,keyasint"`
	Alerts        []Alert                        `cbor:"19,keyasint"` // all, ended ones too
	Answers       []Answered                     `cbor:"20,keyasint"` // those that nobody has overtaken
	Contacts      []Contact                      `cbor:"21,keyasint"`
	NotShown      []fact.ID                      `cbor:"22,keyasint"`           // facts this program cannot read
	Gaps          []fact.ID                      `cbor:"23,keyasint"`           // facts somebody had seen that are not here
	Frontier      []fact.ID                      `cbor:"24,keyasint"`           // what a page of this state has seen
	Episodes      []Episode                      `cbor:"25,keyasint"`           // what is known of each case they were in contact about
	Entry         []fact.Subject                 `cbor:"26,keyasint,omitempty"` // where it is kept how to get in: pointers into the vault
	Known         `cbor:"30,keyasint"`           // plans, household, children
	Traits        `cbor:"31,keyasint,omitempty"` // names and addresses before, needs, death, links, traces
	HeldFrom      fact.Millis                    `cbor:"40,keyasint,omitempty"` // entries since then are held back: unverified
	Resting       []fact.ID                      `cbor:"41,keyasint,omitempty"` // entries that count and rest on held ones
}

// Episode is what notes say of one case; what was said apart stands side by
// side.
type Episode struct {
	Case      fact.Subject            `cbor:"1,keyasint"`
	Complaint fact.Register[string]   `cbor:"2,keyasint"`
	Dx        fact.Register[codes.Dx] `cbor:"3,keyasint"`
	Outcome   fact.Register[string]   `cbor:"4,keyasint"`
}

// Answered is a standing answer about a kind of alert.
type Answered struct {
	Fact   fact.ID     `cbor:"1,keyasint"`
	Kind   AlertKind   `cbor:"2,keyasint"`
	Answer NoneAnswer  `cbor:"3,keyasint"`
	At     fact.Millis `cbor:"4,keyasint"`
	place  int
}

// Contact is one contact about one case.
type Contact struct {
	Fact fact.ID      `cbor:"1,keyasint"`
	At   fact.Millis  `cbor:"2,keyasint"`
	Says ContactNoted `cbor:"3,keyasint"`
	Of   string       `cbor:"4,keyasint,omitempty"` // on whose record it stands, when that is another one
}

// Dispute is a field of which different values were written apart.
type Dispute struct {
	Field  Field
	Values []string  // as pages show them
	Facts  []fact.ID // who said each, in the same order
}

// agreed gives the one value of a register; the same value written twice
// apart is one value.
func agreed[T comparable](r fact.Register[T]) (v T, ok bool) {
	for i, s := range r.Values {
		if i > 0 && s.Value != v {
			var none T
			return none, false
		}
		v = s.Value
	}
	return v, len(r.Values) > 0
}

func the[T comparable](r fact.Register[T]) T {
	v, _ := agreed(r)
	return v
}

// tenDigits are the three kinds of number, which have one shape.
type tenDigits interface {
	comparable
	codes.NHSNumber | codes.CHI | codes.HCN
}

// sameNumber makes one value of one number that some know as verified and
// others do not: that is no disagreement.
func sameNumber[T tenDigits](r fact.Register[T]) fact.Register[T] {
	var best fact.Stated[T]
	for i, v := range r.Values {
		n, b := codes.NHSNumber(v.Value), codes.NHSNumber(best.Value)
		if i > 0 && n.Text != b.Text {
			return r
		}
		if i == 0 || n.Status > b.Status {
			best = v
		}
	}
	if len(r.Values) > 1 {
		r.Values = []fact.Stated[T]{best}
	}
	return r
}

// Identity gives what is agreed. A field in dispute is empty here and stands
// in Disputes; nobody picks one silently. Restricted is true when any source
// says so.
func (p Person) Identity() Identity {
	id := Identity{
		Name: the(p.Name), Aliases: p.Aliases, Born: the(p.Born), Age: the(p.Age), Sex: the(p.Sex),
		NHS: the(sameNumber(p.NHS)), CHI: the(sameNumber(p.CHI)), HCN: the(sameNumber(p.HCN)), Address: the(p.Address), Lines: p.Lines, Practice: the(p.Practice),
		Language: the(p.Language), Interpreter: the(p.Interpreter), Communication: the(p.Communication),
		Description: the(p.Description),
		Needs:       p.everyNeed(), Welsh: the(p.Welsh), Death: p.death(),
	}
	for _, v := range p.Restricted.Values {
		id.Restricted = id.Restricted || v.Value
	}
	return id
}

// Disputes lists the fields of which different values stand side by side.
func (p Person) Disputes() []Dispute {
	var out []Dispute
	hidden := p.Identity().Restricted
	add := func(f Field, d *Dispute) {
		if d != nil {
			d.Field = f
			if hidden && f.whereabouts() {
				d.Values = protected(len(d.Values))
			}
			out = append(out, *d)
		}
	}
	add(FieldName, dispute(p.Name, Name.Display))
	add(FieldBorn, dispute(p.Born, codes.Date.Display))
	add(FieldAge, dispute(p.Age, func(a AboutAge) string { return fmt.Sprintf("about %d", a.Years) }))
	add(FieldSex, dispute(p.Sex, codes.Sex.String))
	add(FieldNHS, dispute(sameNumber(p.NHS), func(n codes.NHSNumber) string { return n.Format() + " " + n.Status.String() }))
	add(FieldCHI, dispute(sameNumber(p.CHI), func(n codes.CHI) string { return n.Format() + " " + n.Status.String() }))
	add(FieldHCN, dispute(sameNumber(p.HCN), func(n codes.HCN) string { return n.Format() + " " + n.Status.String() }))
	add(FieldAddress, dispute(p.Address, codes.Place.String))
	add(FieldPractice, dispute(p.Practice, func(x Practice) string { return x.Name + " " + string(x.ODS) }))
	add(FieldLanguage, dispute(p.Language, itself))
	add(FieldInterpreter, dispute(p.Interpreter, Answer.String))
	add(FieldCommunication, dispute(p.Communication, itself))
	add(FieldDescription, dispute(p.Description, itself))
	add(FieldNeeds, dispute(p.Needs, itself))
	add(FieldWelsh, dispute(p.Welsh, Answer.String))
	add(FieldDeath, dispute(p.Death, Death.String))
	return out
}

// whereabouts tells whether a field says where somebody can be found.
func (f Field) whereabouts() bool { return f == FieldAddress || f == FieldPractice }

// protected stands for values that pages and paper may not show: of a
// restricted person it is said that they differ, never what they are.
func protected(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("protected (%d)", i+1))
	}
	return out
}

func itself(s string) string { return s }

func dispute[T comparable](r fact.Register[T], show func(T) string) *Dispute {
	if _, ok := agreed(r); ok || r.Empty() {
		return nil
	}
	d := &Dispute{}
	for _, v := range r.Values {
		text := strings.TrimSpace(show(v.Value))
		if text == "" {
			text = "none"
		}
		d.Values = append(d.Values, text)
		d.Facts = append(d.Facts, v.Fact)
	}
	return d
}

// Called gives what to call the person on a row; of a name in dispute, every
// value: "TANSLEY, Wilfred or TANSLEY, Wilfrid".
func (p Person) Called() string {
	if d := dispute(p.Name, Name.Display); d != nil {
		slices.Sort(d.Values)
		return strings.Join(slices.Compact(d.Values), " or ")
	}
	return p.Identity().Called()
}

// AgeWords says the age at now: "78 years", "about 40", or "" when nobody
// knows.
func (i Identity) AgeWords(now time.Time) string {
	if words := i.Born.AgeWords(now); words != "" {
		return words
	}
	if i.Age.Years > 0 {
		since := 0
		if i.Age.On.Year > 0 {
			since = codes.DateOf(now).Year - i.Age.On.Year
		}
		return fmt.Sprintf("about %d", i.Age.Years+since)
	}
	return ""
}

// Standing lists the alerts that stand, those that may interrupt first, then
// in the order of AlertKinds.
// Medicines are listed apart (StandingOf): a list of them flags nothing.
func (p Person) Standing() []Alert {
	return slices.DeleteFunc(p.standing(), func(a Alert) bool { return a.Says.Kind == Medicine })
}

func (p Person) standing() []Alert {
	var out []Alert
	for _, k := range AlertKinds() {
		out = append(out, p.StandingOf(k)...)
	}
	for _, a := range p.Alerts {
		if a.Stands && !slices.Contains(AlertKinds(), a.Says.Kind) {
			out = append(out, a)
		}
	}
	return out
}

// StandingOf lists the alerts of one kind that stand.
func (p Person) StandingOf(k AlertKind) []Alert {
	var out []Alert
	for _, a := range p.Alerts {
		if a.Stands && a.Says.Kind == k {
			out = append(out, a)
		}
	}
	return out
}

// StatusOf says what is known about a kind of alert. Of two answers given
// apart the more careful stands: "not known" before "none known".
func (p Person) StatusOf(k AlertKind) Status {
	if len(p.StandingOf(k)) > 0 {
		return StatusListed
	}
	s := StatusNotAsked
	for _, a := range p.Answers {
		switch {
		case a.Kind == k && a.Answer == NotKnown:
			return StatusNotKnown
		case a.Kind == k && a.Answer == NoneKnown:
			s = StatusNone
		}
	}
	return s
}

// ToAsk lists the standing alerts that something speaks against: they stand
// until a person decides.
func (p Person) ToAsk() []Alert {
	return slices.DeleteFunc(p.standing(), func(a Alert) bool { return a.Ask == "" })
}

// Resuscitation gives the decision on record. disputed is true when several
// stand side by side, or one that somebody withdrew apart: then there is no
// decision, nothing is automatic and a clinician is asked.
func (p Person) Resuscitation() (d Decision, disputed bool) {
	for _, a := range p.StandingOf(Resuscitation) {
		if a.Disputed {
			return NoDecision, true
		}
		d = a.Says.Decision
	}
	return d, false
}

// AlertOf gives an alert by the fact that added it.
func (p Person) AlertOf(id fact.ID) (Alert, bool) {
	for _, a := range p.Alerts {
		if a.Fact == id {
			return a, true
		}
	}
	return Alert{}, false
}

// CasesSince lists the cases other than one that the person was in contact
// about at or after a time, the earliest first, each once: for the repeat
// caller rule. What was noted apart is given side by side; a code only when
// all say the same.
func (p Person) CasesSince(since time.Time, other fact.Subject) []Contact {
	var out []Contact
	for _, c := range p.Contacts {
		if c.At < fact.At(since) || c.Says.Case == other {
			continue
		}
		i := slices.IndexFunc(out, func(o Contact) bool { return o.Says.Case == c.Says.Case })
		if i < 0 {
			out = append(out, p.told(c))
			continue
		}
		out[i].At = min(out[i].At, c.At)
	}
	slices.SortStableFunc(out, func(a, b Contact) int { return cmp.Compare(a.At, b.At) })
	return out
}

// told fills a contact with all that is known of its case.
func (p Person) told(c Contact) Contact {
	for _, e := range p.Episodes {
		if e.Case == c.Says.Case {
			c.Says.Complaint, c.Says.Outcome, c.Says.Dx = sideBySide(e.Complaint), sideBySide(e.Outcome), the(e.Dx)
		}
	}
	return c
}

func sideBySide(r fact.Register[string]) string {
	var all []string
	for _, v := range r.Values {
		all = append(all, v.Value)
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " or ")
}
