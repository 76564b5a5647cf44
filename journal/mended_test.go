package journal

import (
	"strings"
	"testing"

	"holdfast/fact"
)

func TestADamagedFactIsMendedAndNeverTaught(t *testing.T) {
	o := testOptions(t)
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s := newSubject(t, a)
	for range 6 {
		say(t, a, s, "six")
	}
	b, _ := sister(t, a, fact.SiteNode, "b")
	c, _ := sister(t, a, fact.SiteNode, "c")
	meet(t, a, b)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := openExisting(filePath(o.Dir, 1), Disk{})
	if err != nil {
		t.Fatal(err)
	}
	for _, damage := range []string{
		"UPDATE facts SET body=zeroblob(length(body)) WHERE feed=2 AND seq=2", "DELETE FROM facts WHERE feed=2 AND seq=4",
		"UPDATE tree SET hashes=zeroblob(length(hashes)) WHERE feed=3 OR feed=1 AND first=0",
	} {
		if err := f.write.exec(damage); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	if a, err = Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		holds(t, o)
	}()
	if n, err := a.Scrub(t.Context()); err != nil || n != 2 {
		t.Fatalf("%d lost, %v", n, err)
	}
	for _, tip := range a.Tips() {
		if tip.Lane != fact.Care {
			continue
		}
		if r, err := a.ReadRange(t.Context(), c.papers.card.Device, tip.Place(), 0, 1<<20); err == nil {
			t.Errorf("damage was read out: %d facts", len(r.Headers))
		}
	}
	lost, err := a.Lost(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.ProvedAt(t.Context(), a.papers.card.Device, lost)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.ReceiveProved(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if n, err := a.Scrub(t.Context()); err != nil || n != 0 {
		t.Fatalf("%d lost after mending, %v", n, err)
	}
	if got := texts(t, a, s); len(got) != 6 {
		t.Errorf("has %q", got)
	}
}

// TestADamagedHeadIsPassedOverAndComesAgain damages heads of another device's
// feed: the newest, which comes again, and one in between, which is not served.
func TestADamagedHeadIsPassedOverAndComesAgain(t *testing.T) {
	o := testOptions(t)
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := sister(t, a, fact.SiteNode, "b")
	c, _ := sister(t, a, fact.SiteNode, "c")
	s := newSubject(t, b)
	for range 4 {
		say(t, b, s, "from b")
		pull(t, b, a)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := openExisting(filePath(o.Dir, 1), Disk{})
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{2, 4} {
		if err := f.write.exec("UPDATE heads SET head=zeroblob(length(head)) WHERE size=? AND feed=(SELECT f.feed FROM facts f JOIN subjects s ON s.num=f.subject WHERE s.subject=? LIMIT 1)", int64(size), s[:]); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	if a, err = Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, tip := range a.Tips() {
		if tip.Lane == fact.Care && tip.Size == 4 {
			t.Error("a head that does not hold is offered")
		}
	}
	pull(t, a, c)
	if got := texts(t, c, s); len(got) != 3 {
		t.Errorf("c has %q by way of a", got)
	}
	pull(t, b, a)
	if got := texts(t, a, s); len(got) != 4 {
		t.Errorf("a has %q", got)
	}
	r, err := Verify(t.Context(), o.Dir, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Failures {
		if !strings.Contains(f.Place, "head 2") {
			t.Errorf("verify: %s: %s", f.Place, f.What)
		}
	}
}
