package journal

import (
	"testing"

	"holdfast/fact"
)

// What is read while everything is judged anew is read once more: it may have
// been marked as it was before.
func TestWhatWasReadBeforeAJudgementIsReadAgain(t *testing.T) {
	s := fact.Subject{1}
	for name, forget := range map[string]func(*cache){
		"all of it":   (*cache).forgetAll,
		"one subject": func(c *cache) { c.forget(s) },
	} {
		c, reads := newCache(10), 0
		got, err := c.get(s, func() ([]placed, error) {
			if reads++; reads == 1 {
				forget(c) // while the file is read
			}
			return []placed{{pos: int64(reads)}}, nil
		})
		if err != nil || reads != 2 || got.last != 2 {
			t.Errorf("%s: read %d times, got place %d, %v", name, reads, got.last, err)
		}
		if again, _ := c.get(s, func() ([]placed, error) { t.Error("read a third time"); return nil, nil }); again.last != 2 {
			t.Errorf("%s: kept place %d", name, again.last)
		}
	}
}
