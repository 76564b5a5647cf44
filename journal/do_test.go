package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// TestDecisionsAreSerial: many people add one to a number that they read.
// Whoever was overtaken decides again, so that no addition is lost.
func TestDecisionsAreSerial(t *testing.T) {
	j := newJournal(t, testOptions(t))
	s := newSubject(t, j)
	var wait sync.WaitGroup
	const people, each = 16, 10
	for range people {
		wait.Go(func() {
			for range each {
				_, err := j.Do(context.Background(), fact.Author{}, nil, func(tx *Tx) ([]fact.Draft, error) {
					h, err := tx.History(s)
					if err != nil {
						return nil, err
					}
					return []fact.Draft{fact.Say(s, said{fmt.Sprint(h.Len())})}, nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	for i, text := range texts(t, j, s) {
		if text != fmt.Sprint(i) {
			t.Fatalf("fact %d was decided when there were %s", i, text)
		}
	}
	if n := len(texts(t, j, s)); n != people*each {
		t.Errorf("%d facts of %d", n, people*each)
	}
}

// TestOneOfManyClaims: a claim is refused as soon as somebody else has it.
func TestOneOfManyClaims(t *testing.T) {
	j := newJournal(t, testOptions(t))
	s := newSubject(t, j)
	taken := refusal.New(refusal.Taken, "Taken.")
	results := make(chan error, 20)
	var wait sync.WaitGroup
	for i := range cap(results) {
		wait.Go(func() {
			_, err := j.Do(context.Background(), fact.Author{}, nil, func(tx *Tx) ([]fact.Draft, error) {
				h, err := tx.History(s)
				if err != nil {
					return nil, err
				}
				if h.Len() > 0 {
					return nil, taken
				}
				return []fact.Draft{fact.Say(s, said{fmt.Sprint(i)})}, nil
			})
			results <- err
		})
	}
	wait.Wait()
	close(results)
	won := 0
	for err := range results {
		if err == nil {
			won++
		} else if !errors.Is(err, taken) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d claims won", won)
	}
}

func TestARefusalSavesNothing(t *testing.T) {
	j := newJournal(t, testOptions(t))
	no := refusal.Field("phone", "Two digits are missing.")
	_, err := j.Do(t.Context(), fact.Author{}, nil, func(*Tx) ([]fact.Draft, error) { return nil, no })
	if err != no {
		t.Errorf("got %v, want the refusal itself", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = j.Do(ctx, fact.Author{}, nil, func(*Tx) ([]fact.Draft, error) { t.Error("decided"); return nil, nil })
	if !refusal.Is(err, refusal.Unavailable) {
		t.Errorf("a cancelled request gave %v", err)
	}
}

// TestAnActIsWhole: one act over several lanes and subjects; the flag says
// where it goes on and heads fall on its end.
func TestAnActIsWhole(t *testing.T) {
	j := newJournal(t, testOptions(t))
	var s fact.Subject
	facts, err := j.Do(t.Context(), fact.Author{Role: "nurse", Access: []fact.ID{{1}}}, nil, func(tx *Tx) ([]fact.Draft, error) {
		var err error
		if s, err = tx.NewSubject(); err != nil {
			return nil, err
		}
		other, err := tx.NewSubject()
		if err != nil {
			return nil, err
		}
		if h, err := tx.History(s); err != nil || h.Len() != 0 {
			t.Errorf("a new subject has %d facts, %v", h.Len(), err)
		}
		return []fact.Draft{
			fact.Say(s, said{"a"}), fact.Say(other, said{"b"}), fact.Say(s, looked{"c"}), fact.Say(s, said{"d"}).When(tx.Now().Add(-3600e9)),
		}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []byte{fact.FlagMore, fact.FlagMore, 0, 0} {
		if facts[i].Header.Flags != want {
			t.Errorf("fact %d has flags %d, want %d", i, facts[i].Header.Flags, want)
		}
		if facts[i].Body.Role != "nurse" || len(facts[i].Body.Access) != 1 {
			t.Errorf("fact %d: %+v", i, facts[i].Body)
		}
	}
	if facts[3].Body.Happened.From >= facts[3].Header.Recorded {
		t.Error("the time that the person stated is lost")
	}
	if facts[2].Header.Key == facts[0].Header.Key {
		t.Error("looks are sealed under the care key")
	}
	for _, f := range j.Health().Feeds {
		if f.Lane == fact.Care && f.Size != 3 || f.Lane == fact.Looks && f.Size != 1 {
			t.Errorf("lane %s has %d facts", f.Lane, f.Size)
		}
	}
}

func TestSeenIsWhatThePageShowed(t *testing.T) {
	j := newJournal(t, testOptions(t))
	s := newSubject(t, j)
	page := say(t, j, s, "on the page")
	say(t, j, s, "meanwhile")
	facts, err := j.Do(t.Context(), fact.Author{}, Seen{s: {page.ID}}, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(s, said{"answer"})}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := facts[0].Body.Seen; len(got) != 1 || got[0] != page.ID {
		t.Errorf("seen is %v, want what the page showed", got)
	}
}

// TestManySeenAreJoined: above 32 ids, facts that stand for them come first.
func TestManySeenAreJoined(t *testing.T) {
	j := newJournal(t, testOptions(t))
	s := newSubject(t, j)
	seen := make([]fact.ID, 70)
	for i := range seen {
		seen[i] = fact.ID{byte(i), 1}
	}
	facts, err := j.Do(t.Context(), fact.Author{}, Seen{s: seen}, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(s, said{"at last"})}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(facts[0].Body.Seen); n != 3 {
		t.Errorf("the fact cites %d, want 3 joins", n)
	}
	h, err := j.History(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	joined := 0
	for _, f := range h.Facts() {
		if c, err := fact.Read[FrontierJoined](f); err == nil {
			joined += int(c.Count)
		}
	}
	if joined != 70 || len(h.Gaps()) != 70 {
		t.Errorf("%d joined, %d gaps", joined, len(h.Gaps()))
	}
}

func TestAttachments(t *testing.T) {
	o := testOptions(t)
	j := newJournal(t, o)
	letter := bytes.Repeat([]byte("Dear doctor. "), 20_000)
	s := newSubject(t, j)
	facts, err := j.Do(t.Context(), fact.Author{}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(s, said{"letter"}).With(fact.Blob{Media: "text/plain", Bytes: letter})}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	pointer := facts[0].Body.Attachments[0]
	got, err := j.Attachment(t.Context(), pointer)
	if err != nil || !bytes.Equal(got, letter) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
	pointer.Key[0] ^= 1
	if _, err := j.Attachment(t.Context(), pointer); err == nil {
		t.Error("it opens with another key")
	}
	pointer.Hash[0] ^= 1
	if _, err := j.Attachment(t.Context(), pointer); !refusal.Is(err, refusal.Missing) {
		t.Errorf("an attachment that is not here gave %v", err)
	}
}

// TestSetAsideIsNotShown: the fact stays, its content does not.
func TestSetAsideIsNotShown(t *testing.T) {
	o := testOptions(t)
	j := newJournal(t, o)
	s := newSubject(t, j)
	say(t, j, s, "good")
	bad := say(t, j, s, "bad")
	_, err := j.Do(t.Context(), fact.Author{}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(s, SetAside{Fact: bad.ID, Why: "crashes the fold"})}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	say(t, j, s, "after")
	for range 2 {
		if got := texts(t, j, s); strings.Join(got, " ") != "good after" {
			t.Errorf("shown: %q", got)
		}
		h, err := j.History(t.Context(), s)
		if err != nil || h.Len() != 4 || h.Facts()[1].Body.Kind != 0 {
			t.Errorf("the history has %d facts, %v", h.Len(), err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		j = reopen(t, o)
	}
}

// TestABodyWithoutItsKeyStaysVisible: erased keys close bodies, not histories.
func TestABodyWithoutItsKeyStaysVisible(t *testing.T) {
	o := testOptions(t)
	o.Views = []View{counts{}}
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	j, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s := newSubject(t, j)
	say(t, j, s, "erased")
	if err := j.file.Load().write.exec("DELETE FROM wraps WHERE subject=?", s[:]); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if j, err = Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	h, err := j.History(t.Context(), s)
	if err != nil || h.Len() != 1 || h.Facts()[0].Body.Kind != 0 {
		t.Errorf("history: %d facts, %v", h.Len(), err)
	}
	say(t, j, s, "new")
	if got := texts(t, j, s); len(got) != 1 || got[0] != "new" {
		t.Errorf("after: %q", got)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestACacheThatIsTooSmall gives the same as one that is not.
func TestACacheThatIsTooSmall(t *testing.T) {
	o := testOptions(t)
	o.CacheFacts = 3
	j := newJournal(t, o)
	subjects := make([]fact.Subject, 10)
	for i := range subjects {
		subjects[i] = newSubject(t, j)
	}
	var wait sync.WaitGroup
	for g := range 4 {
		wait.Go(func() {
			for n := range 20 {
				say(t, j, subjects[(n*7+g)%10], "x")
			}
		})
	}
	wait.Wait()
	for _, s := range subjects {
		if n := len(texts(t, j, s)); n != 8 {
			t.Errorf("%d facts, want 8", n)
		}
	}
}

func TestClosedSavesNothing(t *testing.T) {
	j := newJournal(t, testOptions(t))
	s := newSubject(t, j)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := j.Do(context.Background(), fact.Author{}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(s, said{"late"})}, nil
	})
	if !refusal.Is(err, refusal.Unavailable) {
		t.Errorf("after closing: %v", err)
	}
}

// TestAnActThatCouldNotTravelIsRefused keeps what lies between two heads small
// enough for one range.
func TestAnActThatCouldNotTravelIsRefused(t *testing.T) {
	j := newJournal(t, testOptions(t))
	s := newSubject(t, j)
	long := said{strings.Repeat("x", 60<<10)}
	try := func(n int) error {
		_, err := j.Do(t.Context(), fact.Author{}, nil, func(*Tx) ([]fact.Draft, error) {
			var out []fact.Draft
			for range n {
				out = append(out, fact.Say(s, long))
			}
			return out, nil
		})
		return err
	}
	if err := try(8); err != nil {
		t.Errorf("8 long facts: %v", err)
	}
	if err := try(9); !refusal.Is(err, refusal.Invalid) {
		t.Errorf("9 long facts: %v", err)
	}
}
