package accessdb

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
)

func benched(b *testing.B) (*Gate, access.Caller, string) {
	b.Helper()
	ctx := context.Background()
	o := journal.Options{Dir: b.TempDir(), Views: []journal.View{View{}}, Demo: true}
	if err := journal.Found(ctx, o, journal.Founding{Name: "Fellside 111", ODS: "FEL01", DeviceName: "site"}); err != nil {
		b.Fatal(err)
	}
	j, err := journal.Open(ctx, o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := j.Close(); err != nil {
			b.Error(err)
		}
	})
	g, device := NewGate(j, time.Now), access.Caller{Role: access.Device}
	g.Policy = shifts()
	person, err := g.AddStaff(ctx, device, access.PersonAdded{Name: "P. Varma"}, []access.Role{access.Clinician})
	if err != nil {
		b.Fatal(err)
	}
	link, err := g.MakeLink(ctx, device, person, access.Clinician, access.ForSignIn, time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	token, by, err := g.UseLink(ctx, link, link, "desk 6")
	if err != nil {
		b.Fatal(err)
	}
	return g, by, token
}

func subject(b *testing.B) fact.Subject {
	s, err := fact.NewSubject(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// Permission and audit of a verb that writes: its own fact is the audit.
func BenchmarkEnterVerb(b *testing.B) {
	g, by, _ := benched(b)
	ctx, about := context.Background(), subject(b)
	for b.Loop() {
		if err := g.Enter(ctx, by, access.WriteNote, about); err != nil {
			b.Fatal(err)
		}
	}
}

// A look at a record that the same session looked at a moment ago.
func BenchmarkEnterAgain(b *testing.B) {
	g, by, _ := benched(b)
	ctx, about := context.Background(), subject(b)
	for b.Loop() {
		if err := g.Enter(ctx, by, access.SeeCase, about); err != nil {
			b.Fatal(err)
		}
	}
}

// A first look, with its commit; take BenchmarkCommit off for the gate's part.
func BenchmarkEnterLook(b *testing.B) {
	g, by, _ := benched(b)
	ctx := context.Background()
	for b.Loop() {
		if err := g.Enter(ctx, by, access.SeeCase, subject(b)); err != nil {
			b.Fatal(err)
		}
	}
}

// The same fact committed without the gate.
func BenchmarkCommit(b *testing.B) {
	g, by, _ := benched(b)
	ctx := context.Background()
	for b.Loop() {
		d := fact.Say(by.Session, access.Looked{Act: access.SeeCase, About: subject(b), Relation: access.OnShift, Purpose: access.DirectCare})
		d.Class = fact.ClassAudit
		if _, err := g.journal.Do(ctx, by.Author(), nil, func(*journal.Tx) ([]fact.Draft, error) { return []fact.Draft{d}, nil }); err != nil {
			b.Fatal(err)
		}
	}
}

// Who is asking, from the token: what every request pays first.
func BenchmarkCaller(b *testing.B) {
	g, _, token := benched(b)
	ctx := context.Background()
	for b.Loop() {
		if _, err := g.Caller(ctx, token); err != nil {
			b.Fatal(err)
		}
	}
}

// Who is asking, late in a shift with 400 looks in the session.
func BenchmarkCallerLateInTheShift(b *testing.B) {
	g, by, token := benched(b)
	ctx := context.Background()
	for range 400 {
		if err := g.Enter(ctx, by, access.SeeCase, subject(b)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := g.Caller(ctx, token); err != nil {
			b.Fatal(err)
		}
	}
}
