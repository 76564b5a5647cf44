package accessdb

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
)

const (
	leaseFile  = "authority.lease"
	leaseLabel = "holdfast/lease-file/1"
	leaseEvery = 5 * time.Second // looked at so often by itself; every click looks as well
	leaseSaved = time.Minute     // written down so often: so much may be forgotten by a crash with a start of the machine
	mostProof  = 4096            // bytes of a site node's statement that are kept as proof
)

// LeaseConfig says what the authority of a desk is reckoned by.
type LeaseConfig struct {
	Rules access.LeaseRules
	Now   func() access.Moment
	Dir   string // where the lease is kept, signed by the device
	Demo  bool   // people have no passkeys
	Log   *slog.Logger

	// Open tells whether something is open work at this desk, is what open work is
	// about, or is new. Where that can't be told it is open: care comes first.
	Open func(ctx context.Context, by access.Caller, about fact.Subject) (bool, error)
}

// Leases keeps the authority of one desk (docs/decisions/0024). A site node has
// none: it is authority.
type Leases struct {
	LeaseConfig
	gate *Gate
	kick chan struct{}

	mu    sync.Mutex
	is    access.Lease
	saved access.Lease
	proof []byte // what the site node signed that was heard last

	firsts firsts     // people who wait for a second
	noting sync.Mutex // one says at a time that it ran out or was renewed
}

// OpenLeases reads the authority of a desk. A desk that has none written down was
// renewed when it was admitted; one whose file does not hold has run out. What the
// desk has written since, or seen, says what the time is at least: neither a file
// that was deleted or put back nor a clock that was set back gives a fresh one.
func (g *Gate) OpenLeases(c LeaseConfig) (*Leases, error) {
	l := &Leases{LeaseConfig: c, gate: g, kick: make(chan struct{}, 1)}
	if l.Log == nil {
		l.Log = slog.New(slog.DiscardHandler)
	}
	now, ctx := c.Now(), context.Background()
	open := l.openLapses()
	raw, err := os.ReadFile(filepath.Join(c.Dir, leaseFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		var since time.Duration
		seen, err := g.journal.SeenUntil(ctx)
		if err != nil {
			return nil, err
		}
		if e := g.journal.House().Devices[l.desk()]; e.At != 0 {
			since = max(now.Wall.Sub(e.At.Time()), seen.Sub(e.At.Time()))
		}
		l.is = access.NewLease(now, access.LeaseJoined, since)
		l.is = l.is.Bound(c.Rules, l.is, time.Time{}, len(open) > 0)
	case err != nil:
		return nil, err
	default:
		if l.is, err = l.read(raw); err != nil {
			l.Log.Error("what is written down of this desk's authority does not hold: it counts as run out", "err", err)
			l.is = access.NewLease(now, access.LeaseJoined, c.Rules.Lasts)
		}
		wrote, err := g.journal.WroteUntil(ctx, l.is.Up)
		if err != nil {
			return nil, err
		}
		l.is = l.is.To(now).Bound(c.Rules, l.is, wrote, len(open) > 0)
	}
	l.is.Lapse = fact.ID{} // what is on record says whether a lapse is open: the file may be older, or lost
	if len(open) > 0 {
		l.is.Lapse = open[len(open)-1]
	}
	return l, nil
}

// openLapses lists the times without authority of this desk that nothing has
// ended yet. One whose end was never said would hold all that the desk writes.
func (l *Leases) openLapses() (out []fact.ID) {
	for _, c := range l.gate.journal.House().Cuts {
		if c.Lapse != nil && !c.Lapse.Ended && c.Says.Device == l.desk() {
			out = append(out, c.ID)
		}
	}
	return out
}

// signedLease is the file: nobody without the device's key makes another.
type signedLease struct {
	Lease []byte `cbor:"1,keyasint"`
	Sig   []byte `cbor:"2,keyasint"`
}

func (l *Leases) read(raw []byte) (out access.Lease, err error) {
	var s signedLease
	if err := fact.Decode(raw, &s); err != nil {
		return out, err
	}
	if !fact.VerifyLabelled(l.gate.journal.Device().Public(), s.Sig, leaseLabel, s.Lease) {
		return out, errors.New("this device did not sign it")
	}
	return out, fact.Decode(s.Lease, &out)
}

func (l *Leases) write(is access.Lease) error {
	is.Up = l.gate.journal.HowFar(context.Background())
	enc, err := fact.Encode(is)
	if err != nil {
		return err
	}
	raw, err := fact.Encode(signedLease{Lease: enc, Sig: l.gate.journal.Device().Sign(leaseLabel, enc)})
	if err != nil {
		return err
	}
	return (journal.Disk{}).Replace(filepath.Join(l.Dir, leaseFile), raw)
}

func (l *Leases) desk() fact.Subject { return l.gate.journal.Device().Card().Device }

// LeaseStanding is how the authority of a desk stands.
type LeaseStanding struct {
	Out  bool      // it has run out
	Warn bool      // it will soon
	Ends time.Time // when it runs or ran out, by this machine's clock
	At   time.Time // when it was last renewed
	Way  access.LeaseWay
	By   []fact.Subject
}

// Standing says how the authority stands now.
func (l *Leases) Standing() LeaseStanding {
	is := l.now()
	out := LeaseStanding{Out: is.Out(l.Rules), Ends: is.Ends(l.Rules), At: is.At.Time(), Way: is.Way, By: is.By}
	out.Warn = !out.Out && is.Left(l.Rules) <= l.Rules.Warn
	return out
}

func (l *Leases) now() access.Lease {
	m := l.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.is = l.is.To(m)
	return l.is
}

// Heard renews the authority: a site node that is not cut off has stated, signed,
// what this desk should hold, over a link on which it proved the key on its card.
// kind is what the card says, which the organisation's keys signed. It never
// waits.
func (l *Leases) Heard(site fact.Subject, kind fact.DeviceKind, statement []byte) {
	house := l.gate.journal.House()
	e, known := house.Devices[site]
	if kind != fact.SiteNode || known && e.Card.Kind != fact.SiteNode || house.CutOff(site) || house.CutOff(l.desk()) {
		return
	}
	m := l.Now()
	l.mu.Lock()
	lapse := l.is.Lapse
	l.is = access.NewLease(m, access.LeaseBySite, 0, site)
	l.is.Lapse = lapse
	l.proof = nil
	if len(statement) <= mostProof {
		l.proof = append(l.proof, statement...)
	}
	l.mu.Unlock()
	l.wake()
}

// Refused notes that a site node talks to this desk no more because it is cut
// off: until one states again what the desk should hold, people renew nothing.
func (l *Leases) Refused(site fact.Subject, kind fact.DeviceKind) {
	if kind != fact.SiteNode || l.gate.journal.House().CutOff(site) {
		return
	}
	l.mu.Lock()
	l.is.CutOff = true
	l.mu.Unlock()
	l.wake()
}

func (l *Leases) wake() {
	select {
	case l.kick <- struct{}{}:
	default:
	}
}

// Run keeps what is written down up to date until the end.
func (l *Leases) Run(ctx context.Context) error {
	tick := time.NewTicker(leaseEvery)
	defer tick.Stop()
	for {
		if err := l.Note(ctx); err != nil && ctx.Err() == nil {
			l.Log.Error("how this desk's authority stands can't be written down; it is tried again", "err", err)
		}
		select {
		case <-ctx.Done():
			return l.write(l.now())
		case <-l.kick:
		case <-tick.C:
		}
	}
}

// Note states what has changed: that the authority ran out, or that it was
// renewed by a site node after it had; and keeps the lease.
func (l *Leases) Note(ctx context.Context) error {
	l.noting.Lock()
	defer l.noting.Unlock()
	is := l.now()
	var err error
	switch out := is.Out(l.Rules); {
	case out && is.Lapse == (fact.ID{}):
		err = l.noteOut(ctx, is)
	case !out && is.Lapse != (fact.ID{}):
		l.mu.Lock()
		proof := l.proof
		l.mu.Unlock()
		r := journal.AuthorityRenewed{Way: string(is.Way), People: is.By}
		if proof != nil {
			r.Proof = [][]byte{proof}
		}
		_, err = l.state(ctx, l.gate.device(), r, nil)
	}
	return errors.Join(err, l.keep(false))
}

// keep writes the lease down, when it is due or must be.
func (l *Leases) keep(must bool) error {
	is := l.now()
	l.mu.Lock()
	due := must || l.saved.Wall == 0 || is.Lapse != l.saved.Lapse || is.CutOff != l.saved.CutOff || is.Spent < l.saved.Spent || is.Spent-l.saved.Spent >= leaseSaved
	l.mu.Unlock()
	if !due {
		return nil
	}
	err := l.write(is)
	if err == nil {
		l.mu.Lock()
		l.saved = is
		l.mu.Unlock()
	}
	return err
}

func (l *Leases) noteOut(ctx context.Context, is access.Lease) error {
	j := l.gate.journal
	saved, err := j.Do(ctx, l.gate.device(), nil, func(*journal.Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(j.OrgSubject(), journal.AuthorityLapsed{Device: l.desk(), Up: j.HowFar(ctx), Since: fact.At(is.Ends(l.Rules))})}, nil
	})
	if err == nil {
		l.mu.Lock()
		l.is.Lapse = saved[0].ID
		l.mu.Unlock()
	}
	return err
}

// state puts a renewal on record; check may refuse it, and adds its proof.
func (l *Leases) state(ctx context.Context, by fact.Author, r journal.AuthorityRenewed, check func(*journal.Tx, *journal.AuthorityRenewed) error) (fact.Fact, error) {
	j := l.gate.journal
	is := l.now()
	r.Device, r.Lapse, r.At = l.desk(), is.Lapse, fact.At(is.Wall.Time())
	saved, err := j.Do(ctx, by, nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		if check != nil {
			if err := check(tx, &r); err != nil {
				return nil, err
			}
		}
		r.Up = j.HowFar(ctx)
		out := []fact.Draft{fact.Say(j.OrgSubject(), r)}
		for _, other := range l.openLapses() {
			if other != r.Lapse {
				also := journal.AuthorityRenewed{Device: r.Device, Lapse: other, Up: r.Up, Way: r.Way, People: r.People, At: r.At}
				out = append(out, fact.Say(j.OrgSubject(), also))
			}
		}
		return out, nil
	})
	if err != nil {
		return fact.Fact{}, err
	}
	l.mu.Lock()
	l.is.Lapse = fact.ID{}
	l.mu.Unlock()
	return saved[0], nil
}

// renew puts on record that people renewed the authority, and counts from now.
func (l *Leases) renew(ctx context.Context, by access.Caller, r journal.AuthorityRenewed, check func(*journal.Tx, *journal.AuthorityRenewed) error) error {
	l.noting.Lock()
	defer l.noting.Unlock()
	if l.now().CutOff || l.gate.journal.House().CutOff(l.desk()) {
		return refusal.New(refusal.Forbidden, "This desk is cut off from the organisation: nobody renews its authority here. Ask an administrator at a site node. Open work and new calls go on.")
	}
	if is := l.now(); is.Out(l.Rules) && is.Lapse == (fact.ID{}) { // what was written since then stands behind the fact that says so
		if err := l.noteOut(ctx, is); err != nil {
			return err
		}
	}
	if _, err := l.state(ctx, by.Author(), r, check); err != nil {
		return err
	}
	m := l.Now()
	l.mu.Lock()
	l.is = access.NewLease(m, access.LeaseWay(r.Way), 0, r.People...)
	l.mu.Unlock()
	return l.keep(true)
}

// device is this device as the author of what it says of itself.
func (g *Gate) device() fact.Author {
	return fact.Author{Person: g.journal.Device().Card().Device, Role: string(access.Device)}
}

// authority refuses what a desk opens to nobody while its authority has run out.
func (g *Gate) authority(ctx context.Context, by access.Caller, act access.Act, about fact.Subject) error {
	l := g.Leases
	if l == nil || by.Session.Zero() {
		return nil
	}
	s := l.Standing()
	if !s.Out {
		return nil
	}
	if err := l.Note(ctx); err != nil { // before anything is written in that time
		l.Log.Error("it can't be written down that this desk's authority ran out", "err", err)
	}
	open := true
	if access.InOpenWork(act) && !about.Zero() {
		var err error
		if open, err = l.Open(ctx, by, about); err != nil {
			open = true
		}
	}
	return access.WithoutAuthority(act, open, codes.ClockDay(s.Ends, l.Now().Wall))
}
