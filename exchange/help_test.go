package exchange

import (
	"crypto/sha256"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/fact"
)

var (
	now     = time.Date(2026, 2, 3, 19, 30, 0, 0, time.UTC)
	handler = access.Caller{Role: access.CallHandler, Name: "A"}
	device  = access.Caller{Role: access.Device, Name: "device"}
	caseID  = fact.Subject{7}
)

// writer writes facts in one feed, as a device would.
type writer struct {
	t    *testing.T
	feed fact.FeedID
	seq  uint64
}

func (w *writer) write(c fact.Content, seen ...fact.ID) fact.Fact {
	w.t.Helper()
	content, err := fact.Encode(c)
	if err != nil {
		w.t.Fatal(err)
	}
	k := c.FactKind()
	f := fact.Fact{
		Header: fact.Header{Lane: k.Lane, Feed: w.feed, Seq: w.seq, Subject: caseID, Commit: sha256.Sum256(content)},
		Body:   fact.Body{Kind: k.Number, Version: k.Version, Content: content, Seen: seen, Happened: fact.Moment(fact.At(now).Add(time.Duration(w.seq)*time.Second), 0)},
	}
	f.ID = f.Header.ID()
	w.seq++
	return f
}

// all runs see on every order of the facts.
func all(facts []fact.Fact, see func([]fact.Fact)) {
	var permute func(k int)
	permute = func(k int) {
		if k == len(facts) {
			see(append([]fact.Fact(nil), facts...))
			return
		}
		for i := k; i < len(facts); i++ {
			facts[k], facts[i] = facts[i], facts[k]
			permute(k + 1)
			facts[k], facts[i] = facts[i], facts[k]
		}
	}
	permute(0)
}

func state(t *testing.T, facts ...fact.Fact) []Envelope {
	t.Helper()
	out, err := FoldEnvelopes(fact.NewHistory(facts))
	if err != nil {
		t.Fatal(err)
	}
	return out
}
