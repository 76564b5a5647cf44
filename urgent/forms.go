package urgent

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/content"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/task"
)

// FormRules are the short forms of the other ways in and out, from
// content/urgent/short-forms.csv.
type FormRules struct{ All []ShortForm }

// The forms that the program itself knows.
const (
	FormDeath        = "death"
	FormProfessional = "professional"
	FormPrisoner     = "prisoner"
)

// ShortForm is one short form.
type ShortForm struct {
	Key, Name string
	Fields    []FormField
	Means     Meaning
}

// FormField is one question. Kind is choice, many, yesno, words or phone.
type FormField struct {
	Name, Kind, Words string
	Need              bool
	Options           []FormOption // those of this nation
}

// FormOption is one answer to choose.
type FormOption struct {
	Value, Words string
	Means        Meaning
}

// Meaning is what follows from a form or an answer.
type Meaning struct {
	Verified        bool     // a death is certain
	Stops           bool     // no text, no e-mail
	Dx              codes.Dx // needed at least
	List            task.List
	Within          time.Duration
	First           bool
	Review, Expires int // days
}

// Form finds a short form.
func (f FormRules) Form(key string) (ShortForm, bool) {
	for _, one := range f.All {
		if one.Key == key {
			return one, true
		}
	}
	return ShortForm{}, false
}

func (r *Rules) loadForms(set *content.Set) error {
	t, err := set.Table("urgent/short-forms.csv", "form", "field", "kind", "need", "nation", "value", "words", "means")
	if err != nil {
		return err
	}
	var f FormRules
	for i := range t.Len() {
		cell := func(name string) string { return t.Cell(i, name) }
		means, err := r.meaning(cell("means"))
		if err != nil {
			return fmt.Errorf("short-forms, row %d: %w", i+1, err)
		}
		n := len(f.All) - 1
		switch kind := cell("kind"); {
		case kind == "form":
			f.All = append(f.All, ShortForm{Key: cell("form"), Name: cell("words"), Means: means})
		case n < 0 || f.All[n].Key != cell("form") || cell("words") == "":
			return fmt.Errorf("short-forms, row %d: it belongs to no form above it, or has no words", i+1)
		case kind == "option":
			at := len(f.All[n].Fields) - 1
			if at < 0 || f.All[n].Fields[at].Name != cell("field") || cell("value") == "" {
				return fmt.Errorf("short-forms, row %d: it belongs to no question above it", i+1)
			}
			if nation := content.Nation(cell("nation")); nation == "" || nation == r.Nation {
				f.All[n].Fields[at].Options = append(f.All[n].Fields[at].Options, FormOption{Value: cell("value"), Words: cell("words"), Means: means})
			}
		case slices.Contains([]string{"choice", "many", "yesno", "words", "phone"}, kind):
			f.All[n].Fields = append(f.All[n].Fields, FormField{Name: cell("field"), Kind: kind, Words: cell("words"), Need: cell("need") == "yes"})
		default:
			return fmt.Errorf("short-forms, row %d: %q is no kind of question", i+1, kind)
		}
	}
	r.Forms = f
	return f.check()
}

func (f FormRules) check() error {
	for _, form := range f.All {
		for _, q := range form.Fields {
			if (q.Kind == "choice" || q.Kind == "many") && len(q.Options) == 0 {
				return fmt.Errorf("short-forms: %s/%s has nothing to choose in this nation", form.Key, q.Name)
			}
		}
	}
	for _, key := range []string{FormDeath, FormProfessional, FormPrisoner} {
		if _, ok := f.Form(key); !ok {
			return fmt.Errorf("short-forms: the form %q is missing", key)
		}
	}
	return nil
}

func (r *Rules) meaning(text string) (m Meaning, err error) {
	for _, word := range strings.Fields(text) {
		key, value, _ := strings.Cut(word, ":")
		switch key {
		case "verified":
			m.Verified = true
		case "stops":
			m.Stops = true
		case "dx":
			m.Dx = codes.Dx(value)
			if _, ok := r.Code(m.Dx); !ok {
				return m, fmt.Errorf("%s is not in the disposition table", value)
			}
		case "task":
			list, rest, _ := strings.Cut(value, ":")
			minutes, first, _ := strings.Cut(rest, ":")
			m.List, m.First = task.List(strings.ReplaceAll(list, "-", " ")), first == "urgent"
			n, err := strconv.Atoi(minutes)
			if m.Within = time.Duration(n) * time.Minute; err != nil || n <= 0 || !slices.Contains(task.Lists(), m.List) {
				return m, fmt.Errorf("%q is no task", word)
			}
		case "review", "expires":
			n, err := strconv.Atoi(value)
			if err != nil || n <= 0 {
				return m, fmt.Errorf("%q is no number of days", word)
			}
			if key == "review" {
				m.Review = n
			} else {
				m.Expires = n
			}
		default:
			return m, fmt.Errorf("%q means nothing here", word)
		}
	}
	return m, nil
}

// FormAnswer is one answer, with the words as they were asked and given. What
// was not answered has none: that is never "no".
type FormAnswer struct {
	Field  string   `cbor:"1,keyasint"`
	Asked  string   `cbor:"2,keyasint"`
	Values []string `cbor:"3,keyasint,omitempty"`
	Words  string   `cbor:"4,keyasint"`
}

// FormAnswered is a short form as it was filled in.
type FormAnswered struct {
	Form    string       `cbor:"1,keyasint"`
	Name    string       `cbor:"2,keyasint"`
	Answers []FormAnswer `cbor:"3,keyasint"`
	Stops   bool         `cbor:"4,keyasint,omitempty"` // no text, no e-mail
	Review  fact.Millis  `cbor:"5,keyasint,omitempty"` // somebody looks at the marker again
	Expires fact.Millis  `cbor:"6,keyasint,omitempty"` // the marker ends
	By      string       `cbor:"7,keyasint"`
	Filling string       `cbor:"8,keyasint"`
}

// FactKind is kind 250.
func (FormAnswered) FactKind() fact.Kind { return kind(250, "form-answered", fact.Grow) }

// FormFilled is one filling of a short form.
type FormFilled struct {
	Fact fact.ID      `cbor:"1,keyasint"`
	At   fact.Millis  `cbor:"2,keyasint"`
	What FormAnswered `cbor:"3,keyasint"`
}

// InCustody tells whether the patient is in prison or custody, as a short form
// says: nothing is written to them there.
func (c Case) InCustody() bool {
	return slices.ContainsFunc(c.Outward.Forms, func(f FormFilled) bool { return f.What.Stops })
}

// Markers lists the markers in force at a time.
func (c Case) Markers(now time.Time) []FormFilled {
	var out []FormFilled
	for _, f := range c.Outward.Forms {
		if f.What.Expires > fact.At(now) {
			out = append(out, f)
		}
	}
	return out
}

// Filled is a short form as somebody sends it: values by the field's name.
type Filled struct {
	Form    string
	Values  map[string][]string
	Filling string
}

// FillForm takes a short form in: what it says, the need that follows from it,
// never less urgent than before, and the tasks. The death of the patient has
// its own verb.
func FillForm(c Case, by access.Caller, r *Rules, in Filled, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.WriteNote); err != nil {
		return nil, err
	}
	form, ok := r.Forms.Form(in.Form)
	if !ok {
		return nil, refusal.New(refusal.Missing, "There is no such form.")
	}
	if !c.Begun() {
		return nil, refusal.New(refusal.Missing, "There is no such case here.")
	}
	if c.filledWith(in.Filling) {
		return nil, nil // pressed twice
	}
	answers, means, err := form.read(in.Values)
	if err != nil {
		return nil, err
	}
	if in.Form == FormDeath {
		return recordDeath(c, by, r, form, in, answers, means, now)
	}
	said := FormAnswered{Form: form.Key, Name: form.Name, Answers: answers, By: by.Says(), Filling: in.Filling}
	for _, m := range means {
		said.Stops = said.Stops || m.Means.Stops
		if m.Means.Review > 0 {
			said.Review, said.Expires = fact.At(now.AddDate(0, 0, m.Means.Review)), fact.At(now.AddDate(0, 0, m.Means.Expires))
		}
	}
	out := []fact.Draft{fact.Say(c.ID, said)}
	if said.Stops {
		out = append(out, c.withdrawLetters("The patient is in prison or custody.")...)
	}
	more, err := c.followUp(by, r, form, in, means, now)
	return append(out, more...), err
}

func (c Case) filledWith(filling string) bool {
	if filling == "" {
		return false
	}
	for _, v := range c.Outward.Death.Values {
		if v.Value.Filling == filling {
			return true
		}
	}
	return slices.ContainsFunc(c.Outward.Forms, func(f FormFilled) bool { return f.What.Filling == filling })
}

// meant is what follows from one answer, or from the form itself.
type meant struct {
	at, words string
	Means     Meaning
}

// read checks the answers: every mistake is said at its field, at once.
func (f ShortForm) read(values map[string][]string) (answers []FormAnswer, means []meant, err error) {
	means = []meant{{at: f.Key, words: f.Name, Means: f.Means}}
	var wrong []error
	for _, q := range f.Fields {
		a, m, err := q.read(values[q.Name])
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		if a.Words != "" {
			answers = append(answers, a)
		}
		means = append(means, m...)
	}
	return answers, means, errors.Join(wrong...)
}

func (q FormField) read(given []string) (FormAnswer, []meant, error) {
	a := FormAnswer{Field: q.Name, Asked: q.Words}
	var kept []string
	for _, v := range given {
		if v = strings.TrimSpace(v); v != "" {
			kept = append(kept, v)
		}
	}
	if len(kept) == 0 {
		if q.Need {
			return a, nil, refusal.Field(q.Name, q.Words+": say this")
		}
		return a, nil, nil
	}
	if len(kept) > 1 && q.Kind != "many" {
		return a, nil, refusal.Field(q.Name, q.Words+": one answer")
	}
	switch q.Kind {
	case "words":
		a.Words = kept[0]
		return a, nil, nil
	case "phone":
		p, err := codes.ParsePhone(kept[0])
		if err != nil {
			return a, nil, refusal.Field(q.Name, err.Error())
		}
		a.Values, a.Words = []string{p.Number}, p.Display()
		return a, nil, nil
	case "yesno":
		if !slices.Contains([]string{"yes", "no", "unsure"}, kept[0]) {
			return a, nil, refusal.Field(q.Name, q.Words+": yes, no or not sure")
		}
		a.Values, a.Words = kept, kept[0]
		return a, nil, nil
	}
	var means []meant
	var words []string
	for _, v := range kept {
		i := slices.IndexFunc(q.Options, func(o FormOption) bool { return o.Value == v })
		if i < 0 {
			return a, nil, refusal.Field(q.Name, q.Words+": choose one of these")
		}
		words = append(words, q.Options[i].Words)
		means = append(means, meant{at: q.Name + "/" + v, words: q.Options[i].Words, Means: q.Options[i].Means})
	}
	a.Values, a.Words = kept, strings.Join(words, "; ")
	return a, means, nil
}

// followUp sets what is needed now, never less than before, and raises the
// tasks.
func (c Case) followUp(by access.Caller, r *Rules, form ShortForm, in Filled, means []meant, now time.Time) ([]fact.Draft, error) {
	var out []fact.Draft
	var need *DispositionSet
	for _, m := range means {
		if m.Means.Dx != "" {
			d, err := r.disposition(m.Means.Dx, now)
			if err != nil {
				return nil, err
			}
			if need == nil || d.Level < need.Level {
				d.Why = form.Name + ": " + lowerWords(m.words)
				need = &d
			}
		}
		if m.Means.List == "" {
			continue
		}
		timer := task.TimerID(c.ID, "short form "+in.Filling+" "+m.at, fact.ID{})
		more, err := task.Raise(task.Task{Subject: task.SubjectOf(timer)}, access.Caller{Role: access.Device}, task.Raised{
			Timer: timer, What: task.Other, List: m.Means.List, About: c.ID, Due: fact.At(now.Add(m.Means.Within)), Urgent: m.Means.First,
			Reason: form.Name + ", case " + c.Number + ": " + lowerWords(m.words) + ".",
		}, now)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	if need == nil {
		return out, nil
	}
	if was, ok := c.Disposition(); ok && !(need.Level < was.What.Level || need.Level == was.What.Level && earlier(need.Due, was.What.Due)) && !c.Closed() {
		return out, nil // what stands is as urgent: nothing lowers it
	}
	return append(out, fact.Say(c.ID, *need)), nil
}

func lowerWords(s string) string {
	if len(s) > 1 && s[1] >= 'a' && s[1] <= 'z' {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}

// withdrawLetters stops every letter that has not ended.
func (c Case) withdrawLetters(why string) []fact.Draft {
	var out []fact.Draft
	for _, e := range c.Envelopes {
		if e.Carries == exchange.CarriesLetter && e.Prepared != (fact.ID{}) {
			out = append(out, exchange.Withdraw(e, why)...)
		}
	}
	return out
}
