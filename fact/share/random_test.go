package share_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"holdfast/fact"
	"holdfast/fact/share"
)

// schedule is one random life of an organisation's devices: partitions that
// come and go, messages that come late, twice and out of order, devices that
// are lost and come back, people who move rights apart, devices that break the
// rules, and copies of devices.
type schedule struct {
	w      *world
	random *rand.Rand
	units  uint64
	island []int // partition: nodes with the same number can meet
	rude   bool  // some write against the rules
	copies bool  // devices are copied
	late   bool  // single feeds arrive without what they rest on
}

func (s *schedule) node() int        { return s.random.IntN(len(s.w.at)) }
func (s *schedule) unit() uint64     { return 1 + s.random.Uint64N(s.units+1) } // one too many on purpose
func (s *schedule) anybody() int     { return s.random.IntN(3) }
func (s *schedule) to() fact.Subject { return s.w.at[s.node()].device }

func (s *schedule) meet() {
	a, b := s.node(), s.node()
	if s.island[a] != s.island[b] {
		return
	}
	if s.late && s.random.IntN(3) == 0 {
		s.w.trickle(s.node(), b, 1+s.random.IntN(20))
		return
	}
	s.w.sync(a, b)
}

func (s *schedule) part() {
	for n := range s.island {
		s.island[n] = s.random.IntN(2)
	}
}

// breakRules states something that no verb of ours would.
func (s *schedule) breakRules() {
	n := s.node()
	w := s.w
	one := share.One(s.unit())
	switch s.random.IntN(5) {
	case 0:
		w.write(n, share.Step{Act: share.Used, Units: one}, true)
	case 1:
		w.write(n, share.Step{Act: share.Handed, Units: one, To: s.to()}, true)
	case 2:
		lost, by := s.to(), person(s.anybody())
		p := w.write(n, share.Step{Act: share.Proposed, Lost: lost, To: s.to(), Person: by}, true)
		w.write(n, share.Step{Act: share.Approved, About: w.facts[p].fact.ID, Person: by}, true)
	case 3:
		for _, u := range w.rights(n).Uses {
			w.write(n, share.Step{Act: share.Confirmed, About: u.Fact}, true)
			break
		}
	case 4:
		w.write(n, share.Step{Act: share.Received, Units: one, To: s.to()}, true)
	default:
		panic("no such rudeness")
	}
}

func (s *schedule) copyDevice() {
	if len(s.w.at) < 6 {
		n := s.w.at[s.node()]
		s.w.addNode(n.device, n.held)
		s.island = append(s.island, s.random.IntN(2))
		s.w.cloned = true
	}
}

func (s *schedule) happen() {
	w, n := s.w, s.node()
	switch k := s.random.IntN(20); {
	case k < 6:
		s.meet()
	case k < 9:
		w.use(n, s.unit())
	case k < 11:
		w.hand(n, s.to(), share.One(s.unit()))
	case k < 12:
		first := s.unit()
		w.hand(n, s.to(), share.Some(first, first+s.random.Uint64N(3)))
	case k < 13:
		w.ask(n, s.unit())
	case k < 14:
		w.decide(n, s.random.IntN(2) == 0)
	case k < 16:
		if w.rights(n).InDispute() {
			w.propose(n, s.anybody(), fact.Subject{}, s.to())
		} else {
			w.propose(n, s.anybody(), s.to(), s.to())
		}
		w.approve(n, s.anybody())
	case k < 17:
		w.approve(n, s.anybody())
	case k < 18:
		s.part()
	case s.rude:
		s.breakRules()
	case s.copies && k == 19:
		s.copyDevice()
	}
}

// run lives a schedule and judges every device after every step, and all of
// them when everything has arrived everywhere.
func (s *schedule) run(steps int) error {
	for range steps {
		s.happen()
		if err := s.w.judgeAt(s.node()); err != nil {
			return err
		}
	}
	for range s.w.at {
		for a := range s.w.at {
			for b := range s.w.at {
				s.w.sync(a, b)
			}
		}
	}
	if err := s.w.judgeAll(); err != nil {
		return err
	}
	mix := func(all []fact.Fact) { s.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] }) }
	if err := sameInEveryOrder(s.w, s.w.at[0].held, mix); err != nil {
		return err
	}
	return s.goOn()
}

// goOn: whoever holds a free unit at the end can use it, firmly.
func (s *schedule) goOn() error {
	for at, n := range s.w.at {
		for _, free := range s.w.rights(at).Left(n.device) {
			if !s.w.use(at, free.First) {
				return fmt.Errorf("node %d is refused its own unit %d", at, free.First)
			}
			last := s.w.facts[len(s.w.facts)-1].fact.ID
			if got := s.w.rights(at).UsesOf(last); len(got) != 1 || got[0].Status != share.Firm {
				return fmt.Errorf("node %d used its own unit %d and it is %+v\n%s", at, free.First, got, s.w.describe())
			}
		}
	}
	return nil
}

func newSchedule(l law, seed uint64, rude, copies, late bool) *schedule {
	random := rand.New(rand.NewPCG(seed, 7))
	devices, units := 2+random.IntN(3), 1+random.Uint64N(6)
	return &schedule{
		w: newWorld(l, devices, units), random: random, units: units, island: make([]int, devices), rude: rude, copies: copies, late: late,
	}
}

// Thousands of random lives keep the law.
func TestRandomLives(t *testing.T) {
	lives := 300
	if deep() {
		lives = 4000
	}
	for _, kind := range []struct {
		name               string
		rude, copies, late bool
	}{{"honest", false, false, false}, {"late", false, false, true}, {"rude", true, false, false}, {"copied", true, true, true}} {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(lives) {
				if err := newSchedule(theLaw, seed, kind.rude, kind.copies, kind.late).run(40); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
		})
	}
}
