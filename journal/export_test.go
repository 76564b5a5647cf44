package journal

import (
	"testing"

	"holdfast/fact"
)

// A fork leaves in an export as branches: each further one begins where it
// parts from the first.
func TestAForkIsExportedAsBranches(t *testing.T) {
	o := testOptions(t)
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s := newSubject(t, a)
	say(t, a, s, "before")
	b, _ := sister(t, a, fact.SiteNode, "b")
	meet(t, a, b)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	twin := o
	twin.Dir = t.TempDir()
	copyFolder(t, o.Dir, twin.Dir)
	a, clone := reopen(t, o), reopen(t, twin)
	say(t, a, s, "the first")
	say(t, clone, s, "the second")
	pull(t, a, b)
	pull(t, clone, b)
	source, err := OpenExport(t.Context(), b.o.Dir, b.o)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	branches, err := source.Branches()
	if err != nil {
		t.Fatal(err)
	}
	forks := 0
	for i, branch := range branches {
		if branch.Branch == 0 {
			continue
		}
		forks++
		trunk := exported(t, source, branches[i-branch.Branch])
		own := exported(t, source, branch)
		if branch.First == 0 || len(own) == 0 || uint64(len(trunk)) <= branch.First || own[0].Seq != branch.First {
			t.Fatalf("%+v: %d and %d facts", branch, len(trunk), len(own))
		}
		if before := trunk[branch.First-1]; own[0].Prev != before.ID() || own[0].ID() == trunk[branch.First].ID() {
			t.Error("it does not part there")
		}
	}
	if forks == 0 {
		t.Error("no branch")
	}
}

func exported(t *testing.T, s *ExportSource, b ExportBranch) []fact.Header {
	t.Helper()
	var out []fact.Header
	err := s.Facts(b, func(header, _ []byte) error {
		h, err := fact.ParseHeader(header)
		out = append(out, h)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
