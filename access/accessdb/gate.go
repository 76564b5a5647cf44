// Package accessdb is the one locked door to everything: it finds out who is
// asking, checks the permission table and records the look, together, in one
// function that is called first.
//
// Its law: no audit, no data. Tokens are kept as hashes only.
package accessdb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"io"
	"sync"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
)

// lookEvery is how long one look at a record stands for further looks by the
// same session (format: judging facts, looks).
const lookEvery = 15 * time.Minute

// mostRemembered bounds what a gate keeps in memory.
const mostRemembered = 100_000

// Gate stands between every request and the journal.
type Gate struct {
	journal *journal.Journal
	clock   journal.Clock
	random  io.Reader

	mu       sync.Mutex
	looks    map[lookKey]time.Time
	sessions map[fact.Hash]place        // opened here, perhaps not yet in the view
	links    map[fact.Hash]fact.Subject // made here, perhaps not yet in the view
	waiting  *ceremonies
	signing  *signing
	rosters  sync.Mutex // one staff file at a time

	linking    sync.Mutex                   // one account at a provider at a time
	justLinked map[fact.Hash][]fact.Subject // by the account, perhaps not yet in the view

	// Policy is how people sign in. Set it before the gate is used.
	Policy access.Policy

	// OpenWork lists the open cases and tasks that a person has in hand, with the
	// people they are about; onLine tells that one of them is a call whose patient
	// is not known yet. While it is nil a role or session that runs out ends at
	// once. Set it before the gate is used.
	OpenWork func(ctx context.Context, person fact.Subject) (work []fact.Subject, onLine bool, err error)

	challenges *challenges

	// Leases is the authority of this desk; nil at a site node, which is authority
	// itself. Set it before the gate is used.
	Leases *Leases

	guarding
}

type lookKey struct {
	session, about fact.Subject
	act            access.Act
	relation       access.Relation
	purpose        access.Purpose
}

type place struct{ session, person fact.Subject }

// NewGate makes the gate of one journal.
func NewGate(j *journal.Journal, clock journal.Clock) *Gate {
	g := &Gate{
		journal: j, clock: clock, random: rand.Reader, looks: map[lookKey]time.Time{},
		sessions: map[fact.Hash]place{}, links: map[fact.Hash]fact.Subject{}, waiting: newCeremonies(), signing: newSigning(), challenges: newChallenges(),
	}
	g.watchMarks()
	return g
}

func (g *Gate) record(ctx context.Context, by access.Caller, c fact.Content) error {
	d := fact.Say(by.Session, c)
	d.Class = fact.ClassAudit
	_, err := g.journal.Do(ctx, by.Author(), nil, func(*journal.Tx) ([]fact.Draft, error) {
		return []fact.Draft{d}, nil
	})
	return err
}

// lookOfItself records a look that this device made without a session, as an
// entry of its own.
func (g *Gate) lookOfItself(ctx context.Context, device access.Caller, l access.Looked) error {
	_, err := g.journal.Do(ctx, device.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		s, err := tx.NewSubject()
		if err != nil {
			return nil, err
		}
		d := fact.Say(s, l)
		d.Class = fact.ClassAudit
		return []fact.Draft{d}, nil
	})
	return err
}

// Caller says who asks with a session token. Without a good one it refuses,
// and while the screen is locked: that refusal holds access.ErrLocked.
func (g *Gate) Caller(ctx context.Context, token string) (access.Caller, error) {
	return unlocked(g.CallerBehindLock(ctx, token))
}

// unlocked refuses whose screen is locked.
func unlocked(by access.Caller, err error) (access.Caller, error) {
	if err == nil && by.Locked {
		err = refusal.New(refusal.Forbidden, "This screen is locked. Show that it is you to go on; what you typed is kept.").Because(access.ErrLocked)
	}
	if err != nil {
		return access.Caller{}, err
	}
	return by, nil
}

// CallerBehindLock says whose session a token is, though its screen may be
// locked: for the page that opens it. Nothing is shown to them for it.
func (g *Gate) CallerBehindLock(ctx context.Context, token string) (access.Caller, error) {
	out := refusal.New(refusal.Forbidden, "You are signed out. Sign in to go on; what you typed is kept.")
	hash, err := hashToken(token)
	if err != nil {
		return access.Caller{}, out
	}
	at, err := g.find(ctx, hash)
	if errors.Is(err, sql.ErrNoRows) {
		return access.Caller{}, out
	}
	if err != nil {
		return access.Caller{}, err
	}
	sh, err := g.atWork(ctx, at.session)
	if err != nil {
		return access.Caller{}, err
	}
	ph, err := g.atWork(ctx, at.person)
	if err != nil {
		return access.Caller{}, err
	}
	return g.asking(ctx, access.FoldSession(at.session, sh), access.FoldStaff(at.person, ph))
}

// asking says who is at work in a session; somebody whose time is over and who
// has work in hand finishes it.
func (g *Gate) asking(ctx context.Context, session access.Session, staff access.Staff) (access.Caller, error) {
	by, err := access.CallerOf(session, staff, g.journal.Genesis(), g.Policy, g.clock())
	if errors.Is(err, access.ErrLapsed) && g.working(ctx, staff.Person, &by) {
		return by, nil
	}
	if err != nil {
		return access.Caller{}, err
	}
	return by, nil
}

// working tells whether somebody whose role or session has run out still has
// work in hand, and which. Where that can't be told they are let finish: no
// clock takes care away.
func (g *Gate) working(ctx context.Context, person fact.Subject, by *access.Caller) bool {
	if g.OpenWork == nil {
		return false
	}
	open, onLine, err := g.OpenWork(ctx, person)
	by.Finishing, by.OnLine = open, onLine
	if err != nil {
		g.warn("what somebody whose time is over has in hand can't be told; they go on", err)
		by.Finishing = nil
	}
	return err != nil || len(open) > 0
}

// atWork reads a session or a member of staff as it stands on this device: a cut
// freezes nobody at the machine where they work, so what this device wrote
// counts here though it is held for review; what another device wrote beyond a
// cut opens no door.
func (g *Gate) atWork(ctx context.Context, s fact.Subject) (fact.History, error) {
	h, err := g.journal.History(ctx, s)
	return h.Admit(g.journal.Own), err
}

func (g *Gate) find(ctx context.Context, token fact.Hash) (place, error) {
	g.mu.Lock()
	at, ok := g.sessions[token]
	g.mu.Unlock()
	if ok {
		return at, nil
	}
	var s, p []byte
	err := g.journal.Views().QueryRowContext(ctx, `SELECT session, person FROM access_session WHERE token = ?`, token[:]).Scan(&s, &p)
	if err != nil {
		return place{}, err
	}
	copy(at.session[:], s)
	copy(at.person[:], p)
	g.remember(token, at)
	return at, nil
}

func (g *Gate) remember(token fact.Hash, at place) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.sessions) >= mostRemembered {
		clear(g.sessions)
	}
	g.sessions[token] = at
}

// SignOut ends the caller's session.
func (g *Gate) SignOut(ctx context.Context, by access.Caller) error {
	_, err := g.journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		h, err := tx.History(by.Session)
		if err != nil {
			return nil, err
		}
		return access.EndSession(access.FoldSession(by.Session, h), "signed out")
	})
	return err
}

// newToken draws a token for a browser and its hash for the journal.
func (g *Gate) newToken() (string, fact.Hash, error) {
	var b [32]byte
	if _, err := io.ReadFull(g.random, b[:]); err != nil {
		return "", fact.Hash{}, err
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), fact.Labelled("holdfast/token/1", b[:]), nil
}

func hashToken(token string) (fact.Hash, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != 32 {
		return fact.Hash{}, errors.New("not a token")
	}
	return fact.Labelled("holdfast/token/1", b), nil
}
