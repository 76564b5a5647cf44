package access

import (
	"slices"
	"strings"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// LeastErasureDays is the shortest time between approval and erasure that any
// device accepts, whatever content it has: whether a tombstone counts depends on
// facts alone. A request asks for as many days as the content says (erasure.csv),
// never for fewer.
const LeastErasureDays = 90

// Erasures is the fold of the requests to erase, the legal holds and what the
// devices have said of it.
type Erasures struct {
	Requests []ErasureRequest           `cbor:"1,keyasint"`
	Holds    []LegalHold                `cbor:"2,keyasint"`
	Buried   map[fact.ID][]fact.Subject `cbor:"3,keyasint"` // devices by tombstone, each once
}

// ErasureRequest is one request with what became of it.
type ErasureRequest struct {
	Fact       fact.ID      `cbor:"1,keyasint"`
	Says       ErasureAsked `cbor:"2,keyasint"`
	By         fact.Subject `cbor:"3,keyasint"`
	At         fact.Millis  `cbor:"4,keyasint"`
	Approved   fact.Subject `cbor:"5,keyasint"` // who; zero: nobody yet
	ApprovedAt fact.Millis  `cbor:"6,keyasint"`
	Cancelled  string       `cbor:"7,keyasint"` // why; empty: it stands
	CancelBy   fact.Subject `cbor:"8,keyasint"`
}

// LegalHold is one hold.
type LegalHold struct {
	Fact   fact.ID         `cbor:"1,keyasint"`
	Says   LegalHoldPlaced `cbor:"2,keyasint"`
	By     fact.Subject    `cbor:"3,keyasint"`
	At     fact.Millis     `cbor:"4,keyasint"`
	Lifted string          `cbor:"5,keyasint"` // why; empty: it stands
	LiftBy fact.Subject    `cbor:"6,keyasint"`
}

// FoldErasures folds the organisation's subject as far as erasure goes. What a
// cut holds back asks for nothing, approves nothing and lifts nothing; a hold or
// a cancellation counts all the same.
func FoldErasures(h fact.History) Erasures {
	h = h.Admit(func(f fact.Fact) bool {
		return f.Body.Kind == (LegalHoldPlaced{}).FactKind().Number || f.Body.Kind == (ErasureCancelled{}).FactKind().Number
	})
	e := Erasures{Buried: map[fact.ID][]fact.Subject{}}
	for _, f := range h.Facts() {
		e.begin(f)
	}
	for _, f := range h.Facts() {
		e.goOn(f)
	}
	return e
}

func (e *Erasures) begin(f fact.Fact) {
	if c, err := fact.Read[ErasureAsked](f); err == nil && roleMay(f, AskErasure) {
		e.Requests = append(e.Requests, ErasureRequest{Fact: f.ID, Says: c, By: f.Body.Person, At: f.Header.Recorded})
	}
	if c, err := fact.Read[LegalHoldPlaced](f); err == nil {
		e.Holds = append(e.Holds, LegalHold{Fact: f.ID, Says: c, By: f.Body.Person, At: f.Header.Recorded})
	}
}

// goOn takes in what is said of a request, a hold or a tombstone.
func (e *Erasures) goOn(f fact.Fact) {
	if c, err := fact.Read[ErasureApproved](f); err == nil && roleMay(f, AskErasure) {
		if r := e.request(c.Asked); r != nil && approves(*r, f) && (r.ApprovedAt == 0 || f.Header.Recorded < r.ApprovedAt) {
			r.Approved, r.ApprovedAt = f.Body.Person, f.Header.Recorded
		}
	}
	if c, err := fact.Read[ErasureCancelled](f); err == nil {
		if r := e.request(c.Asked); r != nil && r.Cancelled == "" {
			r.Cancelled, r.CancelBy = c.Why, f.Body.Person
		}
	}
	if c, err := fact.Read[LegalHoldLifted](f); err == nil && roleMay(f, AskErasure) {
		for i := range e.Holds {
			if e.Holds[i].Fact == c.Hold && e.Holds[i].Lifted == "" {
				e.Holds[i].Lifted, e.Holds[i].LiftBy = c.Why, f.Body.Person
			}
		}
	}
	if c, err := fact.Read[CopyBuried](f); err == nil && f.Body.Person == c.Device && !slices.Contains(e.Buried[c.Tombstone], c.Device) {
		e.Buried[c.Tombstone] = append(e.Buried[c.Tombstone], c.Device)
		slices.SortFunc(e.Buried[c.Tombstone], func(a, b fact.Subject) int { return slices.Compare(a[:], b[:]) })
	}
}

func (e *Erasures) request(id fact.ID) *ErasureRequest {
	for i := range e.Requests {
		if e.Requests[i].Fact == id {
			return &e.Requests[i]
		}
	}
	return nil
}

func roleMay(f fact.Fact, a Act) bool { return !f.Body.Person.Zero() && allowed(Role(f.Body.Role), a) }

func approves(r ErasureRequest, f fact.Fact) bool { return f.Body.Person != r.By }

// Request gives a request by the fact that made it.
func (e Erasures) Request(id fact.ID) (ErasureRequest, bool) {
	if r := e.request(id); r != nil {
		return *r, true
	}
	return ErasureRequest{}, false
}

// Due is when the subjects may be erased; zero while nobody has approved.
func (r ErasureRequest) Due() time.Time {
	if r.ApprovedAt == 0 {
		return time.Time{}
	}
	return max(r.At, r.ApprovedAt).Time().Add(time.Duration(max(r.Says.Days, LeastErasureDays)) * 24 * time.Hour)
}

// Stands tells whether a request still is to be carried out.
func (r ErasureRequest) Stands() bool { return r.Cancelled == "" }

// HoldsOn lists the holds that stand on any of these subjects.
func (e Erasures) HoldsOn(subjects []fact.Subject) []LegalHold {
	return slices.DeleteFunc(slices.Clone(e.Holds), func(h LegalHold) bool {
		return h.Lifted != "" || !slices.ContainsFunc(h.Says.Subjects, func(s fact.Subject) bool { return slices.Contains(subjects, s) })
	})
}

// Ready lists the requests to be carried out now.
func (e Erasures) Ready(now time.Time) []ErasureRequest {
	return slices.DeleteFunc(slices.Clone(e.Requests), func(r ErasureRequest) bool {
		return !r.Stands() || r.Due().IsZero() || now.Before(r.Due()) || len(e.HoldsOn(r.Says.Subjects)) > 0
	})
}

// TombstoneStands judges a tombstone over one subject at its place in the
// history of the organisation's subject, by the facts alone: two different
// people asked and approved before it, the delay was over by its own recorded
// time, nobody cancelled and no hold stood that it had seen or that was placed
// apart from it. What came after it, having seen it, came too late.
func TombstoneStands(h fact.History, place int, subject fact.Subject, asked fact.ID) error {
	no := func(why string) error { return refusal.New(refusal.Forbidden, "This does not erase anything: "+why) }
	seen := func(i int) bool { return h.Before(i, place) }
	var known, apart []fact.Fact // what the tombstone had seen; and what counts against it
	for i, f := range h.Facts() {
		switch f.Body.Kind {
		case LegalHoldPlaced{}.FactKind().Number, ErasureCancelled{}.FactKind().Number:
			if seen(i) || !h.Before(place, i) {
				apart = append(apart, f)
			}
		default:
			if seen(i) {
				known = append(known, f)
			}
		}
	}
	for _, f := range h.Held() { // held for review: counts against, never for
		if k := f.Body.Kind; k == (LegalHoldPlaced{}).FactKind().Number || k == (ErasureCancelled{}).FactKind().Number {
			f.Held = false
			apart = append(apart, f)
		}
	}
	e := FoldErasures(fact.NewHistory(append(known, apart...)))
	r, ok := e.Request(asked)
	switch {
	case !ok || !slices.Contains(r.Says.Subjects, subject):
		return no("nobody who may has asked for it.")
	case !r.Stands():
		return no("the request was cancelled.")
	case r.Due().IsZero():
		return no("no second person has approved it.")
	case h.Facts()[place].Header.Recorded.Time().Before(r.Due()):
		return no("the delay is not over.")
	case len(e.HoldsOn([]fact.Subject{subject})) > 0:
		return no("a legal hold stands.")
	}
	return nil
}

// AskForErasure asks. All subjects of the person must be on the list, and none
// may still need somebody.
func AskForErasure(e Erasures, org fact.Subject, by Caller, req ErasureAsked, whole []fact.Subject, open int) ([]fact.Draft, error) {
	if err := by.May(AskErasure); err != nil {
		return nil, err
	}
	req.Rule, req.Days = strings.TrimSpace(req.Rule), max(req.Days, LeastErasureDays)
	switch {
	case req.Rule == "":
		return nil, refusal.Field("rule", "Choose the retention rule under which it is erased.")
	case len(whole) == 0:
		return nil, refusal.Field("record", "There is no such record here.")
	case open > 0:
		return nil, refusal.Field("record", "This person has open work. Finish it first.")
	}
	for _, s := range whole {
		if !slices.Contains(req.Subjects, s) {
			return nil, refusal.Field("record", "A case has come since the list was drawn. Look at it again.")
		}
	}
	for _, s := range req.Subjects {
		if !slices.Contains(whole, s) {
			return nil, refusal.Field("record", "The list names something that is not this person's. Look at it again.")
		}
	}
	for _, r := range e.Requests {
		if r.Stands() && slices.Contains(r.Says.Subjects, req.Subjects[0]) {
			return nil, refusal.New(refusal.Taken, "Erasure of this record has been asked for already.")
		}
	}
	return []fact.Draft{fact.Say(org, req)}, nil
}

// ApproveErasure is the second person's word; it never is the first's.
func ApproveErasure(e Erasures, org fact.Subject, by Caller, asked fact.ID) ([]fact.Draft, error) {
	if err := by.May(AskErasure); err != nil {
		return nil, err
	}
	r, ok := e.Request(asked)
	switch {
	case !ok || !r.Stands():
		return nil, refusal.New(refusal.Missing, "There is no such request any more.")
	case r.By == by.Person:
		return nil, refusal.New(refusal.Forbidden, "Another person must approve what you asked for.")
	case r.ApprovedAt != 0:
		return nil, nil
	}
	return []fact.Draft{fact.Say(org, ErasureApproved{Asked: asked})}, nil
}

// CancelErasure stops a request, for a reason.
func CancelErasure(e Erasures, org fact.Subject, by Caller, asked fact.ID, why string) ([]fact.Draft, error) {
	if err := by.May(AskErasure); err != nil {
		return nil, err
	}
	r, ok := e.Request(asked)
	if why = strings.TrimSpace(why); why == "" {
		return nil, refusal.Field("why", "Say why it is cancelled.")
	}
	if !ok {
		return nil, refusal.New(refusal.Missing, "There is no such request.")
	}
	if !r.Stands() {
		return nil, nil
	}
	return []fact.Draft{fact.Say(org, ErasureCancelled{Asked: asked, Why: why})}, nil
}

// PlaceHold keeps subjects from being erased, for a reason.
func PlaceHold(org fact.Subject, by Caller, req LegalHoldPlaced) ([]fact.Draft, error) {
	if err := by.May(AskErasure); err != nil {
		return nil, err
	}
	if req.Why = strings.TrimSpace(req.Why); req.Why == "" {
		return nil, refusal.Field("hold_why", "Say what it is held for: the inquiry, the claim.")
	}
	if len(req.Subjects) == 0 {
		return nil, refusal.Field("hold_record", "There is no such record here.")
	}
	return []fact.Draft{fact.Say(org, req)}, nil
}

// LiftHold ends a hold, for a reason.
func LiftHold(e Erasures, org fact.Subject, by Caller, hold fact.ID, why string) ([]fact.Draft, error) {
	if err := by.May(AskErasure); err != nil {
		return nil, err
	}
	if why = strings.TrimSpace(why); why == "" {
		return nil, refusal.Field("why", "Say why the hold ends.")
	}
	for _, h := range e.Holds {
		if h.Fact == hold && h.Lifted == "" {
			return []fact.Draft{fact.Say(org, LegalHoldLifted{Hold: hold, Why: why})}, nil
		}
	}
	return nil, refusal.New(refusal.Missing, "There is no such hold any more.")
}
