package world

import (
	"bufio"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// runs of plans at once: a world is one goroutine at a time, and what else runs
// in it waits for disks that are in memory.
const atOnce = 2

// seedsWanted is how many seeds are to be run.
func seedsWanted(t testing.TB) int {
	t.Helper()
	text := os.Getenv("HOLDFAST_SEEDS")
	if text == "" {
		return 25
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("HOLDFAST_SEEDS: %v", err)
	}
	return n
}

// atMost is how many of some worlds are run: no more than HOLDFAST_SEEDS says, so
// that the race detector, under which a world takes ten times as long, sees a few.
func atMost(t testing.TB, all int) int {
	t.Helper()
	if os.Getenv("HOLDFAST_SEEDS") == "" {
		return all
	}
	return min(all, seedsWanted(t))
}

// firstSeed is where the seeds begin; each release hunts among others.
func firstSeed(t testing.TB) uint64 {
	t.Helper()
	text := os.Getenv("HOLDFAST_FIRST_SEED")
	if text == "" {
		return 1
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("HOLDFAST_FIRST_SEED: %v", err)
	}
	return n
}

// tally is what many runs came to together.
type tally struct {
	mu                          sync.Mutex
	runs, failed                int
	saved, cuts, moves, refused int
	lost                        int
}

func (c *tally) add(r Result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs++
	c.saved, c.cuts, c.moves, c.refused = c.saved+r.Saved, c.cuts+r.Cuts, c.moves+r.Moves, c.refused+r.Refused
	c.lost += len(r.Lost)
	if r.Failed() {
		c.failed++
	}
}

func (c *tally) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprintf("%d worlds, %d failed; %d facts saved, %d power cuts inside a write, %d moves to a new file, %d acts refused",
		c.runs, c.failed, c.saved, c.cuts, c.moves, c.refused)
}

// runAll runs plans, some at once, and tells of each that fails.
func runAll(t *testing.T, plans func(n int) (Plan, bool)) *tally {
	t.Helper()
	var next atomic.Int64
	var sum tally
	var workers sync.WaitGroup
	host := hostOf(t)
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // worlds are small and many
	began, told := time.Now(), time.Now()
	for range atOnce {
		workers.Go(func() {
			for {
				p, ok := plans(int(next.Add(1) - 1))
				if !ok {
					return
				}
				r, err := Run(p, host)
				if err != nil {
					t.Errorf("seed %s: %v", p, err)
				}
				sum.add(r)
				if r.Failed() {
					t.Errorf("seed %s fails: %s\nreplay: HOLDFAST_SEED=%s go test ./sim/world -run 'TestSeed$' -v", p, strings.Join(r.Failures[:min(5, len(r.Failures))], "\n\t"), p)
				}
				sum.mu.Lock()
				if time.Since(told) > 10*time.Second {
					told = time.Now()
					fmt.Printf("%d seeds in %s, %d failed\n", sum.runs, time.Since(began).Round(time.Second), sum.failed)
				}
				sum.mu.Unlock()
			}
		})
	}
	workers.Wait()
	t.Logf("%s; %.0f seeds a minute", &sum, float64(sum.runs)/time.Since(began).Minutes())
	return &sum
}

// TestSeeds hunts through HOLDFAST_SEEDS seeds, 25 if nothing is said.
func TestSeeds(t *testing.T) {
	n, first := seedsWanted(t), firstSeed(t)
	sum := runAll(t, func(i int) (Plan, bool) { return Draw(first + uint64(i)), i < n })
	if sum.saved == 0 || (n >= 25 && (sum.cuts == 0 || sum.moves == 0 || sum.refused == 0)) {
		t.Errorf("the hunt is too tame: %s", sum)
	}
}

// TestPinned runs every seed that once failed.
func TestPinned(t *testing.T) {
	f, err := os.Open("testdata/pinned.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var plans []Plan
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		name, why, _ := strings.Cut(lines.Text(), " ")
		if name == "" || name == "#" {
			continue
		}
		if strings.TrimSpace(why) == "" {
			t.Errorf("seed %s is pinned without a reason", name)
		}
		p, err := Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		plans = append(plans, p)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	most := atMost(t, len(plans))
	runAll(t, func(i int) (Plan, bool) {
		if i >= most {
			return Plan{}, false
		}
		return plans[i], true
	})
}

// TestASeedReplays: the same seed does the same, line by line.
func TestASeedReplays(t *testing.T) {
	host := hostOf(t)
	for seed := uint64(1); seed <= uint64(atMost(t, 12)); seed++ {
		var traces [2][]string
		for i := range traces {
			host.Loud = func(line string) { traces[i] = append(traces[i], line) }
			r, err := Run(Draw(seed), host)
			if err != nil {
				t.Fatal(err)
			}
			traces[i] = append(traces[i], r.Trace)
		}
		for i, line := range traces[0] {
			if i >= len(traces[1]) || traces[1][i] != line {
				t.Fatalf("seed %d, line %d: %q, then %q", seed, i, line, traces[1][min(i, len(traces[1])-1)])
			}
		}
	}
}

// BenchmarkSeeds measures worlds a minute on one core.
func BenchmarkSeeds(b *testing.B) {
	host := Host{Rules: shippedRules(b), Where: memory()}
	seed := uint64(1)
	for b.Loop() {
		r, err := Run(Draw(seed), host)
		if err != nil || r.Failed() {
			b.Fatal(seed, err, r.Failures)
		}
		seed++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Minutes(), "seeds/min")
}
