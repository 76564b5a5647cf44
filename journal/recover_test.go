package journal

import (
	"bytes"
	"crypto/hpke"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/fact/root"
)

// heldByThree founds an organisation whose keys three hold, any two of whom agree.
func heldByThree(t *testing.T) (*Journal, Options, root.Made) {
	t.Helper()
	made, err := root.Make(rand.Reader, 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	o, f := testOptions(t), testFounding()
	f.Root = &made
	if err := Found(t.Context(), o, f); err != nil {
		t.Fatal(err)
	}
	return reopen(t, o), o, made
}

// back recovers from a copy of a journal that is closed by then.
func back(t *testing.T, from Options, made root.Made) (*Journal, *Recovery) {
	t.Helper()
	left := t.TempDir()
	raw, err := os.ReadFile(filepath.Join(from.Dir, firstFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(left, firstFile), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	o, r := testOptions(t), &Recovery{From: left, Held: made.Secrets[1:], Name: "New node", Domain: "barn"}
	report, err := Recover(t.Context(), o, r)
	if err != nil || len(report.Failures) > 0 {
		t.Fatalf("%+v %v", report.Failures, err)
	}
	return reopen(t, o), r
}

// What lies in the vault opens after the organisation came back from pages and
// a copy, and the copy alone opens nothing. A copy without the vault's key
// brings the record back and says what it lacks.
func TestTheVaultComesBackFromPaper(t *testing.T) {
	j, o, made := heldByThree(t)
	info, code := []byte("home 1"), []byte("the code")
	sealed, err := j.Vault().Seal(info, code)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	again, r := back(t, o, made)
	if plain, err := again.Vault().Open(info, sealed); err != nil || !bytes.Equal(plain, code) || len(r.Lacking) > 0 {
		t.Errorf("%q %v, lacking %v", plain, err, r.Lacking)
	}
	f, err := openExisting(filePath(o.Dir, 1), Disk{})
	if err != nil {
		t.Fatal(err)
	}
	row, err := f.write.oneBytes("SELECT value FROM meta WHERE name=?", recoveryName+keyVault)
	if err != nil || len(row) == 0 {
		t.Fatal("nothing is kept", err)
	}
	if private, err := j.vault.first.Bytes(); err != nil || bytes.Contains(row, private) {
		t.Error("the vault's key lies open in the journal", err)
	}
	if err := f.write.exec("UPDATE meta SET value=? WHERE name=?", flipped(row, len(row)-1), recoveryName+keyVault); err != nil {
		t.Fatal(err)
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	if without, r := back(t, o, made); without.Vault().Opens() || len(r.Lacking) != 1 {
		t.Errorf("lacking %v", r.Lacking)
	}
}

// admitted enrols another site node by the signatures of holders.
func admitted(t *testing.T, j *Journal, made root.Made, name string) *Journal {
	t.Helper()
	o := testOptions(t)
	ask, err := Ask(t.Context(), o, fact.SiteNode, name, name+"'s cellar")
	if err != nil {
		t.Fatal(err)
	}
	card, err := j.CardFor(ask)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range made.Secrets[:2] {
		if err := fact.Cosign(&card, j.Genesis().Set(), s.Key()); err != nil {
			t.Fatal(err)
		}
	}
	a, err := j.EnrolSigned(t.Context(), fact.Author{Role: "administrator"}, ask, card)
	if err != nil {
		t.Fatal(err)
	}
	if err := Join(t.Context(), o, a); err != nil {
		t.Fatal(err)
	}
	return reopen(t, o)
}

// What was written, and put into the vault, after a new epoch began comes back
// from paper as well.
func TestLaterEpochsComeBackFromPaper(t *testing.T) {
	j, o, made := heldByThree(t)
	s := newSubject(t, j)
	say(t, j, s, "before")
	r := admitted(t, j, made, "r")
	settle(t, j, r)
	cutOff(t, j, r)
	tend(t, j)
	say(t, j, s, "after")
	sealed, err := j.Vault().Seal([]byte("home"), []byte("new code"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Vault().Open([]byte("home"), sealed); err == nil {
		t.Fatal("the vault was not turned")
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := OpenExport(t.Context(), o.Dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if epochs, err := out.Epochs(); err != nil || len(epochs) != 2 || bytes.Equal(epochs[1], epochs[2]) {
		t.Errorf("an export with keys has %d epochs, %v", len(epochs), err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	again, report := back(t, o, made)
	reads(t, again, s, "before", "after")
	if plain, err := again.Vault().Open([]byte("home"), sealed); err != nil || string(plain) != "new code" || len(report.Lacking) > 0 {
		t.Errorf("%q %v, lacking %v", plain, err, report.Lacking)
	}
	tend(t, again)
	say(t, again, s, "on the new node")
	stolen(t, r, again)
	reads(t, r, s, "before")
}

// Whoever can write the copy puts an organisation key of their own into it, sealed
// to the holders like the true one: it is found out, and the record is brought
// back with it by those alone who say so.
func TestAKeyThatSomebodyPutIntoTheCopyIsFoundOut(t *testing.T) {
	j, o, made := heldByThree(t)
	g := j.papers.genesis
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	thief, err := hpke.MLKEM768X25519().GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	private, err := thief.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := root.SealEpoch(g.Set(), 1, private)
	if err != nil {
		t.Fatal(err)
	}
	f, err := openExisting(filePath(o.Dir, 1), Disk{})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.write.exec("UPDATE meta SET value=? WHERE name=?", sealed, recoveryRow); err != nil {
		t.Fatal(err)
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	r := &Recovery{From: o.Dir, Held: made.Secrets[1:], Name: "New node", Domain: "barn"}
	if _, err := Recover(t.Context(), testOptions(t), r); !refusal.Is(err, refusal.Invalid) {
		t.Errorf("a thief's key was taken for the organisation's: %v", err)
	}
	r = &Recovery{From: o.Dir, Held: made.Secrets[1:], Name: "New node", Domain: "barn", Unproved: true}
	if report, err := Recover(t.Context(), testOptions(t), r); err != nil || len(report.Failures) == 0 {
		t.Errorf("with their word: %+v %v", report.Failures, err)
	}
}
