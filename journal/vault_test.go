package journal

import (
	"bytes"
	"context"
	"crypto/hpke"
	"os"
	"path/filepath"
	"testing"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// The vault is opened by its own key on every site node and by nothing else:
// not by a desk, not by the epoch that opens every record, not for another
// subject.
func TestTheVaultHasAKeyOfItsOwn(t *testing.T) {
	o := testOptions(t)
	j := newJournal(t, o)
	info, code := []byte("home 1"), []byte("the code")
	site, _ := sister(t, j, fact.SiteNode, "Site 2")
	desk, _ := sister(t, j, fact.Desk, "Desk 6")
	for name, from := range map[string]*Journal{"founder": j, "site": site, "desk": desk} {
		sealed, err := from.Vault().Seal(info, code)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, to := range []*Journal{j, site} {
			if plain, err := to.Vault().Open(info, sealed); err != nil || !bytes.Equal(plain, code) {
				t.Errorf("sealed by %s: %v", name, err)
			}
			if _, err := to.Vault().Open([]byte("home 2"), sealed); err == nil {
				t.Error("it opens for another home")
			}
		}
		if _, err := desk.Vault().Open(info, sealed); !refusal.Is(err, refusal.Unavailable) || desk.Vault().Opens() {
			t.Errorf("a desk opens what %s sealed: %v", name, err)
		}
		if _, err := hpke.Open(j.epoch, hpke.HKDFSHA256(), hpke.AES256GCM(), info, sealed); err == nil {
			t.Error("the key that opens the records opens the vault")
		}
	}
	if _, err := os.Stat(filepath.Join(o.Dir, keysFolder, keyVault+".key")); err != nil {
		t.Error(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = reopen(t, o)
	sealed, err := site.Vault().Seal(info, code)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := j.Vault().Open(info, sealed); err != nil || !bytes.Equal(plain, code) {
		t.Error("after a restart:", err)
	}
}

// A desk that asks for keys of the class of entry codes gets none; a site node
// does.
func TestADeskIsGivenNoKeyOfEntryCodes(t *testing.T) {
	j := newJournal(t, testOptions(t))
	site, _ := sister(t, j, fact.SiteNode, "Site 2")
	desk, _ := sister(t, j, fact.Desk, "Desk 6")
	refs := map[fact.KeyClass][]KeyRef{}
	for _, class := range []fact.KeyClass{fact.ClassCare, fact.ClassEntry} {
		facts, err := j.Do(t.Context(), fact.Author{}, nil, func(tx *Tx) ([]fact.Draft, error) {
			s, err := tx.NewSubject()
			d := fact.Say(s, said{Text: "x"})
			d.Class = class
			return []fact.Draft{d}, err
		})
		if err != nil {
			t.Fatal(err)
		}
		refs[class] = []KeyRef{{Subject: facts[0].Header.Subject, Key: facts[0].Header.Key}}
	}
	for _, one := range []struct {
		to    *Journal
		class fact.KeyClass
		want  int
	}{{desk, fact.ClassCare, 1}, {desk, fact.ClassEntry, 0}, {site, fact.ClassEntry, 1}} {
		wraps, err := j.Wraps(context.Background(), one.to.Device().Card().Device, refs[one.class])
		if err != nil || len(wraps) != one.want {
			t.Errorf("%s, class %d: %d wraps, %v", one.to.Device().Card().Name, one.class, len(wraps), err)
		}
	}
}
