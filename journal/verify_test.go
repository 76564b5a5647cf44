package journal

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// smallJournal is a closed journal with a little of everything.
func smallJournal(t *testing.T) Options {
	t.Helper()
	o := testOptions(t)
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	j, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s := newSubject(t, j)
	_, err = j.Do(t.Context(), fact.Author{Role: "tester"}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{
			fact.Say(s, said{"one"}).With(fact.Blob{Media: "text/plain", Bytes: []byte("a letter")}),
			fact.Say(s, said{"two"}), fact.Say(s, looked{"a look"}),
		}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	say(t, j, s, "three")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return o
}

// blob is one stored value: where it is, and the place that Verify must name.
type blob struct {
	table, column, where string
	bytes                []byte
	place                string
}

func blobs(t *testing.T, c *sqlConn) []blob {
	t.Helper()
	var out []blob
	read := func(query string, row func(v []driverValue)) {
		if err := c.each(query, func(v []driverValue) error { row(v); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	read("SELECT f.pos, f.seq, f.header, f.body, e.feed, e.lane FROM facts f JOIN feeds e ON e.num=f.feed ORDER BY f.pos", func(v []driverValue) {
		place := fmt.Sprintf("feed %x, %s, seq %d", v[4].([]byte)[:4], fact.Lane(v[5].(int64)), v[1])
		where := fmt.Sprintf("pos=%d", v[0])
		out = append(out, blob{"facts", "header", where, v[2].([]byte), place}, blob{"facts", "body", where, v[3].([]byte), place})
	})
	read("SELECT h.feed, h.size, h.head, e.feed, e.lane FROM heads h JOIN feeds e ON e.num=h.feed", func(v []driverValue) {
		place := fmt.Sprintf("feed %x, %s, head %d", v[3].([]byte)[:4], fact.Lane(v[4].(int64)), v[1])
		out = append(out, blob{"heads", "head", fmt.Sprintf("feed=%d AND size=%d", v[0], v[1]), v[2].([]byte), place})
	})
	read("SELECT subject, kid, wrap FROM wraps", func(v []driverValue) {
		out = append(out, blob{"wraps", "wrap", fmt.Sprintf("kid=x'%x'", v[1]), v[2].([]byte), fmt.Sprintf("wrap of subject %x", v[0])})
	})
	read("SELECT hash, sealed FROM attachments", func(v []driverValue) {
		out = append(out, blob{"attachments", "sealed", fmt.Sprintf("hash=x'%x'", v[0]), v[1].([]byte), fmt.Sprintf("attachment %x", v[0])})
	})
	read("SELECT t.feed, t.first, t.hashes, e.feed FROM tree t JOIN feeds e ON e.num=t.feed", func(v []driverValue) {
		out = append(out, blob{"tree", "hashes", fmt.Sprintf("feed=%d AND first=%d", v[0], v[1]), v[2].([]byte), fmt.Sprintf("feed %x", v[3].([]byte)[:4])})
	})
	read("SELECT hash, signed FROM papers", func(v []driverValue) {
		out = append(out, blob{"papers", "signed", fmt.Sprintf("hash=x'%x'", v[0]), v[1].([]byte), "paper"})
	})
	return out
}

// TestEveryByteIsNoticed changes every byte of everything stored, one at a
// time: each time the inspection must fail and name the place.
func TestEveryByteIsNoticed(t *testing.T) {
	o := smallJournal(t)
	if r := holds(t, o); r.Facts != 8 || r.Feeds != 3 || r.Attachments != 1 || r.Wraps != 3 || r.Heads != 4 {
		t.Errorf("the untouched journal: %+v", r)
	}
	keys, err := openKeybox(filepath.Join(o.Dir, keysFolder), o, Disk{})
	if err != nil {
		t.Fatal(err)
	}
	openers, err := openersOf(keys)
	if err != nil {
		t.Fatal(err)
	}
	f, err := openExisting(filepath.Join(o.Dir, firstFile), Disk{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	flips := 0
	for _, b := range blobs(t, f.write) {
		for i := 0; i < len(b.bytes); i += slower {
			changed := bytes.Clone(b.bytes)
			changed[i] ^= 1 << (i % 8)
			if err := f.write.exec("BEGIN"); err != nil {
				t.Fatal(err)
			}
			if err := f.write.exec("UPDATE "+b.table+" SET "+b.column+"=? WHERE "+b.where, changed); err != nil {
				t.Fatal(err)
			}
			named := false
			for _, l := range inspect(f.write, openers).Failures {
				named = named || strings.HasPrefix(l.Place, b.place)
			}
			if !named {
				t.Fatalf("byte %d of %s.%s (%s) changed and the inspection does not name %q", i, b.table, b.column, b.where, b.place)
			}
			if err := f.write.exec("ROLLBACK"); err != nil {
				t.Fatal(err)
			}
			flips++
		}
	}
	t.Logf("%d bytes changed, one at a time", flips)
}

// TestVerifySeesTheFile changes bytes in the file itself, under SQLite.
func TestVerifySeesTheFile(t *testing.T) {
	o := smallJournal(t)
	path := filepath.Join(o.Dir, firstFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := openExisting(path, Disk{})
	if err != nil {
		t.Fatal(err)
	}
	all := blobs(t, f.write)
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	for _, b := range all {
		at := bytes.Index(whole, b.bytes)
		if at < 0 {
			continue // it lies on more than one page
		}
		changed := bytes.Clone(whole)
		changed[at+len(b.bytes)/2] ^= 1
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Verify(t.Context(), o.Dir, o)
		if err != nil {
			t.Fatal(err)
		}
		named := false
		for _, l := range r.Failures {
			named = named || strings.HasPrefix(l.Place, b.place)
		}
		if !named {
			t.Errorf("%s.%s (%s) changed in the file: Verify says %+v", b.table, b.column, b.where, r.Failures)
		}
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	holds(t, o)
}

// TestVerifyNoticesWhatIsMissing removes, moves and doubles rows.
func TestVerifyNoticesWhatIsMissing(t *testing.T) {
	o := smallJournal(t)
	for _, damage := range []string{
		"DELETE FROM facts WHERE pos=6",
		"DELETE FROM facts WHERE pos=(SELECT max(pos) FROM facts)",
		"DELETE FROM heads WHERE size=3",
		"DELETE FROM heads",
		"DELETE FROM wraps",
		"DELETE FROM attachments",
		"DELETE FROM tree WHERE feed=2",
		"DELETE FROM papers WHERE sort=3",
		"DELETE FROM papers WHERE sort=1",
		"DELETE FROM feeds WHERE lane=3",
		"DELETE FROM meta WHERE name='start'",
		"UPDATE facts SET subject=(SELECT min(num) FROM subjects) WHERE pos=6",
		"UPDATE facts SET seq=seq+7 WHERE pos=6",
		"UPDATE facts SET feed=1 WHERE pos=6",
		"UPDATE facts SET id=zeroblob(32) WHERE pos=6",
		"INSERT INTO facts SELECT 99, feed, seq, id, subject, header, body FROM facts WHERE pos=6",
		"UPDATE wraps SET subject=zeroblob(16)",
		"INSERT INTO heads SELECT feed, 77, head, at FROM heads WHERE size=3",
	} {
		broken := o
		broken.Dir = t.TempDir()
		copyFolder(t, o.Dir, broken.Dir)
		f, err := openExisting(filepath.Join(broken.Dir, firstFile), Disk{})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.write.exec(damage); err != nil {
			t.Fatal(err)
		}
		if err := f.close(); err != nil {
			t.Fatal(err)
		}
		r, err := Verify(t.Context(), broken.Dir, broken)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Failures) == 0 {
			t.Errorf("%s: Verify says that all holds", damage)
		}
	}
}

func TestVerifyNeedsAJournal(t *testing.T) {
	if _, err := Verify(t.Context(), t.TempDir(), Options{}); !refusal.Is(err, refusal.Missing) {
		t.Errorf("an empty folder gave %v", err)
	}
}

// TestVerifyBesideAnOpenJournal reads one moment of a journal at work.
func TestVerifyBesideAnOpenJournal(t *testing.T) {
	o := testOptions(t)
	j := newJournal(t, o)
	s := newSubject(t, j)
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				say(t, j, s, "at work")
			}
		}
	}()
	for range 5 {
		holds(t, o)
	}
	close(stop)
	<-done
}
