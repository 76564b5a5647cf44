package content

import (
	"crypto/ed25519"
	"strings"
	"testing"
	"testing/fstest"

	"holdfast/fact/refusal"
)

func small(t *testing.T) *Set {
	t.Helper()
	s, err := Load(fstest.MapFS{
		"a.csv":           {Data: []byte("# version: 2\n# status: draft\n# source: a book: page 1\nx,y\n1,\"2,3\"\n")},
		"triage/b.triage": {Data: []byte("complaint: b\nversion: 3\nstatus: signed\nsource: \"NICE\"\nfacts:\n  version: 9\n")},
		"readme.md":       {Data: []byte("not content")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLoadReadsVersionSourceStatusAndHash(t *testing.T) {
	s := small(t)
	a, err := s.File("a.csv")
	if err != nil || a.Version != 2 || a.Source != "a book: page 1" || a.Status != Draft || string(a.Body) != "x,y\n1,\"2,3\"\n" {
		t.Fatalf("%+v %v", a, err)
	}
	b, err := s.File("triage/b.triage")
	if err != nil || b.Version != 3 || b.Source != "NICE" || b.Status != Signed || len(b.Hash.String()) != 64 {
		t.Fatalf("%+v %v", b, err)
	}
	if len(s.Manifest()) != 2 || len(s.Under("triage")) != 1 || len(s.Under("tri")) != 0 {
		t.Fatal("wrong files listed")
	}
	if _, err := s.File("c.csv"); !refusal.Is(err, refusal.Missing) {
		t.Fatal(err)
	}
}

func TestLoadRefusesWhatDoesNotSayWhatItIs(t *testing.T) {
	for name, text := range map[string]string{
		"version": "# status: draft\n# source: s\nx\n", "version must": "# version: 0\n# status: draft\n# source: s\nx\n",
		"source": "# version: 1\n# status: draft\nx\n", "status": "# version: 1\n# status: final\n# source: s\nx\n",
	} {
		_, err := Load(fstest.MapFS{"a.csv": {Data: []byte(text)}})
		if !refusal.Is(err, refusal.Invalid) || !strings.Contains(err.Error(), strings.Fields(name)[0]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTables(t *testing.T) {
	s := small(t)
	table, err := s.Table("a.csv", "x", "y")
	if err != nil || table.Len() != 1 || table.Cell(0, "y") != "2,3" || table.Cell(0, "z") != "" {
		t.Fatalf("%+v %v", table, err)
	}
	if _, err := s.Table("a.csv", "z"); !refusal.Is(err, refusal.Invalid) {
		t.Fatal("a missing column must be refused")
	}
}

func TestHashChangesWithAnyByte(t *testing.T) {
	one, err := small(t).HashOf("triage/b.triage", "a.csv")
	two, _ := small(t).HashOf("a.csv", "triage/b.triage")
	if err != nil || one != two {
		t.Fatal("the order of names must not matter")
	}
	s := small(t)
	s.files[0].Hash[5] ^= 1
	if three, _ := s.HashOf("a.csv", "triage/b.triage"); three == one {
		t.Fatal("a changed byte must show")
	}
}

func approve(t *testing.T, s *Set, key ed25519.PrivateKey) []byte {
	t.Helper()
	raw, err := Approval{Organisation: "NDX12", Audience: CallHandler, Nation: England, Signer: "Dr A. Example", Signed: "2026-11-01",
		Files: s.Manifest()}.Sign(key)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func keys(seed byte) (ed25519.PublicKey, ed25519.PrivateKey) {
	private := ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), 32)))
	return private.Public().(ed25519.PublicKey), private
}

func TestUnsignedContentRunsOnlyInDemonstration(t *testing.T) {
	s := small(t)
	if err := s.MayRun(CallHandler, England, true); err != nil {
		t.Fatal(err)
	}
	err := s.MayRun(CallHandler, England, false)
	if !refusal.Is(err, refusal.Forbidden) || !strings.Contains(err.Error(), "a.csv, version 2, is not signed for call-handler use in England") {
		t.Fatal(err)
	}
	if s.Unsigned() != 2 {
		t.Fatal("both files are unsigned, whatever their own status says")
	}
	public, private := keys('a')
	a, err := ReadApproval(approve(t, s, private), "NDX12", public)
	if err != nil {
		t.Fatal(err)
	}
	signed := s.WithApprovals(a)
	if err := signed.MayRun(CallHandler, England, false); err != nil {
		t.Fatal(err)
	}
	if signed.Unsigned() != 0 || s.Unsigned() != 2 {
		t.Fatal("approvals belong to the new set alone")
	}
	if signed.MayRun(Public, England, false) == nil || signed.MayRun(CallHandler, Wales, false) == nil {
		t.Fatal("an approval is for one audience and nation")
	}
	signed.files[1].Hash[0] ^= 1
	if signed.MayRun(CallHandler, England, false) == nil || signed.MayRun(CallHandler, England, false, "a.csv") != nil {
		t.Fatal("a file that was changed is not signed; the other still is")
	}
	if !refusal.Is(s.MayRun("anyone", England, true), refusal.Invalid) || !refusal.Is(s.MayRun(Public, "France", true), refusal.Invalid) {
		t.Fatal("unknown audiences and nations are refused")
	}
}

func TestApprovalsCannotBeForged(t *testing.T) {
	s := small(t)
	public, private := keys('a')
	other, _ := keys('b')
	raw := approve(t, s, private)
	for i := range raw {
		bad := append([]byte(nil), raw...)
		bad[i] ^= 1
		if a, err := ReadApproval(bad, "NDX12", public); err == nil {
			t.Fatalf("byte %d changed and it still reads: %+v", i, a)
		}
	}
	if _, err := ReadApproval(raw, "NDX12", other); !refusal.Is(err, refusal.Forbidden) {
		t.Fatalf("another key: %v", err)
	}
	if _, err := ReadApproval(raw, "NDX13", public); !refusal.Is(err, refusal.Forbidden) {
		t.Fatalf("another organisation: %v", err)
	}
	for _, cut := range []int{0, 10, len(raw) / 2, len(raw) - 2} {
		if _, err := ReadApproval(raw[:cut], "NDX12", public); err == nil {
			t.Fatalf("cut at %d and it still reads", cut)
		}
	}
	if _, err := ReadApproval(raw, "NDX12", nil); err == nil {
		t.Fatal("no key, no approval")
	}
	if _, err := (Approval{Organisation: "N\nfile: x", Audience: Public, Nation: Wales, Signer: "x", Signed: "x"}).Sign(private); err == nil {
		t.Fatal("a line break could forge a line")
	}
}

func TestShippedContentLoads(t *testing.T) {
	s, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"dispositions.csv", "outcomes.csv", "news2.csv", "triage/chest-pain.triage", "triage/lang/cy.yaml"} {
		if _, err := s.File(want); err != nil {
			t.Error(err)
		}
	}
	if s.Unsigned() != len(s.Manifest()) {
		t.Error("what ships is example content and must not claim a signature")
	}
	for _, f := range s.Under("") {
		if f.Status == Signed {
			t.Errorf("%s says it is signed", f.Path)
		}
	}
}
