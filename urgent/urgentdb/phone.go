package urgentdb

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"slices"
	"strconv"
	"sync"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/urgent"
)

// Phone works telephone calls on one device: it takes in what the exchange
// says, knows who sits where, and says what becomes of calls on their cases.
// It is safe for use by many goroutines.
type Phone struct {
	Cases *Cases
	// Cut tells whether what this device of ours hears of an exchange comes here,
	// and when it last did. nil: always.
	Cut func(device fact.Subject) (since time.Time, cut bool)

	mu    sync.Mutex
	heard map[string]time.Time // when each exchange was last heard here
}

// name makes a subject from a name of the exchange's; without the
// organisation's founding bytes nobody can tell which it is.
func (p *Phone) name(parts ...string) fact.Subject {
	genesis := p.Cases.Journal.Genesis()
	mac := hmac.New(sha256.New, genesis.Random[:])
	mac.Write([]byte("holdfast/telephone/1"))
	for _, part := range parts {
		mac.Write([]byte("\x00" + strconv.Itoa(len(part)) + "\x00" + part))
	}
	return fact.Subject(mac.Sum(nil)[:16])
}

// CallOf names a call as a subject.
func (p *Phone) CallOf(exchange, call string) fact.Subject { return p.name("call", exchange, call) }

// CaseOf names the first case of a call: whoever of two people that answered
// one call takes it, it is one case.
func (p *Phone) CaseOf(call fact.Subject) fact.Subject { return p.name("case", string(call[:])) }

// Taken says what was done with some events.
type Taken struct {
	New   int // saved now
	Again int // heard before
	Wrong []Wrong
}

// Wrong is one event that can't be taken, and why.
type Wrong struct {
	Event string
	Why   string
}

// Hear takes in events of one exchange; what it answers is saved. Events of
// which one can't be taken are taken all the same, without that one.
func (p *Phone) Hear(ctx context.Context, exchange string, events []urgent.TelephoneEvent) (Taken, error) {
	by := p.Cases.Device
	if err := p.Cases.Gate.Enter(ctx, by, access.HearTelephone, fact.Subject{}); err != nil {
		return Taken{}, err
	}
	var out Taken
	saved, err := p.Cases.Journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		out = Taken{}
		drafts, err := p.back(tx, exchange)
		if err != nil {
			return nil, err
		}
		folded := map[fact.Subject]urgent.Call{}
		for _, e := range events {
			id := p.CallOf(e.Exchange, e.Call)
			c, known := folded[id]
			if !known {
				if c, err = journal.FoldIn(tx, id, urgent.FoldCall); err != nil {
					return nil, err
				}
			}
			more, err := urgent.Hear(c, by, e)
			switch {
			case refusal.Is(err, refusal.Invalid):
				out.Wrong = append(out.Wrong, Wrong{e.Event, err.Error()})
			case err != nil:
				return nil, err
			case len(more) == 0:
				out.Again++
			default:
				out.New++
				drafts = append(drafts, more...)
				c.Events = append(slices.Clip(c.Events), urgent.CallEvent{Event: e.Event, What: e.What})
			}
			folded[id] = c
		}
		return drafts, nil
	})
	if err != nil {
		return Taken{}, err
	}
	p.mu.Lock()
	if p.heard == nil {
		p.heard = map[string]time.Time{}
	}
	p.heard[exchange] = p.Cases.Clock()
	p.mu.Unlock()
	_ = saved // lists follow by themselves: the exchange does not wait for them
	return out, nil
}

// back says that an exchange is heard again, when it was silent or new.
func (p *Phone) back(tx *journal.Tx, exchange string) ([]fact.Draft, error) {
	id := p.name("exchange", exchange)
	x, err := journal.FoldIn(tx, id, urgent.FoldExchange)
	if err != nil {
		return nil, err
	}
	return urgent.SayHeard(x, p.Cases.Device, exchange, false, max(fact.At(tx.Now()), x.Since))
}

// Quiet says of each exchange that was not heard for too long that it is
// silent. began is when this device started to listen: what it can't have heard
// before is not held against the exchange.
func (p *Phone) Quiet(ctx context.Context, began time.Time) error {
	all, err := exchanges(ctx, p.Cases.Journal.Views())
	if err != nil {
		return err
	}
	now := p.Cases.Clock()
	for _, x := range all {
		p.mu.Lock()
		last := p.heard[x.Name]
		p.mu.Unlock()
		since := last
		if last.IsZero() && x.By != p.Cases.Device.Person {
			continue // another device hears it: that one says when it does not
		}
		if last.IsZero() {
			last = began
			if since, err = p.lastHeard(ctx, x); err != nil {
				return err
			}
		}
		if x.Silent || now.Sub(last) < p.Cases.Rules.Phone.Silent {
			continue
		}
		if _, err := p.Cases.Journal.Do(ctx, p.Cases.Device.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
			x, err := journal.FoldIn(tx, x.ID, urgent.FoldExchange)
			if err != nil {
				return nil, err
			}
			return urgent.SayHeard(x, p.Cases.Device, x.Name, true, max(fact.At(since), x.Since))
		}); err != nil {
			return err
		}
	}
	return nil
}

// lastHeard is when an exchange was last heard as far as is on record.
func (p *Phone) lastHeard(ctx context.Context, x urgent.Exchange) (time.Time, error) {
	newest, err := calls(ctx, p.Cases.Journal.Views(), `SELECT row FROM phone_call ORDER BY began DESC LIMIT 1`)
	at := x.Since
	for _, c := range newest {
		at = max(at, c.Heard)
	}
	return at.Time(), err
}

// Standing says how the telephone stands here.
type Standing struct {
	Known  bool          // an exchange was ever heard
	Silent bool          // one of them is not heard now
	Since  time.Time     // silent: when it was last heard
	Behind time.Duration // by how much its clock was behind ours of late; negative: ahead
}

// Standing tells how the exchanges stand: as ill as the worst of them.
func (p *Phone) Standing(ctx context.Context) (Standing, error) {
	all, err := exchanges(ctx, p.Cases.Journal.Views())
	if err != nil {
		return Standing{}, err
	}
	out := Standing{Known: len(all) > 0}
	for _, x := range all {
		if at := x.Since.Time(); x.Silent && (!out.Silent || at.Before(out.Since)) {
			out.Silent, out.Since = true, at
		}
		if since, cut := p.cut(ctx, x); cut && (!out.Silent || since.Before(out.Since)) {
			out.Silent, out.Since = true, since
		}
	}
	return out, nil
}

// cut tells whether an exchange is heard elsewhere and none of it comes here.
func (p *Phone) cut(ctx context.Context, x urgent.Exchange) (time.Time, bool) {
	if p.Cut == nil || x.By == p.Cases.Device.Person {
		return time.Time{}, false
	}
	p.mu.Lock()
	last := p.heard[x.Name]
	p.mu.Unlock()
	if !last.IsZero() && p.Cases.Clock().Sub(last) < p.Cases.Rules.Phone.Silent {
		return time.Time{}, false
	}
	since, cut := p.Cut(x.By)
	if cut && since.IsZero() { // nothing has come since this device was started
		if at, err := p.lastHeard(ctx, x); err == nil {
			since = at
		}
	}
	return since, cut
}

// Figures lets the caller in by the board's door and sums up the calls of a
// window, and those that wait.
func (p *Phone) Figures(ctx context.Context, by access.Caller) (urgent.PhoneFigures, Standing, error) {
	if err := by.May(access.SeeBoard); err != nil {
		return urgent.PhoneFigures{}, Standing{}, err
	}
	now, rules := p.Cases.Clock(), p.Cases.Rules.Phone
	since := now.Add(-rules.Window)
	all, err := callsSince(ctx, p.Cases.Journal.Views(), since)
	if err != nil {
		return urgent.PhoneFigures{}, Standing{}, err
	}
	standing, err := p.Standing(ctx)
	if len(all) > 0 {
		standing.Behind = time.Duration(all[0].Clock()) * time.Millisecond
	}
	return rules.Figures(all, since, now), standing, err
}

// Seat gives the extension at which somebody sits; empty: none is chosen.
func (p *Phone) Seat(ctx context.Context, by access.Caller) (string, error) {
	all, _, err := seatsOf(ctx, p.Cases.Journal.Views(), by.Person)
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0], nil
}

// Sit lets the caller in and says that they sit at an extension.
func (p *Phone) Sit(ctx context.Context, by access.Caller, typed string) error {
	if err := p.Cases.Gate.Enter(ctx, by, access.TakeCall, fact.Subject{}); err != nil {
		return err
	}
	name, err := urgent.ReadExtension(typed)
	if err != nil {
		return err
	}
	_, was, err := seatsOf(ctx, p.Cases.Journal.Views(), by.Person)
	if err != nil {
		return err
	}
	id := p.name("extension", name)
	saved, err := p.Cases.Journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		x, err := journal.FoldIn(tx, id, urgent.FoldExtension)
		if err != nil {
			return nil, err
		}
		var left urgent.Extension
		if i := slices.IndexFunc(was, func(s fact.Subject) bool { return s != id }); i >= 0 {
			if left, err = journal.FoldIn(tx, was[i], urgent.FoldExtension); err != nil {
				return nil, err
			}
		}
		return urgent.Sit(x, left, by, name)
	})
	if err == nil {
		p.Cases.Journal.WaitViews(ctx, saved, viewWait)
	}
	return err
}

// At lists who sits at an extension.
func (p *Phone) At(ctx context.Context, extension string) ([]fact.Subject, error) {
	rows, err := p.Cases.Journal.Views().QueryContext(ctx, `SELECT person FROM phone_seat WHERE extension = ? ORDER BY person LIMIT 9`, extension)
	if err != nil {
		return nil, err
	}
	return subjects(rows)
}

// Mine lists the calls that somebody has on their telephone, the newest first.
func (p *Phone) Mine(ctx context.Context, by access.Caller) ([]urgent.Call, error) {
	if err := by.May(access.TakeCall); err != nil {
		return nil, err
	}
	return calls(ctx, p.Cases.Journal.Views(), `SELECT c.row FROM phone_seat s JOIN phone_on o ON o.extension = s.extension JOIN phone_call c ON c.id = o.call
		WHERE s.person = ? ORDER BY c.began DESC LIMIT 9`, by.Person[:])
}

// Call gives a call as its facts say now. It is read for the case that it came
// by, or for who has it on their telephone.
func (p *Phone) Call(ctx context.Context, by access.Caller, id fact.Subject) (urgent.Call, error) {
	if err := by.May(access.TakeCall); err != nil {
		if err := by.May(access.SeeCase); err != nil {
			return urgent.Call{}, err
		}
	}
	return journal.Fold(ctx, p.Cases.Journal, id, urgent.FoldCall)
}

// Tie says in an act on a case that it is taken by a call. A call that is not
// known here ties nothing, and hinders nothing.
func (p *Phone) Tie(tx *journal.Tx, c urgent.Case, call fact.Subject, by access.Caller) ([]fact.Draft, error) {
	folded, err := journal.FoldIn(tx, call, urgent.FoldCall)
	if err != nil {
		return nil, err
	}
	out, err := urgent.TakeTelephoned(c, folded, by)
	if refusal.Is(err, refusal.Missing) {
		return nil, nil
	}
	return out, err
}

// Follow says on every case of a call what became of it. It says nothing
// twice, whoever else says it.
func (p *Phone) Follow(ctx context.Context, call fact.Subject) error {
	c, err := journal.Fold(ctx, p.Cases.Journal, call, urgent.FoldCall)
	if err != nil {
		return err
	}
	for _, taken := range c.Cases {
		saved, err := p.Cases.Journal.Do(ctx, p.Cases.Device.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
			call, err := journal.FoldIn(tx, call, urgent.FoldCall)
			if err != nil {
				return nil, err
			}
			on, err := fold(tx, taken.Case)
			if err != nil {
				return nil, err
			}
			return urgent.Follow(on, call), nil
		})
		if err != nil {
			return err
		}
		p.Cases.Journal.WaitViews(ctx, saved, viewWait)
	}
	return nil
}

// followFor is how far back calls are looked at when a device starts.
const followFor = 48 * time.Hour

// Run says on cases what becomes of their calls, and of exchanges that they are
// silent, until the end. What a device missed while it was away it says when
// it starts.
func (p *Phone) Run(ctx context.Context, failed func(error)) {
	moved := make(chan fact.Subject, 1024)
	missed := make(chan struct{}, 1)
	stop := p.Cases.Journal.Watch(func(facts []fact.Fact) {
		for _, f := range facts {
			if !follows(f) {
				continue
			}
			select {
			case moved <- f.Header.Subject:
			default:
				select {
				case missed <- struct{}{}:
				default:
				}
			}
		}
	})
	defer stop()
	began := p.Cases.Clock()
	do := func(err error) {
		if err != nil && ctx.Err() == nil {
			failed(err)
		}
	}
	do(p.followAll(ctx))
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case call := <-moved:
			do(p.Follow(ctx, call))
		case <-missed:
			do(p.followAll(ctx))
		case <-tick.C:
			do(p.Quiet(ctx, began))
		}
	}
}

// follows tells whether a fact may mean that something is to be said on a case.
func follows(f fact.Fact) bool {
	switch f.Body.Kind {
	case urgent.TelephoneTaken{}.FactKind().Number:
		return true
	case urgent.TelephoneEvent{}.FactKind().Number:
		e, err := fact.Read[urgent.TelephoneEvent](f)
		return err == nil && (e.Recording != "" || e.What == urgent.Ended || e.What == urgent.Abandoned || e.What == urgent.Terminated)
	}
	return false
}

func (p *Phone) followAll(ctx context.Context) error {
	all, err := callsSince(ctx, p.Cases.Journal.Views(), p.Cases.Clock().Add(-followFor))
	if err != nil {
		return err
	}
	for _, c := range all {
		if len(c.Cases) > 0 && (c.OverAt() != 0 || len(c.Recordings) > 0) {
			if err := p.Follow(ctx, c.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// ReadNumber reads the caller's number as an exchange tells it; withheld is
// said in many ways.
func ReadNumber(text string, withheld bool) codes.Phone {
	if withheld {
		return codes.Phone{Kind: codes.Withheld}
	}
	return codes.ReceivePhone(text)
}
