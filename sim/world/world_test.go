package world

import (
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"testing/cryptotest"

	"holdfast/content"
	"holdfast/triage"
	"holdfast/urgent"
)

func shippedRules(t testing.TB) *urgent.Rules {
	t.Helper()
	set, err := content.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	questions, err := triage.Load(set)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := urgent.LoadRules(set, questions)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// hostOf runs worlds in memory, the same every time.
func hostOf(t *testing.T) Host {
	var one sync.Mutex
	return Host{Rules: shippedRules(t), Where: memory(), Steady: func(seed uint64, do func() error) error {
		one.Lock()
		defer one.Unlock()
		cryptotest.SetGlobalRandom(t, seed)
		return do()
	}}
}

// memory is where worlds lie: in memory where there is such a folder, unless
// TMPDIR says otherwise.
func memory() string {
	const shm = "/dev/shm"
	if info, err := os.Stat(shm); os.Getenv("TMPDIR") == "" && err == nil && info.IsDir() {
		return shm
	}
	return ""
}

// TestSeed replays the plan named in HOLDFAST_SEED and prints all of it.
func TestSeed(t *testing.T) {
	name := os.Getenv("HOLDFAST_SEED")
	if name == "" {
		t.Skip("HOLDFAST_SEED names no seed to replay")
	}
	p, err := Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	host := hostOf(t)
	host.Loud = func(line string) { fmt.Println(line) }
	host.Log = slog.New(slog.NewTextHandler(os.Stdout, nil))
	r, err := Run(p, host)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Failures {
		t.Error(f)
	}
	t.Logf("%+v", r)
}

// TestShrinkSeed makes the plan named in HOLDFAST_SHRINK as short as it gets
// while it still fails.
func TestShrinkSeed(t *testing.T) {
	name := os.Getenv("HOLDFAST_SHRINK")
	if name == "" {
		t.Skip("HOLDFAST_SHRINK names no seed to shrink")
	}
	p, err := Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	host := hostOf(t)
	small := Shrink(p, 300, func(p Plan) bool {
		r, err := Run(p, host)
		return err == nil && r.Failed()
	})
	t.Logf("%d of %d steps: HOLDFAST_SEED=%s", len(small.Steps), len(p.Steps), small)
}
