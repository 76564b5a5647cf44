package task

import (
	"testing"
	"time"

	"holdfast/fact"
)

func TestACutNeverTakesATaskFromItsList(t *testing.T) {
	o := raised(t)
	o.on("a")
	d, err := Take(o.on("a"), ruth, "", now)
	o.say("a", ruth, d, err)
	d, err = TryInVain(o.on("a"), ruth, Tried{Note: "engaged", Next: fact.At(now.Add(9 * time.Hour))}, now)
	o.say("a", ruth, d, err)
	d, err = Finish(o.on("a"), ruth, Done{Outcome: Reached}, now)
	o.say("a", ruth, d, err)
	whole := o.facts
	for first := range whole {
		o.facts = append([]fact.Fact(nil), whole...)
		for i := first; i < len(whole); i++ {
			o.facts[i].Held, o.facts[i].Since = true, fact.At(now)
		}
		got := o.sync()
		if !got.Open() || got.HeldFrom != fact.At(now) {
			t.Errorf("held from fact %d: open %v", first, got.Open())
		}
		if first <= 2 && got.Due().After(now.Add(10*time.Minute)) {
			t.Errorf("held from fact %d: put off to %v", first, got.Due())
		}
		if first >= 2 && len(got.Holders()) != 1 {
			t.Errorf("held from fact %d: %d holders", first, len(got.Holders()))
		}
	}
}
