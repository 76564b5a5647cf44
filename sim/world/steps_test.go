package world

import (
	"testing"
	"time"
)

// steps makes a plan of these steps, each after a minute, on a world of this
// shape.
func steps(seed uint64, shape Shape, all ...What) Plan {
	p := Plan{Seed: seed, Shape: shape}
	for n, what := range all {
		p.Steps = append(p.Steps, Step{Number: n, At: time.Duration(n+1) * time.Minute, What: what, Device: uint64(n), Draw: seed + uint64(n)*7919})
	}
	return p
}

// many repeats a few steps.
func many(times int, all ...What) []What {
	var out []What
	for range times {
		out = append(out, all...)
	}
	return out
}

func mustHold(t *testing.T, p Plan) Result {
	t.Helper()
	r, err := Run(p, hostOf(t))
	if err != nil || r.Failed() {
		t.Fatalf("seed %d: %v, %q", p.Seed, err, r.Failures)
	}
	return r
}

// TestErasedKeysStayAway: keys that were destroyed are in no file at the end,
// though backups that hold them are restored after it.
func TestErasedKeysStayAway(t *testing.T) {
	plan := append(many(6, Work, Work), Backup, Backup)
	plan = append(plan, many(3, Work, Erase, Work)...)
	plan = append(plan, Restore, Restore, Work, Work)
	for seed := uint64(1); seed <= 3; seed++ {
		mustHold(t, steps(seed, Shape{Organisations: 1, Sites: 2}, plan...))
	}
}

// TestCutsHoldAlikeEverywhere: whatever is cut off and readmitted, every device
// holds back the same, and nothing is gone.
func TestCutsHoldAlikeEverywhere(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		mustHold(t, steps(seed, Shape{Organisations: 1, Sites: 3}, many(5, Work, Work, CutOff, Work, Readmit, Split, Work, CutOff, Heal)...))
	}
}

// TestAPlantedDifferenceIsNamed: one device that makes something else of the
// same facts is found out; without it nobody disagrees.
func TestAPlantedDifferenceIsNamed(t *testing.T) {
	p := steps(5, Shape{Organisations: 1, Sites: 2, Agrees: true}, many(8, Work, Work, Split, Work, Heal)...)
	mustHold(t, p)
}

// TestDesksWorkAloneAndComeBack: what is taken at desks that are parted from all
// sites reaches them, and desks get the whole of their work.
func TestDesksWorkAloneAndComeBack(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		mustHold(t, steps(seed, Shape{Organisations: 1, Sites: 2, Desks: 2}, many(5, Work, Work, Split, Work, Work, Work, Work, Heal)...))
	}
}

// TestDesksLetGoAndAreGivenAnew: desks let go of what has ended, while links are
// cut, processes killed and flushes fail; nothing is lost, and what is work again
// is on them whole.
func TestDesksLetGoAndAreGivenAnew(t *testing.T) {
	gone := 0
	for seed := uint64(1); seed <= 2; seed++ {
		plan := many(3, Work, Work, Work, Work, LetGo, Work, Work)
		plan = append(plan, many(2, Split, Work, Work, LetGo, Work, Heal, Restart, Work, LetGo, Kill, Work, LetGo, Work)...)
		plan = append(plan, Backup, Work, Work, LetGo, Restore, Work, LetGo, FlushFails, LetGo, Work, PowerCut, LetGo, Work)
		gone += mustHold(t, steps(seed, Shape{Organisations: 1, Sites: 2, Desks: 2}, plan...)).LetGo
	}
	if gone == 0 {
		t.Error("nothing was let go of")
	}
}

// TestStrangersAreMet: other versions, unknown messages and unknown facts stop
// nothing.
func TestStrangersAreMet(t *testing.T) {
	mustHold(t, steps(3, Shape{Organisations: 1, Sites: 2, Desks: 1}, many(12, Work, Work, Stranger)...))
}

// TestFailuresBetweenActs: a flush that fails while things arrive ends the file.
func TestFailuresBetweenActs(t *testing.T) {
	moves := 0
	for seed := uint64(1); seed <= 3; seed++ {
		moves += mustHold(t, steps(seed, Shape{Organisations: 1, Sites: 3, Checkpoints: true}, many(8, Work, Between, Work)...)).Moves
	}
	if moves == 0 {
		t.Error("no write failed")
	}
}
