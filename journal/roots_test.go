package journal

import (
	"bytes"
	"crypto/hpke"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/fact/root"
)

// drawn draws n new pages at a site node, any two of which agree.
func drawn(t *testing.T, j *Journal, n int) (Exchange, root.Made) {
	t.Helper()
	made, err := root.Make(rand.Reader, n, 2)
	if err != nil {
		t.Fatal(err)
	}
	w := Wanted{Keys: made.Publics(), Threshold: 2, Recovery: made.Recovery}
	for i := range n {
		w.Holders = append(w.Holders, RootHolder{Number: uint32(i + 1), Name: "new holder", Sort: HeldOnPaper})
	}
	x, err := j.DrawExchange(w)
	if err != nil {
		t.Fatal(err)
	}
	return x, made
}

func signs(t *testing.T, x *Exchange, held ...root.Secret) {
	t.Helper()
	for _, s := range held {
		if err := x.Sign(s.Key()); err != nil {
			t.Fatal(err)
		}
	}
}

func adopts(t *testing.T, j *Journal, x Exchange) {
	t.Helper()
	if err := j.AdoptRoots(t.Context(), fact.Author{Role: "administrator"}, x); err != nil {
		t.Fatal(err)
	}
}

// exchanged exchanges the pages at a site node, whole.
func exchanged(t *testing.T, j *Journal, old root.Made, n int) root.Made {
	t.Helper()
	x, made := drawn(t, j, n)
	signs(t, &x, old.Secrets[0], old.Secrets[2], made.Secrets[1], made.Secrets[2])
	adopts(t, j, x)
	return made
}

// asks asks for a device and gives its card, signed by the pages named.
func asks(t *testing.T, j *Journal, by fact.RootSet, made root.Made, kind fact.DeviceKind, name string) (Options, Request, fact.Signed) {
	t.Helper()
	o := testOptions(t)
	ask, err := Ask(t.Context(), o, kind, name, name+"'s cellar")
	if err != nil {
		t.Fatal(err)
	}
	card := fact.DeviceCard{Suite: fact.Suite, Org: j.papers.org, Device: ask.Device, Kind: kind, Name: name, Key: ask.Key, Issued: 1}
	signed, err := fact.SignCardFor(card, by, made.Secrets[0].Key(), made.Secrets[1].Key())
	if err != nil {
		t.Fatal(err)
	}
	return o, ask, signed
}

func standing(t *testing.T, j *Journal) fact.RootSet {
	t.Helper()
	set, err := j.inForce()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func sealedRows(t *testing.T, j *Journal) (out [][]byte) {
	t.Helper()
	if err := j.file.Load().read(func(c *sqlConn) error {
		return c.each("SELECT value FROM meta WHERE name='recovery-1' OR name LIKE 'recovery %'", func(v []driverValue) error {
			out = append(out, bytes.Clone(v[0].([]byte)))
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// A holder leaves. The new pages admit a device and bring a copy back; the old
// ones do neither, at no device that has heard of it, and what was closed for
// them is in no copy made after. Whoever was enrolled works on.
func TestExchangedPages(t *testing.T) {
	j, o, old := heldByThree(t)
	first := standing(t, j)
	b := admitted(t, j, old, "b")
	settle(t, j, b)
	s := newSubject(t, j)
	say(t, j, s, "before")
	before := t.TempDir()
	copyFile(t, o.Dir, before)
	closed := sealedRows(t, j)
	made := exchanged(t, j, old, 4)
	if err := b.AdmitRoots(t.Context(), j.Roots()); err != nil {
		t.Fatal(err)
	}
	for _, at := range []*Journal{j, b} {
		_, ask, card := asks(t, at, first, old, fact.SiteNode, "by old pages")
		if _, err := at.EnrolSigned(t.Context(), fact.Author{Role: "administrator"}, ask, card); !errors.Is(err, fact.ErrRootsReplaced) {
			t.Errorf("old pages admit a device: %v", err)
		}
		says, err := fact.Encode(DeviceEnrolled{Card: card})
		if err != nil {
			t.Fatal(err)
		}
		if err := at.Introduce(t.Context(), card, says); err == nil {
			t.Error("a device introduces itself by old pages")
		}
		if err := at.Admits(t.Context(), card); !errors.Is(err, fact.ErrRootsReplaced) {
			t.Errorf("old pages let a device connect: %v", err)
		}
		for _, one := range []*Journal{j, b} {
			if err := at.Admits(t.Context(), one.papers.signedCard); err != nil {
				t.Errorf("an enrolled device is shut out: %v", err)
			}
		}
		if rows := sealedRows(t, at); len(rows) < 2 {
			t.Errorf("%d keys are closed for the new holders", len(rows))
		}
	}
	oc, ask, card := asks(t, b, standing(t, b), made, fact.SiteNode, "c")
	a, err := b.EnrolSigned(t.Context(), fact.Author{Role: "administrator"}, ask, card)
	if err != nil {
		t.Fatal(err)
	}
	if err := Join(t.Context(), oc, a); err != nil {
		t.Fatal(err)
	}
	c := reopen(t, oc)
	if err := j.Admits(t.Context(), c.papers.signedCard); err != nil {
		t.Errorf("new pages admit nobody: %v", err)
	}
	settle(t, j, b, c)
	reads(t, c, s, "before")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(o.Dir, firstFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range closed {
		if bytes.Contains(raw, row[:64]) {
			t.Error("what was closed for the old pages still lies in the file")
		}
	}
	r := &Recovery{From: o.Dir, Held: old.Secrets, Name: "New node", Domain: "barn"}
	if _, err := Recover(t.Context(), testOptions(t), r); !refusal.Is(err, refusal.Invalid) {
		t.Errorf("old pages bring back a copy made after the exchange: %v", err)
	}
	again, report := back(t, o, made)
	if report.Set.Number != 1 {
		t.Errorf("%+v", report.Set)
	}
	reads(t, again, s, "before")
	if standing(t, again).Number != 1 {
		t.Error("the recovered node does not know of the exchange")
	}
	r = &Recovery{From: before, Held: old.Secrets[:2], Name: "New node", Domain: "barn"}
	if _, err := Recover(t.Context(), testOptions(t), r); err != nil || r.Set.Number != 0 {
		t.Errorf("old pages do not bring back a copy from before: %v", err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	for _, name := range []string{firstFile, firstFile + "-wal"} {
		raw, err := os.ReadFile(filepath.Join(from, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), raw, 0o600)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

// An exchange comes into force whole or not at all.
func TestAnExchangeIsAdoptedWhole(t *testing.T) {
	j, o, old := heldByThree(t)
	by := fact.Author{Role: "administrator"}
	x, made := drawn(t, j, 3)
	signs(t, &x, old.Secrets[0], old.Secrets[1], made.Secrets[0])
	for name, c := range map[string]struct {
		change func(x *Exchange)
		kind   refusal.Kind
	}{
		"one new page has signed": {func(*Exchange) {}, refusal.Forbidden},
		"other holders are shown": {func(x *Exchange) { x.Held.Holders = x.Held.Holders[:2] }, refusal.Invalid},
		"a device is not shown":   {func(x *Exchange) { x.Cards = nil }, refusal.Invalid},
		"no genesis":              {func(x *Exchange) { x.Genesis = fact.Signed{} }, refusal.Invalid},
	} {
		wrong := x
		c.change(&wrong)
		if err := j.AdoptRoots(t.Context(), by, wrong); !refusal.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	signs(t, &x, made.Secrets[2])
	admitted(t, j, old, "late") // after it was drawn
	if err := j.AdoptRoots(t.Context(), by, x); !refusal.Is(err, refusal.Taken) {
		t.Errorf("a device that was enrolled since is left out: %v", err)
	}
	other, _ := drawn(t, j, 3)
	second := exchanged(t, j, old, 3)
	signs(t, &other, old.Secrets...)
	if err := j.AdoptRoots(t.Context(), by, other); !refusal.Is(err, refusal.Taken) {
		t.Errorf("an exchange drawn before another: %v", err)
	}
	third := exchanged(t, j, second, 3) // two in a row
	told(t, j, RootHeld{Holders: []RootHolder{{1, "a liar", HeldByPerson}, {2, "a liar", HeldByPerson}, {3, "a liar", HeldByPerson}}, Threshold: 2})
	held, err := j.RootHolders(t.Context())
	if err != nil || len(held) != 3 || held[0].Name != "new holder" {
		t.Errorf("%+v %v", held, err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if again := reopen(t, o); standing(t, again).Number != 2 {
		t.Errorf("after a start %+v", standing(t, again))
	} else if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if _, report := back(t, o, third); report.Set.Number != 2 {
		t.Errorf("%+v", report.Set)
	}
}

// Who holds the keys of the genesis is what was said at the founding, whatever a
// device says afterwards.
func TestWhoHoldsTheFirstPages(t *testing.T) {
	o, made := heldByFive(t)
	j := reopen(t, o)
	apart := []*Journal{admitted(t, j, made, "b"), admitted(t, j, made, "c"), admitted(t, j, made, "d")} // they have seen nothing of the founding
	liar := RootHeld{Threshold: 2}
	for n := range 5 {
		liar.Holders = append(liar.Holders, RootHolder{uint32(n + 1), "a liar", HeldByPerson})
	}
	told(t, j, liar)
	for _, one := range apart {
		told(t, one, liar)
		pull(t, one, j)
	}
	if held, err := j.RootHolders(t.Context()); err != nil || len(held) != 5 || held[0].Name != "holder" {
		t.Errorf("%+v %v", held, err)
	}
}

// What a device writes that old pages admitted at a site which had not heard of
// the exchange is kept and held, and the device may not connect. A person can
// let it count; the next exchange can name it.
func TestADeviceThatOldPagesAdmitTooLate(t *testing.T) {
	j, _, old := heldByThree(t)
	b := admitted(t, j, old, "b")
	settle(t, j, b)
	made := exchanged(t, j, old, 3)
	late := admitted(t, b, old, "late") // b has not heard of it
	s := newSubject(t, late)
	say(t, late, s, "an open case")
	settle(t, b, late)
	reads(t, b, s, "an open case")
	settle(t, j, b)
	if err := b.AdmitRoots(t.Context(), j.Roots()); err != nil {
		t.Fatal(err)
	}
	settle(t, j, b)
	card := late.papers.signedCard
	for _, at := range []*Journal{j, b} {
		if err := at.Admits(t.Context(), card); err == nil {
			t.Error("it may connect")
		}
		reads(t, at, s)
		h, err := at.History(t.Context(), s)
		if err != nil || len(h.Held()) != 1 {
			t.Errorf("%d entries are kept and held, %v", len(h.Held()), err)
		}
	}
	var cut Cut
	for _, one := range j.House().Cuts {
		if one.Replaced {
			cut = one
		}
	}
	readmitted(t, j, cut.ID)
	reads(t, j, s, "an open case")
	if err := j.Admits(t.Context(), card); !errors.Is(err, fact.ErrRootsReplaced) {
		t.Errorf("an administrator alone admits it: %v", err)
	}
	exchanged(t, j, made, 3)
	if err := j.Admits(t.Context(), card); err != nil {
		t.Errorf("the holders' next exchange does not admit it: %v", err)
	}
	reads(t, j, s, "an open case")
}

// Nobody states that it is enrolled, and all the same nothing that it writes counts.
func TestADeviceThatNobodyEnrolled(t *testing.T) {
	j, _, old := heldByThree(t)
	first := standing(t, j)
	exchanged(t, j, old, 3)
	o, _, card := asks(t, j, first, old, fact.SiteNode, "rogue")
	epoch, err := j.epoch.Bytes() // it has got hold of the key as well
	if err != nil {
		t.Fatal(err)
	}
	rogue := joinedWith(t, o, Admission{Genesis: j.papers.signedGenesis, Card: card}, epoch)
	s := newSubject(t, rogue)
	say(t, rogue, s, "false")
	if err := j.AdmitPapers(t.Context(), []fact.Signed{rogue.papers.signedCard}, []fact.Signed{rogue.hand.Load().certificate}); err != nil {
		t.Fatal(err)
	}
	for _, tip := range rogue.Tips() {
		if tip.Lane == fact.Care { // before anything that it says of the organisation
			pullTip(t, rogue, j, tip)
			reads(t, j, s)
		}
	}
	pull(t, rogue, j)
	reads(t, j, s)
	if !j.House().CutOff(rogue.papers.card.Device) {
		t.Error("it is not cut off")
	}
}

// joinedWith has a device join with a key that nobody gave it.
func joinedWith(t *testing.T, o Options, a Admission, epoch []byte) *Journal {
	t.Helper()
	private, err := hpke.MLKEM768X25519().NewPrivateKey(epoch)
	if err != nil {
		t.Fatal(err)
	}
	k, err := openKeybox(filepath.Join(o.Dir, keysFolder), o, Disk{})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := k.open(keySeal)
	if err != nil {
		t.Fatal(err)
	}
	own, err := hpke.MLKEM768X25519().NewPrivateKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	a.Epoch = private.PublicKey().Bytes()
	if a.Sealed, err = hpke.Seal(own.PublicKey(), hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(admitLabel), epoch); err != nil {
		t.Fatal(err)
	}
	if err := Join(t.Context(), o, a); err != nil {
		t.Fatal(err)
	}
	return reopen(t, o)
}

// Two sites exchange the pages while they can't reach each other. Then neither
// admits anybody; everybody works on; both together end it.
func TestPagesExchangedApart(t *testing.T) {
	j, o, old := heldByThree(t)
	b := admitted(t, j, old, "b")
	settle(t, j, b)
	left, right := exchanged(t, j, old, 3), exchanged(t, b, old, 3)
	onLeft := admittedBy(t, j, left, "l")
	if err := errors.Join(j.AdmitRoots(t.Context(), b.Roots()), b.AdmitRoots(t.Context(), j.Roots())); err != nil {
		t.Fatal(err)
	}
	settle(t, j, onLeft)
	for _, at := range []*Journal{j, b} {
		if _, err := at.CardFor(Request{Kind: fact.SiteNode, Name: "n", Domain: "d", Key: make([]byte, 32), Device: fact.Subject{1}}); !errors.Is(err, fact.ErrRootsApart) {
			t.Errorf("a device may be admitted: %v", err)
		}
		for i, made := range []root.Made{old, left, right} {
			set := at.Chain().Sets()[0]
			for _, one := range at.Chain().Sets() {
				if bytes.Equal(one.Recovery, made.Recovery) {
					set = one
				}
			}
			_, ask, card := asks(t, at, set, made, fact.SiteNode, "n")
			if _, err := at.EnrolSigned(t.Context(), fact.Author{Role: "administrator"}, ask, card); err == nil || at.Admits(t.Context(), card) == nil {
				t.Errorf("pages %d admit a device: %v", i, err)
			}
		}
		for _, one := range []*Journal{j, b} {
			if err := at.Admits(t.Context(), one.papers.signedCard); err != nil {
				t.Errorf("an enrolled device is shut out: %v", err)
			}
		}
		if held, err := at.Holders(t.Context()); err != nil || len(held) != 2 {
			t.Errorf("%+v %v", held, err)
		}
	}
	if err := j.Admits(t.Context(), onLeft.papers.signedCard); err != nil {
		t.Errorf("who was admitted meanwhile is shut out: %v", err)
	}
	during := t.TempDir()
	copyFile(t, b.o.Dir, during)
	for i, made := range []root.Made{right, left, old} {
		o := testOptions(t)
		_, err := Recover(t.Context(), o, &Recovery{From: during, Held: made.Secrets[:2], Name: "New node", Domain: "barn"})
		if (err == nil) != (i == 0) {
			t.Errorf("a copy of a machine on the right, with pages %d: %v", i, err)
		}
		if err == nil {
			reopen(t, o)
		}
	}
	settle(t, j, b)
	x, both := drawn(t, j, 3)
	signs(t, &x, left.Secrets[0], left.Secrets[1], both.Secrets[0], both.Secrets[1])
	if err := j.AdoptRoots(t.Context(), fact.Author{Role: "administrator"}, x); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("one side decides for both: %v", err)
	}
	signs(t, &x, right.Secrets[1], right.Secrets[2])
	adopts(t, j, x)
	if err := b.AdmitRoots(t.Context(), j.Roots()); err != nil {
		t.Fatal(err)
	}
	if standing(t, j).Name != standing(t, b).Name || standing(t, b).Number != 2 {
		t.Error("they do not agree")
	}
	if err := b.Admits(t.Context(), onLeft.papers.signedCard); err != nil {
		t.Error(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	back(t, o, both)
}

// admittedBy enrols a site node by pages that stand.
func admittedBy(t *testing.T, j *Journal, made root.Made, name string) *Journal {
	t.Helper()
	o, ask, card := asks(t, j, standing(t, j), made, fact.SiteNode, name)
	a, err := j.EnrolSigned(t.Context(), fact.Author{Role: "administrator"}, ask, card)
	if err != nil {
		t.Fatal(err)
	}
	if err := Join(t.Context(), o, a); err != nil {
		t.Fatal(err)
	}
	return reopen(t, o)
}

// An organisation held by one takes holders on: the key leaves its machine, and
// from then on the pages alone admit and recover.
func TestAnOrganisationHeldByOneTakesHoldersOn(t *testing.T) {
	o := testOptions(t)
	j := newJournal(t, o)
	b, _ := sister(t, j, fact.SiteNode, "b")
	s := newSubject(t, j)
	say(t, j, s, "before")
	if !j.Health().HeldByOne {
		t.Fatal("it is not held by one")
	}
	if _, err := b.DrawExchange(Wanted{}); err == nil {
		t.Error("a device without the root key draws it")
	}
	x, made := drawn(t, j, 3)
	by := fact.Author{Role: "administrator"}
	if err := j.AdoptRoots(t.Context(), by, x); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("pages that nobody has read come into force: %v", err)
	}
	if _, err := j.keys.signing(keyRoot); err != nil {
		t.Errorf("the root key left before there was another: %v", err)
	}
	signs(t, &x, made.Secrets[0], made.Secrets[1])
	adopts(t, j, x)
	if _, err := os.Stat(filepath.Join(o.Dir, keysFolder, keyRoot+".key")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the root key still lies on the machine: %v", err)
	}
	if j.Health().HeldByOne {
		t.Error("it is held by one still")
	}
	ask, err := Ask(t.Context(), testOptions(t), fact.SiteNode, "n", "barn")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Enrol(t.Context(), by, ask); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("the machine alone admits a device: %v", err)
	}
	admittedBy(t, j, made, "n")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	again, _ := back(t, o, made)
	reads(t, again, s, "before")
}
