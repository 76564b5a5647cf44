package fact

import (
	"bytes"
	"slices"
)

// Admit gives the history as it would be if some of the held facts counted.
// The others stay held: they keep their place in the order.
func (h History) Admit(which func(Fact) bool) History {
	if !slices.ContainsFunc(h.held, which) {
		return h
	}
	all := slices.Clone(h.facts)
	for _, f := range h.held {
		f.Held = !which(f)
		all = append(all, f)
	}
	return NewHistory(all)
}

// HeldSince gives the earliest moment from which facts of this history are
// held, as the cuts state it; 0 when nothing is held.
func (h History) HeldSince() Millis {
	var first Millis
	for _, f := range h.held {
		if first == 0 || f.Since < first {
			first = f.Since
		}
	}
	return first
}

// Both sets what counts and what is held side by side: the verified values
// first, then those of the whole that say something else. A value that held
// facts replaced stays, and so does one that only held facts state.
func Both[T any](verified, whole Register[T]) Register[T] {
	out := Register[T]{Values: slices.Clone(verified.Values)}
	for _, v := range whole.Values {
		if !slices.ContainsFunc(out.Values, func(o Stated[T]) bool { return o.Fact == v.Fact || sameBytes(o.Value, v.Value) }) {
			out.Values = append(out.Values, v)
		}
	}
	return out
}

func sameBytes(a, b any) bool {
	x, errX := Encode(a)
	y, errY := Encode(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
