package world

import "testing"

// TestShrink finds the two steps of a plan that matter.
func TestShrink(t *testing.T) {
	p := Draw(3)
	a, b := p.Steps[17].Number, p.Steps[len(p.Steps)-5].Number
	has := func(p Plan) bool {
		n := 0
		for _, s := range p.Steps {
			if s.Number == a || s.Number == b {
				n++
			}
		}
		return n == 2
	}
	small := Shrink(p, 2000, has)
	if len(small.Steps) != 2 || !has(small) {
		t.Fatalf("%d steps are left", len(small.Steps))
	}
	again, err := Parse(small.String())
	if err != nil || len(again.Steps) != 2 || again.Steps[0] != small.Steps[0] || again.Steps[1] != small.Steps[1] {
		t.Errorf("%q gives %+v, %v", small.String(), again.Steps, err)
	}
	whole, err := Parse(p.String())
	if err != nil || len(whole.Steps) != len(p.Steps) {
		t.Errorf("a whole plan: %d steps, %v", len(whole.Steps), err)
	}
}
