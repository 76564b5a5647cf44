package exchange

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

func aLetter() Letter {
	return Letter{Key: "worse", Language: "en", Title: "T", Lines: []string{"Call 111."}, Phone: codes.ReceivePhone("07700900518"), Case: "26-1", Written: fact.At(now), Until: fact.At(now.Add(time.Hour))}
}

func TestATextNeverHoldsALink(t *testing.T) {
	for _, words := range []string{"See https://example.org/x", "See www.example.org", "See 111.nhs.uk", strings.Repeat("long ", 100)} {
		l := aLetter()
		l.Lines = []string{words}
		if _, _, err := PrepareLetter(handler, caseID, l, ByText, now.Add(time.Minute), now); refusal.KindOf(err) != refusal.Invalid {
			t.Errorf("%q goes: %v", words, err)
		}
	}
	if _, _, err := PrepareLetter(handler, caseID, aLetter(), ByText, now.Add(time.Minute), now); err != nil {
		t.Fatal(err)
	}
}

// The envelope of a letter says nothing of whom it goes to.
func TestALettersEnvelopeNamesNobody(t *testing.T) {
	l := aLetter()
	l.Name, l.Email = "Wilfred Tansley", "w@example.org"
	drafts, id, err := PrepareLetter(handler, caseID, l, ByEmail, now.Add(time.Minute), now)
	if err != nil {
		t.Fatal(err)
	}
	p := drafts[0].Content.(EnvelopePrepared)
	if p.To != ThePatient() || p.Envelope != id || p.Carries != CarriesLetter {
		t.Fatalf("%+v", p)
	}
}

// prepared, refused, asked for again, refused again: in every order of arrival
// the same, and each asking begins anew.
func TestAskedAgainItBeginsAnewInAnyOrder(t *testing.T) {
	w := &writer{t: t, feed: fact.FeedID{1}}
	hash := fact.Hash(sha256.Sum256([]byte("x")))
	id := EnvelopeIDOf(caseID, hash)
	prepared := w.write(EnvelopePrepared{Envelope: id, Carries: CarriesReport, Content: hash, Due: fact.At(now.Add(time.Minute)), Routes: []Route{ByMesh}})
	turned := w.write(EnvelopeAttempted{Envelope: id, Route: ByMesh, Outcome: Turned}, prepared.ID)
	late := w.write(ReceiptOverdue{Envelope: id}, turned.ID)
	due := fact.At(now.Add(time.Hour))
	asked := w.write(SendingAskedAgain{Envelope: id, Due: due}, late.ID)
	all([]fact.Fact{prepared, turned, late, asked}, func(facts []fact.Fact) {
		e := state(t, facts...)[0]
		if e.NeedsPerson() || e.Tries() != 0 || e.Due != due || e.Standing() != Waiting || e.Endings.Again != 1 {
			t.Fatalf("%s, tries %d, due %v", e.Standing(), e.Tries(), e.Due.Time())
		}
	})
	other := &writer{t: t, feed: fact.FeedID{2}}
	apart := other.write(EnvelopeAttempted{Envelope: id, Route: ByMesh, Outcome: Turned}, prepared.ID)
	all([]fact.Fact{prepared, turned, late, asked, apart}, func(facts []fact.Fact) {
		if e := state(t, facts...)[0]; !e.NeedsPerson() || e.Tries() != 1 {
			t.Fatalf("refused apart from the asking: %s, tries %d", e.Standing(), e.Tries())
		}
	})
	old := state(t, prepared, turned, late)[0].Timer()
	if e := state(t, prepared, turned, late, asked)[0]; e.Timer() == old {
		t.Fatal("the second receipt has the timer of the first: its task is done already")
	}
}

func TestWhatEndsAnEnvelope(t *testing.T) {
	w := &writer{t: t, feed: fact.FeedID{1}}
	hash := fact.Hash(sha256.Sum256([]byte("x")))
	id := EnvelopeIDOf(caseID, hash)
	prepared := w.write(EnvelopePrepared{Envelope: id, Carries: CarriesLetter, Content: hash, Due: fact.At(now), Routes: []Route{ByEmail}})
	withdrawn := w.write(EnvelopeWithdrawn{Envelope: id, Why: "The patient has died."}, prepared.ID)
	given := w.write(EnvelopeGiven{Envelope: id, Route: ByPaper}, prepared.ID)
	mailed := w.write(EnvelopeAttempted{Envelope: id, Route: ByEmail, Outcome: Handed}, prepared.ID)
	receipt := w.write(ReceiptReceived{Receipt: Receipt{Envelope: id, Content: hash}}, prepared.ID)
	late := w.write(ReceiptOverdue{Envelope: id}, prepared.ID)
	for _, one := range []struct {
		facts []fact.Fact
		want  Standing
	}{
		{[]fact.Fact{prepared, late}, Late},
		{[]fact.Fact{prepared, late, withdrawn}, Withdrawn},
		{[]fact.Fact{prepared, withdrawn, given}, Given},
		{[]fact.Fact{prepared, late, mailed}, PassedOn},
		{[]fact.Fact{prepared, withdrawn, receipt}, Delivered},
	} {
		all(one.facts, func(facts []fact.Fact) {
			e := state(t, facts...)[0]
			if e.Standing() != one.want || e.Ended() == (one.want == Late) {
				t.Fatalf("%s, want %s", e.Standing(), one.want)
			}
		})
	}
	e := state(t, prepared, withdrawn)[0]
	if Withdraw(e, "again") != nil {
		t.Error("withdrawn twice")
	}
	if _, err := AskAgain(e, handler, now.Add(time.Hour), now); err == nil {
		t.Error("what was withdrawn is sent again")
	}
}
