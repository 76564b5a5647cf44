package urgent

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/triage"
)

// PaperEntered says that the case was written on paper and typed in later.
// When it happened stands in each fact; when it was typed in is when it was
// recorded. Who typed it is the person of the fact.
type PaperEntered struct {
	Form   string   `cbor:"1,keyasint,omitempty"` // the number printed on the form
	Author string   `cbor:"2,keyasint"`           // who wrote the paper, as it says
	Wrote  string   `cbor:"3,keyasint"`           // a key of "wrote" in content/urgent/paper.csv
	By     string   `cbor:"4,keyasint"`           // who typed it in
	Done   []string `cbor:"5,keyasint,omitempty"` // keys of "done": nobody is asked to do these again
	Unread string   `cbor:"6,keyasint,omitempty"` // what could not be read on the paper
}

// FactKind is kind 280.
func (PaperEntered) FactKind() fact.Kind { return kind(280, "paper-entered", fact.Grow) }

// PaperChecked says that a clinician has compared what was typed in with the
// paper, and how it stands.
type PaperChecked struct {
	By     string    `cbor:"1,keyasint"`
	Agrees bool      `cbor:"2,keyasint"`           // what was typed is what the paper says, and it was safe
	Words  string    `cbor:"3,keyasint,omitempty"` // what differs, and what is done about it
	Of     []fact.ID `cbor:"4,keyasint"`           // the entries from paper that were checked
}

// FactKind is kind 281.
func (PaperChecked) FactKind() fact.Kind { return kind(281, "paper-checked", fact.Grow) }

// Paper is what of a case came from paper.
type Paper struct {
	Entered []PaperPage  `cbor:"1,keyasint"` // two when one paper was typed in apart
	Checks  []PaperCheck `cbor:"2,keyasint"`
}

// PaperPage is one entry from paper with its pictures.
type PaperPage struct {
	Fact     fact.ID           `cbor:"1,keyasint"`
	Typist   fact.Subject      `cbor:"2,keyasint"`
	Happened fact.Millis       `cbor:"3,keyasint"` // when the case began, as the paper says
	Recorded fact.Millis       `cbor:"4,keyasint"` // when it was typed in
	What     PaperEntered      `cbor:"5,keyasint"`
	Pictures []fact.Attachment `cbor:"6,keyasint"`
}

// PaperCheck is one check by a clinician.
type PaperCheck struct {
	Fact fact.ID      `cbor:"1,keyasint"`
	At   fact.Millis  `cbor:"2,keyasint"`
	What PaperChecked `cbor:"3,keyasint"`
}

// foldPaper keeps what came from paper; ErrNewer says that the fact is of
// another kind.
func (c *folding) foldPaper(f fact.Fact) error {
	switch f.Body.Kind {
	case 280:
		return take(f, func(v PaperEntered) {
			c.Paper.Entered = append(c.Paper.Entered, PaperPage{
				Fact: f.ID, Typist: f.Body.Person, Happened: f.Body.Happened.From, Recorded: f.Header.Recorded, What: v, Pictures: f.Body.Attachments,
			})
		})
	case 281:
		return take(f, func(v PaperChecked) {
			c.Paper.Checks = append(c.Paper.Checks, PaperCheck{Fact: f.ID, At: f.Body.Happened.From, What: v})
		})
	}
	return fact.ErrNewer
}

// FromPaper tells whether any of the case was typed in from paper. Nothing is
// done by itself about such a case: what was due when it was written may long
// have been done.
func (c Case) FromPaper() bool { return len(c.Paper.Entered) > 0 }

// ToCheck lists what came from paper and no clinician has compared yet.
func (p Paper) ToCheck() []PaperPage {
	var out []PaperPage
	for _, e := range p.Entered {
		if !slices.ContainsFunc(p.Checks, func(k PaperCheck) bool { return slices.Contains(k.What.Of, e.Fact) }) {
			out = append(out, e)
		}
	}
	return out
}

// FromForm is one case as the paper tells it.
type FromForm struct {
	Began       time.Time // when the call came, as the paper says
	Ended       time.Time // when its outcome was set; zero: it was not
	Calling     codes.Phone
	Description Description
	Life        LifeThreatChecked // not asked where the paper says nothing
	Paper       PaperEntered      // By is filled in
	Dx          codes.Dx          // what it needs, when nothing ended it
	Finish      *Finish           // nil: the paper sets no outcome
	Pictures    []fact.Blob
}

// EnterPaper types a case in that was written on paper while nothing else was
// there. Everything is said at the time of the paper; nothing that was done
// then is asked for again, no ambulance is sent for by it, and a clinician who
// did not type it checks it against the paper before it can be closed.
func EnterPaper(c Case, by access.Caller, r *Rules, in FromForm, now time.Time) ([]fact.Draft, error) {
	if c.Begun() {
		return nil, refusal.New(refusal.Taken, "This paper was entered already.")
	}
	if err := in.check(r, now); err != nil {
		return nil, err
	}
	in.Paper.By = by.Says()
	at := func(drafts []fact.Draft, when time.Time) []fact.Draft {
		for i := range drafts {
			drafts[i] = drafts[i].When(when)
		}
		return drafts
	}
	entered := fact.Say(c.ID, in.Paper)
	for _, p := range in.Pictures {
		entered = entered.With(p)
	}
	began := []fact.Draft{
		fact.Say(c.ID, CallTaken{Number: NumberOf(c.ID, in.Began), Calling: in.Calling, By: in.Paper.Author + ", on paper"}), entered,
	}
	begun := c
	begun.Taken = &CallTaken{Calling: in.Calling}
	described, err := Describe(begun, by, in.Description)
	if err != nil {
		return nil, err
	}
	began = append(began, described...)
	if l := in.Life; l.Awake != NotAsked || l.Breathing != NotAsked || l.Bleeding != NotAsked {
		began = append(began, fact.Say(c.ID, l))
	}
	if in.Dx != "" {
		d, err := r.disposition(in.Dx, in.Began)
		if err != nil {
			return nil, err
		}
		d.Why = "From paper, by " + in.Paper.Author
		began = append(began, fact.Say(c.ID, d))
	}
	out := at(began, in.Began)
	if f := in.Finish; f != nil {
		row, _ := r.Outcome(f.Outcome)
		f.Consulted.By = in.Paper.Author + ", on paper"
		set := OutcomeSet{Outcome: row.Key, Detail: f.Detail, Action: f.Action, Who: in.Paper.Author + ", on paper"}
		if !f.ActionBy.IsZero() {
			set.By = fact.At(f.ActionBy)
		}
		out = append(out, at([]fact.Draft{fact.Say(c.ID, f.Consulted), fact.Say(c.ID, set)}, in.Ended)...)
	}
	return out, nil
}

// check finds everything that is to be mended, at once.
func (in *FromForm) check(r *Rules, now time.Time) error {
	var errs []error
	p := &in.Paper
	p.Author, p.Form, p.Unread = strings.TrimSpace(p.Author), strings.TrimSpace(p.Form), strings.TrimSpace(p.Unread)
	switch {
	case in.Began.IsZero():
		errs = append(errs, refusal.Field("at", "Write the day and time that stand on the paper."))
	case in.Began.After(now):
		errs = append(errs, refusal.Field("at", "That is still to come. For a call now use the page Call."))
	case now.Sub(in.Began) > r.Paper.Back:
		errs = append(errs, refusal.Field("at", fmt.Sprintf("That is more than %d days ago. Is the month right?", int(r.Paper.Back.Hours()/24))))
	}
	if p.Author == "" {
		errs = append(errs, refusal.Field("author", "Write who wrote the paper, as it stands there."))
	}
	if paperName(r.Paper.Wrote, p.Wrote) == "" {
		errs = append(errs, refusal.Field("wrote", "Say who wrote it: a clinician, a call handler or somebody else."))
	}
	for _, key := range p.Done {
		if paperName(r.Paper.Done, key) == "" {
			errs = append(errs, refusal.Field("done", "One of the things done is not in the table in force."))
		}
	}
	if len(p.Unread) > MaxWords {
		errs = append(errs, refusal.Field("unread", fmt.Sprintf("That is longer than %d characters.", MaxWords)))
	}
	if t := r.Judge(in.Life); t.Found && !slices.Contains(p.Done, DoneAmbulance) {
		errs = append(errs, refusal.Field("done", "The paper tells of a threat to life. Was the ambulance sent for? If not: press F2 on the page Call now."))
	}
	if in.Finish == nil {
		switch row, ok := r.Code(in.Dx); {
		case in.Dx == "":
			errs = append(errs, refusal.Field("dx", "Choose the outcome that stands on the paper, or what the patient still needs."))
		case ok && row.Group == triage.Group999 && !slices.Contains(p.Done, DoneAmbulance):
			errs = append(errs, refusal.Field("done", "The paper says that an ambulance is needed. Was it sent for? If not: press F2 on the page Call now."))
		}
		return errors.Join(errs...)
	}
	return errors.Join(append(errs, in.checkFinish(r, now))...)
}

// checkFinish looks at what ended the case. Safety-netting that the paper does
// not tell of is not made up: it says so, and the clinician who checks sees it.
func (in *FromForm) checkFinish(r *Rules, now time.Time) error {
	var errs []error
	f := in.Finish
	row, ok := r.Outcome(f.Outcome)
	switch {
	case !ok:
		errs = append(errs, refusal.Field("outcome", "Choose the outcome that stands on the paper."))
	case row.Ambulance != "" && !slices.Contains(in.Paper.Done, DoneAmbulance):
		errs = append(errs, refusal.Field("done", "Was the ambulance sent for? If not: press F2 on the page Call now."))
	}
	switch {
	case in.Ended.IsZero():
		errs = append(errs, refusal.Field("ended_at", "Write the time at which it ended."))
	case in.Ended.Before(in.Began):
		errs = append(errs, refusal.Field("ended_at", "It ended before it began. Is the day right?"))
	case in.Ended.After(now):
		errs = append(errs, refusal.Field("ended_at", "That is still to come."))
	}
	c := &f.Consulted
	for _, text := range []*string{&c.History, &c.Examination, &c.Diagnosis, &c.Plan, &f.Detail, &f.Action, &c.Net.Expect, &c.Net.Worse, &c.Net.SaidBack} {
		*text = strings.TrimSpace(*text)
		if len(*text) > MaxWords {
			errs = append(errs, refusal.Field("history", fmt.Sprintf("One text is longer than %d characters.", MaxWords)))
		}
	}
	if row.SafetyNet && c.Net.Worse == "" {
		c.Net.Why = "The paper does not say what they were told to ring for."
	}
	if f.Action != "" && f.ActionBy.IsZero() {
		errs = append(errs, refusal.Field("actionby", "Say by when the GP is to do it."))
	}
	return errors.Join(errs...)
}

// CheckPaper is the second pair of eyes: a clinician who did not type the case
// in compares it with the paper. What differs is said in words, and put right
// by the ways in which any case is; a case that needs something after all gets
// a disposition.
func CheckPaper(c Case, by access.Caller, r *Rules, check PaperChecked, dx codes.Dx, now time.Time) ([]fact.Draft, error) {
	waiting := c.Paper.ToCheck()
	switch {
	case !c.FromPaper():
		return nil, refusal.New(refusal.Missing, "This case did not come from paper.")
	case len(waiting) == 0:
		return nil, refusal.Newf(refusal.Taken, "This paper was checked already, by %s.", c.Paper.Checks[len(c.Paper.Checks)-1].What.By)
	}
	if slices.ContainsFunc(waiting, func(p PaperPage) bool { return p.Typist == by.Person }) {
		return nil, refusal.New(refusal.Forbidden, "You typed this in. A second clinician checks it.")
	}
	check.Words = strings.TrimSpace(check.Words)
	switch {
	case !check.Agrees && check.Words == "":
		return nil, refusal.Field("words", "Write what differs, and what is done about it.")
	case len(check.Words) > MaxWords:
		return nil, refusal.Field("words", fmt.Sprintf("That is longer than %d characters.", MaxWords))
	}
	check.By, check.Of = by.Says(), nil
	for _, p := range waiting {
		check.Of = append(check.Of, p.Fact)
	}
	out := []fact.Draft{fact.Say(c.ID, check)}
	if dx == "" {
		return out, nil
	}
	d, err := r.disposition(dx, now)
	if err != nil {
		return nil, err
	}
	d.Why = strings.TrimSpace("Found when the paper was checked. " + check.Words)
	return append(out, fact.Say(c.ID, d)), nil
}

// paperWords says in a report how the case came to be on record.
func (c Case) paperWords() string {
	var out []string
	for _, p := range c.Paper.Entered {
		text := "Written on paper by " + p.What.Author + ", typed in by " + p.What.By + " on " + dayClock(p.Recorded)
		if p.What.Unread != "" {
			text += ". Could not be read: " + p.What.Unread
		}
		out = append(out, text)
	}
	for _, k := range c.Paper.Checks {
		text := "Checked against the paper by " + k.What.By + " on " + dayClock(k.At)
		if !k.What.Agrees {
			text += ": " + k.What.Words
		}
		out = append(out, text)
	}
	return joinSentences(out...)
}

func dayClock(at fact.Millis) string {
	return at.Time().In(codes.London()).Format("2 January 2006, 15:04")
}

// ended is when the contact ended: now, or what the paper says.
func (c Case) ended(now time.Time) fact.Millis {
	if n := len(c.Consultations); c.FromPaper() && n > 0 {
		return c.Consultations[n-1].At
	}
	return fact.At(now)
}
