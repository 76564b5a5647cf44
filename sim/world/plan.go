// Package world hunts for loss: devices of several organisations live through
// a shift in one process, from one seed, with people doing real verbs on the
// real journal while disks, machines, clocks and the network fail. After
// quiet an oracle judges.
//
// Its law: a seed does the same thing every time, to the byte; a world knows
// from outside what was answered as saved, and trusts no journal's word for
// it; what goes wrong is a failure with a seed, never a wrong expectation
// patched over.
package world

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// What is what a step does.
type What string

// The steps. Those that hurt a device name it; the network's hurt all.
const (
	Work       What = "work"        // somebody does one thing
	Kill       What = "kill"        // the process is killed, and starts again
	PowerCut   What = "power cut"   // at any write or flush of somebody's next acts, or of the start after it
	FlushFails What = "flush fails" // at any write or flush of the next acts
	DiskFails  What = "disk fails"  // everything fails from some write on, until the disk is changed
	DiskFull   What = "disk full"   // for a while
	Restart    What = "restart"     // in good order
	LoseViews  What = "lose views"  // the views' files are removed or damaged between two lives
	Backup     What = "backup"
	Restore    What = "restore"  // the newest backup, without what no backup holds
	Jump       What = "jump"     // the clock, by up to ten years
	Clone      What = "clone"    // a copy of the whole machine runs beside it
	Replace    What = "replace"  // the machine is lost, another is enrolled in its place
	Flip       What = "flip"     // one bit of the journal's file turns over
	Split      What = "split"    // the network, into two parts
	OneWay     What = "one way"  // nothing comes through in one direction
	Flap       What = "flap"     // a cut that comes and goes
	Weather    What = "weather"  // of the network: foul or fair
	Heal       What = "heal"     // the network
	CutOff     What = "cut off"  // somebody trusts a device, or one of the staff, no further
	Readmit    What = "readmit"  // what a cut holds counts after all
	Erase      What = "erase"    // the keys of a case or a record are destroyed
	Stranger   What = "stranger" // a program of another version is met
	Between    What = "between"  // a write or flush fails while things arrive, with nobody at work here
	LetGo      What = "let go"   // a desk lets go of what has left its work; in plans that name it only
)

// Step is one thing that happens at one time. Its own draws come from Draw, so
// that leaving out another step changes nothing in it.
type Step struct {
	Number int
	At     time.Duration // from the start of the shift
	What   What
	Device uint64 // which, counted round those there are
	Draw   uint64
}

// String is the step as a trace shows it.
func (s Step) String() string { return fmt.Sprintf("step %d at %s: %s", s.Number, s.At, s.What) }

func (s Step) random() *rand.Rand { return rand.New(rand.NewPCG(s.Draw, s.Device)) }

// Plan is all that will happen in a world.
type Plan struct {
	Seed  uint64
	Shape Shape
	Steps []Step
}

// Shape is what a world is made of.
type Shape struct {
	Organisations int
	Sites         int  // of each organisation
	Desks         int  // of each organisation
	RealViews     bool // the program's own, not only a small one of ours
	Agrees        bool // devices compare what they make of the facts
	Checkpoints   bool // the log is copied home often
}

// weight is how often something happens, against the others.
type weight struct {
	what What
	of   int
}

// calm is the share of people's work in a plan; the rest is trouble.
func calm() []weight {
	return []weight{
		{Kill, 3}, {PowerCut, 8}, {FlushFails, 4}, {DiskFails, 1}, {DiskFull, 2}, {Restart, 3}, {LoseViews, 2}, {Backup, 3},
		{Restore, 3}, {Jump, 2}, {Clone, 2}, {Replace, 1}, {Flip, 2}, {Split, 5}, {OneWay, 2}, {Flap, 2}, {Weather, 3}, {Heal, 5},
		{CutOff, 3}, {Readmit, 2}, {Erase, 2}, {Stranger, 3}, {Between, 4},
	}
}

// Draw makes the plan of a seed.
func Draw(seed uint64) Plan {
	random := rand.New(rand.NewPCG(seed, 0x401dfa57))
	p := Plan{Seed: seed, Shape: Shape{
		Organisations: 1 + random.IntN(4)/3, Sites: 1 + random.IntN(3), RealViews: random.IntN(8) == 0,
		Desks:  []int{0, 0, 0, 1, 2}[random.IntN(5)],
		Agrees: random.IntN(6) == 0, Checkpoints: random.IntN(6) == 0,
	}}
	trouble := 4 + random.IntN(26) // per hundred steps
	var at time.Duration
	for n := range shift(random) {
		at += time.Duration(random.Int64N(int64(40 * time.Second)))
		s := Step{Number: n, At: at, What: Work, Device: random.Uint64(), Draw: random.Uint64()}
		if random.IntN(100) < trouble {
			s.What = drawn(random, calm())
		}
		p.Steps = append(p.Steps, s)
	}
	return p
}

// shift is how many steps a shift has: most are short, so that many fit in an
// hour; what takes long to go wrong has the others.
func shift(random *rand.Rand) int {
	if random.IntN(4) == 0 {
		return 120 + random.IntN(120)
	}
	return 40 + random.IntN(60)
}

func drawn(random *rand.Rand, all []weight) What {
	sum := 0
	for _, w := range all {
		sum += w.of
	}
	n := random.IntN(sum)
	for _, w := range all {
		if n < w.of {
			return w.what
		}
		n -= w.of
	}
	return Work
}

// Only is the plan with these of its steps.
func (p Plan) Only(numbers []int) Plan {
	keep := map[int]bool{}
	for _, n := range numbers {
		keep[n] = true
	}
	out := p
	out.Steps = nil
	for _, s := range p.Steps {
		if keep[s.Number] {
			out.Steps = append(out.Steps, s)
		}
	}
	return out
}

// String names the plan so that Parse finds it again: the seed, and the steps
// when some are left out.
func (p Plan) String() string {
	seed := strconv.FormatUint(p.Seed, 10)
	if len(p.Steps) == len(Draw(p.Seed).Steps) {
		return seed
	}
	numbers := make([]string, len(p.Steps))
	for i, s := range p.Steps {
		numbers[i] = strconv.Itoa(s.Number)
	}
	return seed + ":" + strings.Join(numbers, ",")
}

// Parse reads the name of a plan.
func Parse(name string) (Plan, error) {
	text, steps, some := strings.Cut(name, ":")
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return Plan{}, fmt.Errorf("%q names no seed: %w", name, err)
	}
	p := Draw(seed)
	if !some {
		return p, nil
	}
	var numbers []int
	for _, s := range strings.Split(steps, ",") {
		n, err := strconv.Atoi(s)
		if err != nil {
			return Plan{}, fmt.Errorf("%q names no step: %w", s, err)
		}
		numbers = append(numbers, n)
	}
	return p.Only(numbers), nil
}
