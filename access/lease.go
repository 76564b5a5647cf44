package access

import (
	"slices"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// LeaseRules are how long a desk's authority lasts. Its numbers are content
// (authority.csv).
type LeaseRules struct {
	Lasts time.Duration // after the last renewal
	Warn  time.Duration // so long before its end the frame says so
	Codes int           // on one sealed paper
}

// Moment is one reading of a machine's clocks.
type Moment struct {
	Wall   time.Time     // what the clock says; anybody may set it
	Steady time.Duration // since Boot: nobody can set it, and it goes on while the machine sleeps
	Boot   string        // names the start of the machine that Steady counts from
}

// Lease is how old a desk's authority to open records is. It counts what has
// passed since it was renewed, and never compares dates: a clock that is set back
// does not extend it, one that is set forward does not end it while the machine
// runs. Over a start of the machine the smaller of two differences counts: from
// what the clock said last, and from what it would have said had nobody set it.
// One below nothing counts as nothing.
type Lease struct {
	Spent  time.Duration  `cbor:"1,keyasint"` // since it was renewed
	Wall   fact.Millis    `cbor:"2,keyasint"` // what the clock said at the last reading
	Known  fact.Millis    `cbor:"3,keyasint"` // what it would have said had nobody set it since the renewal
	Steady time.Duration  `cbor:"4,keyasint"`
	Boot   string         `cbor:"5,keyasint"`
	Way    LeaseWay       `cbor:"6,keyasint"`  // of the last renewal
	By     []fact.Subject `cbor:"7,keyasint"`  // site node or people
	At     fact.Millis    `cbor:"8,keyasint"`  // of the last renewal, by the clock
	Lapse  fact.ID        `cbor:"9,keyasint"`  // the fact that says that it has run out; zero: it was not written
	CutOff bool           `cbor:"10,keyasint"` // a site node said last that this desk is cut off: people can't renew it
	Up     []fact.After   `cbor:"11,keyasint"` // how far the desk's own feeds had come when it was written down
}

// LeaseWay is how a desk's authority was renewed.
type LeaseWay string

// The ways.
const (
	LeaseJoined  LeaseWay = "joined" // a site node admitted the desk
	LeaseBySite  LeaseWay = "site"   // a site node was heard
	LeaseByTwo   LeaseWay = "two"    // two people at the desk, each with a passkey
	LeaseByPaper LeaseWay = "paper"  // a code of the sealed paper
)

// NewLease is the authority of a desk so long after it was renewed.
func NewLease(m Moment, way LeaseWay, spent time.Duration, by ...fact.Subject) Lease {
	return Lease{
		Spent: max(spent, 0), Wall: fact.At(m.Wall), Known: fact.At(m.Wall), Steady: m.Steady, Boot: m.Boot, Way: way, By: by,
		At: fact.At(m.Wall.Add(-max(spent, 0))),
	}
}

// To brings a lease on to a moment.
func (l Lease) To(m Moment) Lease {
	var passed time.Duration
	if m.Boot == l.Boot {
		passed = max(m.Steady-l.Steady, 0)
	} else {
		passed = sinceEither(m.Wall, l.Wall.Time(), l.Known.Time())
	}
	l.Spent += passed
	l.Known = fact.At(l.Known.Time().Add(passed))
	l.Wall, l.Steady, l.Boot = fact.At(m.Wall), max(m.Steady, 0), m.Boot
	return l
}

// Bound brings a lease that was read to what the record of the desk says: so long
// it was written after the lease at least, until wrote; and while the record holds
// a time without authority that nothing has ended, there is none. So an older file
// put back extends nothing, whatever the clock says.
func (l Lease) Bound(r LeaseRules, read Lease, wrote time.Time, lapsed bool) Lease {
	if behind := wrote.Sub(read.Wall.Time()); !wrote.IsZero() && behind > 0 {
		l.Spent = max(l.Spent, read.Spent+behind)
	}
	if lapsed {
		l.Spent = max(l.Spent, r.Lasts)
	}
	return l
}

// sinceEither gives the smaller of what passed since two times, leaving out one
// that lies ahead.
func sinceEither(now, a, b time.Time) time.Duration {
	x, y := now.Sub(a), now.Sub(b)
	if x < 0 {
		x = y
	}
	if y < 0 {
		y = x
	}
	return max(min(x, y), 0)
}

// Left is how long the authority still lasts; below nothing when it has run out.
func (l Lease) Left(r LeaseRules) time.Duration { return r.Lasts - l.Spent }

// Out tells whether the authority has run out.
func (l Lease) Out(r LeaseRules) bool { return l.Left(r) <= 0 }

// Ends gives when the authority runs or ran out, by the clock of the last
// reading.
func (l Lease) Ends(r LeaseRules) time.Time { return l.Wall.Time().Add(l.Left(r)) }

// goesOn lists the acts that go on at a desk without authority, about whatever
// they are: new calls, emergencies, the lists of open work and what stands apart,
// and what is nobody's record.
func goesOn() []Act {
	return []Act{
		TakeCall, CallEmergency, AgreeEntry, SeeWorklist, SeeBoard, SeeTasks, SeeApart, SettleApart, SeeServices, SeeForms, UseForm,
		SeeOwnSessions, SeeTable, SeeDevices, SeeRehearsals, RenewLease,
	}
}

// inOpenWork lists the acts that go on about open work, and what it is about.
func inOpenWork() []Act {
	return []Act{
		SeeCase, Triage, Dispose, Refer, Consult, LowerUrgency, SetOutcome, Close, SendReport, WriteNote, Claim, RaiseCase,
		SeePerson, WritePerson, DoTask, SeeEntry, OpenEntry, KeepEntry, GiveReason, WriteToPatient,
	}
}

// InOpenWork tells whether an act goes on about open work alone at a desk without
// authority.
func InOpenWork(a Act) bool { return slices.Contains(inOpenWork(), a) }

// WithoutAuthority refuses what a desk opens to nobody while its authority has
// run out: searches, and records that no open work is about. open says that what
// is asked for is open work, is what open work is about, or is new; so is a list.
// No reason that anybody gives opens it.
func WithoutAuthority(a Act, open bool, since string) error {
	if slices.Contains(goesOn(), a) || open && InOpenWork(a) {
		return nil
	}
	return refusal.New(refusal.Forbidden, "This desk’s authority ran out at "+since+". Open work and new calls go on; searches and other records are closed here. Two people with their passkeys, or a code of the sealed paper, open them again: Renew authority, at the top of the page.")
}

// LeaseChallenge is what the passkeys of two people sign to renew the authority
// of a desk: for this desk, and this once.
func LeaseChallenge(desk fact.Subject, nonce []byte) fact.Hash {
	return fact.Labelled("holdfast/lease/1", desk[:], nonce)
}

// MayRenew tells whether somebody may renew a desk's authority now: they hold a
// role that the permission table names.
func MayRenew(s Staff, now time.Time) error {
	for _, r := range Roles() {
		if allowed(r, RenewLease) && len(s.Holds(r, now)) > 0 {
			return nil
		}
	}
	return refusal.Newf(refusal.Forbidden, "%s holds no role now that may renew a desk’s authority. Ask another colleague.", s.Name())
}

// TwoRenew checks that two different people, who each may, renew a desk's
// authority. Each must have a passkey's answer, but in a demo.
func TwoRenew(first, second Staff, proofs [2][]byte, demo bool, now time.Time) error {
	switch {
	case first.Person == second.Person:
		return refusal.New(refusal.Forbidden, "This is the same person twice. A second person must be here, with their own passkey.")
	case !demo && (len(proofs[0]) == 0 || len(proofs[1]) == 0):
		return refusal.New(refusal.Forbidden, "Each of the two confirms it with their own passkey.")
	}
	if err := MayRenew(first, now); err != nil {
		return err
	}
	return MayRenew(second, now)
}
