package root

import (
	"math/rand/v2"
	"strings"
	"testing"

	"holdfast/fact"
)

func secret(t *testing.T, seed byte) Secret {
	t.Helper()
	m, err := Make(rand.NewChaCha8([32]byte{seed}), 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	return m.Secrets[1]
}

func TestWordsComeBack(t *testing.T) {
	for seed := range 50 {
		s := secret(t, byte(seed))
		back, err := ReadWords(strings.Join(s.Words(), "\n"))
		if err != nil || back != s {
			t.Fatalf("%v, %v", back == s, err)
		}
		if back, err = ReadWords(strings.Join(s.Words(), " ")); err != nil || back != s {
			t.Fatalf("as a code: %v, %v", back == s, err)
		}
		short := "" // the first four letters are enough
		for _, w := range strings.Fields(strings.Join(s.Words(), " ")) {
			short += w[:min(4, len(w))] + " "
		}
		if back, err = ReadWords(short); err != nil || back != s {
			t.Fatalf("four letters: %v, %v", back == s, err)
		}
	}
}

func TestTheListOfWords(t *testing.T) {
	all, at := list()
	if len(all) != 2048 || len(at) != 2048 {
		t.Fatalf("%d words, %d different", len(all), len(at))
	}
	four := map[string]string{}
	for i, w := range all {
		if i > 0 && all[i-1] >= w {
			t.Errorf("%s stands after %s", w, all[i-1])
		}
		short := w[:min(4, len(w))]
		if other, ok := four[short]; ok {
			t.Errorf("%s and %s begin alike", w, other)
		}
		four[short] = w
	}
}

// TestEverySlipIsFound: at each of the 56 places a wrong word, and each swap of
// neighbours and of lines, is refused, and the refusal names the line.
func TestEverySlipIsFound(t *testing.T) {
	s := secret(t, 7)
	all, at := list()
	missed, tried := 0, 0
	for line := range Lines {
		good := strings.Fields(s.Words()[line])
		for place := range good {
			for step := 1; step < 2048; step += 97 {
				bad := append([]string(nil), good...)
				bad[place] = all[(at[good[place]]+step)%2048]
				tried++
				if _, err := Line(line, strings.Join(bad, " ")); err == nil {
					missed++
				} else if !strings.Contains(err.Error(), "Line "+string(rune('1'+line))) {
					t.Errorf("%v does not name line %d", err, line+1)
				}
			}
			if place > 0 && good[place] != good[place-1] {
				bad := append([]string(nil), good...)
				bad[place], bad[place-1] = bad[place-1], bad[place]
				if _, err := Line(line, strings.Join(bad, " ")); err == nil {
					t.Errorf("line %d: words %d and %d swapped", line+1, place, place+1)
				}
			}
		}
		if _, err := Line((line+1)%Lines, strings.Join(good, " ")); err == nil {
			t.Errorf("line %d passes as the next", line+1)
		}
	}
	if missed > tried/100 { // an 11-bit check misses 1 of 2,048
		t.Errorf("%d of %d wrong words were not found", missed, tried)
	}
}

func TestAWordIsCheckedAsItIsTyped(t *testing.T) {
	for typed, want := range map[string]string{"abandon": "abandon", "ABAN": "abandon", " zoo ": "zoo", "abou": "about"} {
		if got, err := Word(typed); err != nil || got != want {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
	for typed, hint := range map[string]string{"abandom": "abandon", "zooo": "zoo", "abuot": "about", "xyzzy": "Look at the page"} {
		if _, err := Word(typed); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

func TestTheRootOfAnOrganisation(t *testing.T) {
	m, err := Make(rand.NewChaCha8([32]byte{1}), 5, 3)
	if err != nil {
		t.Fatal(err)
	}
	g := (fact.Genesis{Suite: fact.Suite, Name: "Example", Roots: m.Publics(), Threshold: 3, Recovery: m.Recovery}).Set()
	key, wrong, err := Recover(g, []Secret{m.Secrets[4], m.Secrets[0], m.Secrets[2]})
	if err != nil || len(wrong) > 0 {
		t.Fatal(err)
	}
	sealed, err := SealEpoch(g, 1, key.PublicKey().Bytes()) // any bytes
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenEpoch(g, 2, key, sealed); err == nil {
		t.Error("it opens under another number")
	}
	for name, held := range map[string][]Secret{
		"two of three": m.Secrets[:2], "one of them twice": {m.Secrets[0], m.Secrets[1], m.Secrets[1]},
		"a page of another organisation": {m.Secrets[0], m.Secrets[1], secret(t, 9)},
	} {
		if _, _, err := Recover(g, held); err == nil {
			t.Errorf("%s recovers", name)
		}
	}
	if _, err := Make(rand.NewChaCha8([32]byte{}), 3, 1); err == nil {
		t.Error("one of three may be enough")
	}
	p, err := PageOf(g, m.Secrets[3], "<b>Dr A. Guardian</b>", true)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := p.Write(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Key 4 of 5", "any 3 of 5", p.Lines[7], "&lt;b&gt;Dr A.", "outside guardian", "<svg"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(out.String(), "http://") && strings.Count(out.String(), "http") > 1 {
		t.Error("the page names something outside")
	}
}

// TestAWrongPageIsNamed: a slip in the lines that hold a page's part, which the
// signing key can't show, is found by any further page; without one the refusal
// says which lines to compare.
func TestAWrongPageIsNamed(t *testing.T) {
	m, err := Make(rand.NewChaCha8([32]byte{2}), 5, 3)
	if err != nil {
		t.Fatal(err)
	}
	g := (fact.Genesis{Suite: fact.Suite, Name: "Example", Roots: m.Publics(), Threshold: 3, Recovery: m.Recovery}).Set()
	lines := m.Secrets[1].Words()
	lines[6] = m.Secrets[3].Words()[6] // of another page: every check word holds
	mixed, err := ReadWords(strings.Join(lines, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := mixed.Fits(g); err != nil {
		t.Fatal(err)
	}
	pages := func(n ...int) []Secret {
		var out []Secret
		for _, i := range n {
			if i == 1 {
				out = append(out, mixed)
			} else {
				out = append(out, m.Secrets[i])
			}
		}
		return out
	}
	for _, held := range [][]Secret{pages(0, 1, 2, 3), pages(1, 4, 3, 2, 0), pages(4, 3, 2, 1)} {
		key, wrong, err := Recover(g, held)
		if err != nil || string(key.PublicKey().Bytes()) != string(m.Recovery) || string(wrong) != "\x02" {
			t.Errorf("%d pages: wrong %v, %v", len(held), wrong, err)
		}
	}
	if _, _, err := Recover(g, pages(0, 1, 2)); err == nil || !strings.Contains(err.Error(), "Pages 1, 2, 3") || !strings.Contains(err.Error(), "lines 5 to 8") {
		t.Errorf("%v", err)
	}
	two := pages(0, 1, 2, 3)
	two[0].Part[31] ^= 1
	if _, _, err := Recover(g, two); err == nil || !strings.Contains(err.Error(), "No 3 of these 4 pages") {
		t.Errorf("%v", err)
	}
}
