package triage

import "math/bits"

// words in a set: 256 bits of facts.
const (
	setWords = 4
	maxBits  = setWords * 64
)

// bitset is a fixed set of fact bits. A bit stands for "at least this bad".
type bitset [setWords]uint64

func (b *bitset) set(i int)      { b[i>>6] |= 1 << (i & 63) }
func (b *bitset) clear(i int)    { b[i>>6] &^= 1 << (i & 63) }
func (b *bitset) has(i int) bool { return b[i>>6]&(1<<(i&63)) != 0 }

// holds tells whether all of need is in b.
func (b *bitset) holds(need *bitset) bool {
	return need[0]&^b[0]|need[1]&^b[1]|need[2]&^b[2]|need[3]&^b[3] == 0
}

// excludes tells whether something needed is known and not so.
func excludes(need, known, value *bitset) bool {
	return need[0]&known[0]&^value[0]|need[1]&known[1]&^value[1]|need[2]&known[2]&^value[2]|need[3]&known[3]&^value[3] != 0
}

func (b *bitset) empty() bool { return b[0]|b[1]|b[2]|b[3] == 0 }

func (b *bitset) or(o *bitset) {
	for w := range b {
		b[w] |= o[w]
	}
}

func (b *bitset) count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// each calls f for every bit in order, until f says no.
func (b *bitset) each(f func(int) bool) {
	for w, word := range b {
		for ; word != 0; word &= word - 1 {
			if !f(w<<6 + bits.TrailingZeros64(word)) {
				return
			}
		}
	}
}
