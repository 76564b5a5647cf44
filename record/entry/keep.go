package entry

import (
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
)

// Keeping is a way in that is to be kept, closed for the vault already.
type Keeping struct {
	Sealed []byte // empty with None
	None   bool   // nothing is to be kept any more
	Why    string
}

// Keep sets how to get into a home from now on, and points to it in the person's
// record. What was kept before is gone from sight and stays in the history; what
// was set apart stands beside it until somebody who has seen both sets it anew.
func Keep(c Code, p record.Person, by access.Caller, req Keeping, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.KeepEntry); err != nil {
		return nil, err
	}
	if !p.Registered {
		return nil, refusal.New(refusal.Missing, "There is no such record here. A way in is kept with the record of a person.")
	}
	field, empty := "why", ""
	if req.None {
		field, empty = "none_why", "Say why nothing is kept any more: moved house, died, the key safe was taken down"
	}
	why, err := words(field, req.Why, empty)
	if err != nil {
		return nil, err
	}
	if req.None && !c.Kept() && !c.Apart() {
		return nil, refusal.New(refusal.Missing, "Nothing is kept on this home.")
	}
	if req.None == (len(req.Sealed) > 0) {
		return nil, refusal.Field("code", "Write how to get in, or say that nothing is to be kept")
	}
	out := []fact.Draft{entry(c.Subject, Set{Person: p.Subject, Sealed: req.Sealed, Why: why, Says: by.Says()})}
	if !p.KeepsEntry(c.Subject) {
		out = append(out, fact.Say(p.Subject, record.EntryKept{Code: c.Subject}))
	}
	return out, nil
}

// DoubtIt says that how to get in may be known to others: it stands on the list of
// homes to be changed until it is.
func DoubtIt(c Code, by access.Caller, why string, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.KeepEntry); err != nil {
		return nil, err
	}
	if !c.Kept() {
		return nil, refusal.New(refusal.Missing, "Nothing is kept on this home, so there is nothing to change.")
	}
	why, err := words("doubt_why", why, "Say who may know it, or what happened")
	if err != nil {
		return nil, err
	}
	return []fact.Draft{entry(c.Subject, Doubted{Why: why, Says: by.Says()})}, nil
}

// ChaseIt notes how far the change of a home's code has come.
func ChaseIt(c Code, by access.Caller, note string, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.WatchEntry); err != nil {
		return nil, err
	}
	note, err := words("note", note, "Say how far it has come: the family is told, the locksmith comes on Friday")
	if err != nil {
		return nil, err
	}
	return []fact.Draft{entry(c.Subject, Chased{Note: note, Says: by.Says()})}, nil
}

// TakeNote says that the caller, who is not the one who opened, has seen an
// opening. Twice is once.
func TakeNote(c Code, by access.Caller, opening fact.ID, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.WatchEntry); err != nil {
		return nil, err
	}
	for _, o := range c.Openings {
		switch {
		case o.Fact != opening:
		case o.By == by.Person:
			return nil, refusal.New(refusal.Forbidden, "You opened this one. Somebody else must take note of it.")
		case len(o.SeenBy) > 0:
			return nil, nil
		default:
			return []fact.Draft{entry(c.Subject, Seen{Opening: opening, Says: by.Says()})}, nil
		}
	}
	return nil, refusal.New(refusal.Missing, "There is no such opening here.")
}

// Cover ends the showing of a home before its time.
func Cover(days [2]Opener, by access.Caller, code fact.Subject, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.OpenEntry); err != nil {
		return nil, err
	}
	for _, d := range days {
		for _, c := range d.Counts {
			if c.What.Code == code && !c.Covered && c.What.Until > fact.At(now) {
				return []fact.Draft{entry(d.Subject, Covered{Code: code})}, nil
			}
		}
	}
	return nil, nil
}

// AskForMore asks for a second person's word to open more than is usual.
func AskForMore(today Opener, by access.Caller, why string, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.OpenEntry); err != nil {
		return nil, err
	}
	why, err := words("more_why", why, "Say why more homes are to be opened: which round, whose visits you have taken over")
	if err != nil {
		return nil, err
	}
	return []fact.Draft{entry(today.Subject, MoreAsked{Person: by.Person, Why: why, Says: by.Says()})}, nil
}

// AgreeToMore is a second person's word. Nobody agrees to their own wish.
func AgreeToMore(day Opener, by access.Caller, asked fact.ID, r Rules, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.AgreeEntry); err != nil {
		return nil, err
	}
	for _, a := range day.Asks {
		switch {
		case a.Fact != asked:
		case a.What.Person == by.Person:
			return nil, refusal.New(refusal.Forbidden, "You asked for this. A second person must agree.")
		case len(a.Agreed) > 0:
			return nil, refusal.New(refusal.Taken, "Somebody has agreed to this already.")
		case now.Sub(a.At.Time()) > r.Lasts:
			return nil, refusal.New(refusal.Taken, "This was asked too long ago. Whoever needs it asks again.")
		default:
			return []fact.Draft{entry(day.Subject, MoreAgreed{Asked: asked, More: uint32(r.More), Until: fact.At(now.Add(r.Lasts)), Says: by.Says()})}, nil
		}
	}
	return nil, refusal.New(refusal.Missing, "Nobody has asked for this here.")
}
