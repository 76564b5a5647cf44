package access

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Looking is what an organisation has laid down about looking at records. The
// zero value asks nobody for anything.
type Looking struct {
	Roles      map[Role]RoleLooking
	Others     RoleLooking           // roles that are not named
	Proof      map[Act]time.Duration // dangerous acts: how old the last proof of who somebody is may be
	CapOver    time.Duration         // the time in which different records are counted
	GlassLasts time.Duration         // how long a reason opens one record
	GlassHour  int                   // reasons against the table in an hour before the passkey is asked for; 0: no limit
	InCall     int                   // records beyond the cap that somebody with a call in hand may open
	LiftMost   time.Duration         // the longest that a cap may be lifted for
}

// RoleLooking is what is laid down for one role.
type RoleLooking struct {
	Records int           // different records an hour before the passkey is asked for; 0: no limit
	Lock    time.Duration // without a touch, after which the screen locks; 0: never
	Glass   bool          // may open a record against the table with a reason
}

// Asks tells whether anything is laid down: only then can reasons be asked for.
func (l Looking) Asks() bool { return l.GlassLasts > 0 }

// Of gives what is laid down for a role.
func (l Looking) Of(r Role) RoleLooking {
	if one, ok := l.Roles[r]; ok {
		return one
	}
	return l.Others
}

// What is asked for before somebody may go on: in the error of a refusal.
var (
	ErrProve  = errors.New("the caller must show again who they are")
	ErrLocked = errors.New("the screen is locked")
)

// NeedsReason says what is closed to the caller until they say why.
type NeedsReason struct {
	Act   Act
	About fact.Subject
	Err   error // the refusal, which holds ErrSayWhy
}

// Error is the refusal's sentence.
func (e *NeedsReason) Error() string { return e.Err.Error() }

// Unwrap gives the refusal.
func (e *NeedsReason) Unwrap() error { return e.Err }

// Check tells what of the rules can't be.
func (l Looking) Check() error {
	for a, age := range l.Proof {
		switch {
		case neverAsked(a):
			return refusal.Newf(refusal.Invalid, "looking: %q is care; nobody is asked for a passkey before it", a)
		case AuditOf(a) == Look || !known(a):
			return refusal.Newf(refusal.Invalid, "looking: %q is no act that a passkey is asked for", a)
		case age <= 0:
			return refusal.Newf(refusal.Invalid, "looking: %q has no time", a)
		}
	}
	for r, one := range l.Roles {
		if !slices.Contains(Roles(), r) {
			return refusal.Newf(refusal.Invalid, "looking: role %q is not known", r)
		}
		if one.Records < 0 || one.Lock < 0 {
			return refusal.Newf(refusal.Invalid, "looking: role %q has a number below nothing", r)
		}
	}
	return nil
}

// neverAsked tells whether the table keeps a passkey from being asked for before
// an act: it is care.
func neverAsked(a Act) bool {
	t, err := inForce()
	return err == nil && slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Act == a && r.Passkey == NeverAsked })
}

func known(a Act) bool {
	t, err := inForce()
	return err == nil && slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Act == a })
}

// ProofFor refuses an act for which the last proof of who the caller is is too
// old. Its refusal holds ErrProve.
func (c Caller) ProofFor(l Looking, a Act, now time.Time) error {
	age, ok := l.Proof[a]
	if !ok || c.Session.Zero() || now.Sub(c.Proved) <= age {
		return nil
	}
	return prove("This can do harm in the wrong hands. Show again that it is you; what you typed is kept.")
}

func prove(say string) error { return refusal.New(refusal.Forbidden, say).Because(ErrProve) }

// Care is how somebody stands to a record by their work.
type Care struct {
	Mine   bool // an open case of theirs, or the record of one
	InCall bool // they have a call in hand, about whomever

	Working bool // they have some open case in hand, about whomever

	// Unknown says that it can't be told whether it is theirs. Then it counts as
	// if it were: what a program lacks keeps nobody from the patient before them.
	Unknown bool
}

// Counted is how many different records somebody opened since they last showed
// who they are, within the hour.
type Counted struct {
	Records int
	Seen    bool // the one they ask for is among them
}

// Cap refuses one more record when a role has opened its fill, until the
// caller shows again who they are. Their own open cases always open; with a
// call in hand some more do. lifted says that a manager has lifted the cap.
func (c Caller) Cap(l Looking, n Counted, care Care, lifted bool) error {
	most := l.Of(c.Role).Records
	if care.InCall {
		most += l.InCall
	}
	if l.Of(c.Role).Records == 0 || lifted || care.Unknown || n.Seen || care.Mine || n.Records < most {
		return nil
	}
	return another()
}

// AfterCanary holds a session that opened a canary and has nothing in hand:
// before one more record its person shows again who they are. opened is when
// they last opened one; zero: never. Whoever has open work is never held, nor
// is it when that can't be told.
func (c Caller) AfterCanary(l Looking, opened time.Time, care Care) error {
	if !l.Asks() || opened.IsZero() || opened.Before(c.Shown()) || care.Mine || care.InCall || care.Working || care.Unknown {
		return nil
	}
	return another()
}

// another asks for the passkey before one more record, in the same words
// whatever the cause: nobody may learn from them which record is a canary.
func another() error {
	return refusal.New(refusal.Forbidden, "Show that it is you before you open another record: this is asked after many records in an hour, and now and then. Your open cases and new calls are not held up.").Because(errors.Join(ErrProve, ErrHeld))
}

// MarkOf tells what marks stand on any of some subjects: a case and the records
// it is about.
func (w Watched) MarkOf(subjects ...fact.Subject) (out []Mark) {
	for _, s := range subjects {
		for _, m := range w[s] {
			if !slices.Contains(out, m.Mark) {
				out = append(out, m.Mark)
			}
		}
	}
	return out
}

// Sensitive tells whether a reason is asked for before any of some subjects is
// opened. A canary asks for nothing: nobody may notice it.
func (w Watched) Sensitive(subjects ...fact.Subject) bool {
	return slices.ContainsFunc(w.MarkOf(subjects...), func(m Mark) bool { return m != MarkCanary })
}

// Canary tells whether a subject is a canary.
func (w Watched) Canary(s fact.Subject) bool { return slices.Contains(w.MarkOf(s), MarkCanary) }

// Watched is which records are marked, by record or case.
type Watched map[fact.Subject][]MarkMade

// MarkMade is one mark in force.
type MarkMade struct {
	Mark  Mark
	Staff fact.Subject // whose record it is, when it is a member of staff's
	Why   string
	By    fact.Subject
	At    fact.Millis
}

// FoldWatched folds the organisation's subject as far as marks go. A mark
// counts though a cut holds it back; one is taken off only by a fact that
// counts, and by somebody who had seen it.
func FoldWatched(h fact.History) Watched {
	number := RecordMarked{}.FactKind().Number
	counts := map[fact.ID]bool{}
	for _, f := range h.Facts() {
		counts[f.ID] = true
	}
	h = h.Admit(func(f fact.Fact) bool { return f.Body.Kind == number })
	type placed struct {
		MarkMade
		about fact.Subject
		place int
		off   bool
	}
	var all []placed
	for i, f := range h.Facts() {
		c, err := fact.Read[RecordMarked](f)
		if err != nil || !roleMay(f, MarkRecord) || c.Off && !counts[f.ID] {
			continue
		}
		all = append(all, placed{MarkMade{c.Mark, c.Staff, c.Why, f.Body.Person, f.Body.Happened.From}, c.About, i, c.Off})
	}
	out := Watched{}
	for _, p := range all {
		over := p.off || slices.ContainsFunc(all, func(o placed) bool {
			return o.about == p.about && o.Mark == p.Mark && h.Before(p.place, o.place)
		})
		if !over {
			out[p.about] = append(out[p.about], p.MarkMade)
		}
	}
	for _, made := range out {
		slices.SortFunc(made, func(a, b MarkMade) int {
			return cmp.Or(strings.Compare(string(a.Mark), string(b.Mark)), cmp.Compare(a.At, b.At), slices.Compare(a.By[:], b.By[:]))
		})
	}
	return out
}

// SetMark puts a mark on a record or takes it off. open is how much open work
// there is about it: what somebody needs care for can't be made a canary.
func SetMark(w Watched, org fact.Subject, by Caller, req RecordMarked, open int) ([]fact.Draft, error) {
	if err := by.May(MarkRecord); err != nil {
		return nil, err
	}
	req.Why = strings.TrimSpace(req.Why)
	stands := slices.Contains(w.MarkOf(req.About), req.Mark)
	switch {
	case req.About.Zero():
		return nil, refusal.Field("record", "Give the number of one of the person's cases, or the record's own.")
	case req.Mark != MarkCanary && !slices.Contains(Marks(), req.Mark):
		return nil, refusal.Field("mark", "Choose why it is watched")
	case req.Why == "" || len(req.Why) > 400:
		return nil, refusal.Field("why", "Say why, in a line and without anybody's data")
	case req.Mark == MarkCanary && !req.Off && open > 0:
		return nil, refusal.Field("mark", "Somebody needs care here: there is open work about this record. A canary is a made-up person with none.")
	case stands == !req.Off:
		return nil, nil
	}
	return []fact.Draft{fact.Say(org, req)}, nil
}

// Lifted tells until when the cap of a role is lifted; zero when it isn't.
func Lifted(h fact.History, r Role, now time.Time) (until time.Time) {
	for _, l := range Lifts(h) {
		if l.Says.Role == r && now.Before(l.Says.Until.Time()) && l.Says.Until.Time().After(until) {
			until = l.Says.Until.Time()
		}
	}
	return until
}

// Lift is one lifting of a cap.
type Lift struct {
	Says CapLifted
	By   fact.Subject
	At   fact.Millis
}

// Lifts lists every lifting of a cap that counts, as the history has them.
func Lifts(h fact.History) (out []Lift) {
	for _, f := range h.Facts() {
		if c, err := fact.Read[CapLifted](f); err == nil && roleMay(f, LiftCap) {
			out = append(out, Lift{c, f.Body.Person, f.Body.Happened.From})
		}
	}
	return out
}

// LiftTheCap lifts the cap of a role until a time.
func LiftTheCap(l Looking, org fact.Subject, by Caller, req CapLifted, now time.Time) ([]fact.Draft, error) {
	if err := by.May(LiftCap); err != nil {
		return nil, err
	}
	req.Why = strings.TrimSpace(req.Why)
	lasts := req.Until.Time().Sub(now)
	switch {
	case !slices.Contains(Roles(), req.Role):
		return nil, refusal.Field("role", "Choose for whom")
	case lasts <= 0 || lasts > l.LiftMost:
		return nil, refusal.Newf(refusal.Invalid, "Choose a time that ends within %d hours.", int(l.LiftMost.Hours()))
	case req.Why == "" || len(req.Why) > 400:
		return nil, refusal.Field("why", "Say what the surge is, in a line and without anybody's data")
	}
	return []fact.Draft{fact.Say(org, req)}, nil
}

// ReasonFor gives the reason that opens one of some subjects now: a record, or
// a case and the records it is about.
func (c Caller) ReasonFor(now time.Time, subjects ...fact.Subject) (ReasonGiven, bool) {
	for i := len(c.Reasons) - 1; i >= 0; i-- {
		if r := c.Reasons[i]; now.Before(r.Until.Time()) && slices.Contains(subjects, r.About) {
			return r, true
		}
	}
	return ReasonGiven{}, false
}

// GiveReasonFor lets somebody open one record for a while, with a reason.
// before is how many reasons against the table they gave within the hour.
func GiveReasonFor(l Looking, by Caller, req ReasonGiven, before int, now time.Time) ([]fact.Draft, error) {
	if err := by.May(GiveReason); err != nil {
		return nil, err
	}
	req.Why = strings.TrimSpace(req.Why)
	if req.About.Zero() || AuditOf(req.Act) != Look {
		return nil, refusal.New(refusal.Invalid, "The form did not arrive whole. Open the record again.")
	}
	if words := len(strings.Fields(req.Why)); words < 2 || len(req.Why) > 400 {
		return nil, refusal.Field("why", "Say in a few words why you open this record")
	}
	if req.Glass = by.May(req.Act) != nil; req.Glass {
		if !l.Of(by.Role).Glass {
			return nil, by.May(req.Act)
		}
		if l.GlassHour > 0 && before >= l.GlassHour && now.Sub(by.Proved) > time.Minute {
			return nil, prove("You have opened several records this way in an hour. Show that it is you, and go on.")
		}
	}
	req.Until = fact.At(now.Add(l.GlassLasts))
	return []fact.Draft{fact.Say(by.Session, req)}, nil
}
