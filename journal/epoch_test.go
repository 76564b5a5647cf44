package journal

import (
	"bytes"
	"context"
	"crypto/hpke"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/fact"
)

// cutOff holds a device back at j from now on; what it had written counts.
func cutOff(t *testing.T, j, who *Journal) fact.ID {
	t.Helper()
	says := CutMade{Device: who.papers.card.Device, Since: fact.At(j.o.Clock()), Why: "stolen"}
	for _, tip := range j.Tips() {
		if from, ok := j.DeviceOf(tip.Feed); ok && from == says.Device {
			says.Up = append(says.Up, fact.After{Feed: tip.Feed, Size: tip.Size, Root: tip.Root})
		}
	}
	return told(t, j, says)
}

func readmitted(t *testing.T, j *Journal, cut fact.ID) {
	t.Helper()
	told(t, j, Readmitted{Cut: cut, Why: "found again"})
}

// told states something about the organisation.
func told(t *testing.T, j *Journal, c fact.Content) fact.ID {
	t.Helper()
	facts, err := j.Do(t.Context(), fact.Author{Role: "administrator"}, nil, func(tx *Tx) ([]fact.Draft, error) {
		_, err := tx.History(j.OrgSubject())
		return []fact.Draft{fact.Say(j.OrgSubject(), c)}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return facts[0].ID
}

// tend lets devices do what is due about keys.
func tend(t *testing.T, all ...*Journal) {
	t.Helper()
	for _, j := range all {
		if err := j.KeepKeys(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// settle brings site nodes together and lets them do what is due.
func settle(t *testing.T, all ...*Journal) {
	t.Helper()
	for round := range 3 {
		for i, a := range all {
			for _, b := range all[i+1:] {
				pull(t, a, b)
				pull(t, b, a)
			}
		}
		if round < 2 {
			tend(t, all...)
		}
	}
}

// stolen puts into a revoked device's folder, by hand, all that others hold:
// every range as it travels between them, and every key wrap on their disks.
func stolen(t *testing.T, by *Journal, from ...*Journal) {
	t.Helper()
	ctx := context.Background()
	for range 2 {
		for _, j := range from {
			cards, certificates := j.Papers()
			if err := by.AdmitPapers(ctx, cards, certificates); err != nil {
				t.Fatal(err)
			}
			for _, tip := range j.Tips() {
				takeRanges(t, by, j, tip, from[0].papers.card.Device)
			}
			if err := by.TakeWraps(ctx, everyWrap(t, j)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func takeRanges(t *testing.T, by, from *Journal, tip Tip, sentTo fact.Subject) {
	t.Helper()
	for first := uint64(0); first < tip.Size; {
		r, err := from.ReadRange(t.Context(), sentTo, tip.Place(), first, 8<<10)
		if err != nil {
			return // a desk holds parts
		}
		if err := by.Receive(t.Context(), r); errors.Is(err, ErrOwn) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		first += uint64(len(r.Headers))
	}
}

func everyWrap(t *testing.T, j *Journal) (out [][]byte) {
	t.Helper()
	if err := j.file.Load().read(func(c *sqlConn) error {
		return c.each("SELECT wrap FROM wraps", func(v []driverValue) error {
			out = append(out, bytes.Clone(v[0].([]byte)))
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// give brings a desk the control feeds and these subjects, as package replicate
// does.
func give(t *testing.T, site, desk *Journal, subjects ...fact.Subject) {
	t.Helper()
	cards, certificates := site.Papers()
	if err := desk.AdmitPapers(t.Context(), cards, certificates); err != nil {
		t.Fatal(err)
	}
	for _, tip := range site.Tips() {
		if from, _ := site.DeviceOf(tip.Feed); tip.Lane == fact.Control && from != desk.papers.card.Device {
			pullTip(t, site, desk, tip)
		}
	}
	for _, s := range subjects {
		ids, err := site.FactIDs(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		p, err := site.Proved(t.Context(), desk.papers.card.Device, s, ids)
		if err != nil {
			t.Fatal(err)
		}
		if err := desk.ReceiveProved(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
}

func reads(t *testing.T, j *Journal, s fact.Subject, want ...string) {
	t.Helper()
	got := texts(t, j, s)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s reads %q, not %q", j.papers.card.Name, got, want)
	}
}

// After a site node is revoked, whatever is written by anybody, about old
// subjects and new ones, stays closed to it, though every byte of it is put into
// its folder. Everybody else reads everything, also after a restart. Readmitted
// it reads everything.
func TestARevokedSiteNodeReadsNothingThatIsWrittenAfter(t *testing.T) {
	o := testOptions(t)
	a := newJournal(t, o)
	b, ob := sister(t, a, fact.SiteNode, "b")
	r, _ := sister(t, a, fact.SiteNode, "r")
	desk, od := sister(t, a, fact.Desk, "desk")
	old, deskOld, lent, late := newSubject(t, a), newSubject(t, desk), newSubject(t, a), newSubject(t, desk)
	say(t, a, old, "before")
	say(t, a, lent, "before")
	settle(t, a, b, r)
	give(t, a, desk, old)
	say(t, desk, deskOld, "before at the desk")
	pull(t, desk, a)
	settle(t, a, b, r)
	reads(t, r, deskOld, "before at the desk")
	say(t, desk, late, "before, and r alone has it")
	pull(t, desk, r)
	reads(t, r, late, "before, and r alone has it")
	vaulted, err := r.Vault().Seal([]byte("home"), []byte("old code"))
	if err != nil {
		t.Fatal(err)
	}

	partner := sealedTo(t, a.Device().EpochPublic())
	cut := cutOff(t, a, r)
	tend(t, a)
	settle(t, a, b)
	quick := newSubject(t, a)
	say(t, a, quick, "after, given to a desk that has not turned yet")
	give(t, a, desk, old, quick)
	reads(t, desk, quick, "after, given to a desk that has not turned yet")
	tend(t, desk)
	pull(t, desk, a)
	settle(t, a, b)
	give(t, a, desk, lent) // which it never had before
	reads(t, desk, lent, "before")
	if n := len(a.House().Epochs); n != 2 {
		t.Errorf("%d epochs after one revocation", n)
	}
	newA, newB, newD := newSubject(t, a), newSubject(t, b), newSubject(t, desk)
	reads(t, desk, quick, "after, given to a desk that has not turned yet")
	for _, one := range []struct {
		j *Journal
		s fact.Subject
	}{{a, old}, {b, old}, {desk, old}, {a, newA}, {b, newB}, {desk, newD}, {desk, deskOld}, {desk, lent}, {a, late}} {
		say(t, one.j, one.s, "after by "+one.j.papers.card.Name)
	}
	pull(t, desk, a)
	settle(t, a, b)
	closed := func() {
		t.Helper()
		stolen(t, r, b, a, desk)
		reads(t, r, old, "before")
		reads(t, r, lent, "before")
		reads(t, r, late, "before, and r alone has it")
		reads(t, r, deskOld, "before at the desk")
		for _, s := range []fact.Subject{newA, newB, newD, quick} {
			reads(t, r, s)
		}
	}
	open := func(more ...string) {
		t.Helper()
		for _, j := range []*Journal{a, b} {
			reads(t, j, old, append([]string{"before", "after by node 1", "after by b", "after by desk"}, more...)...)
			reads(t, j, newA, "after by node 1")
			reads(t, j, lent, "before", "after by desk")
			reads(t, j, late, "before, and r alone has it", "after by node 1")
			reads(t, j, newB, "after by b")
			reads(t, j, newD, "after by desk")
			reads(t, j, deskOld, "before at the desk", "after by desk")
		}
		give(t, a, desk, old, newB)
		reads(t, desk, old, append([]string{"before", "after by node 1", "after by b", "after by desk"}, more...)...)
		reads(t, desk, newB, "after by b")
	}
	closed()
	open()
	if _, err := r.Device().OpenSealed([]byte("envelope"), sealedTo(t, a.Device().EpochPublic())); err == nil {
		t.Error("r opens what is sealed to the organisation now")
	}
	for _, j := range []*Journal{a, b} {
		for _, one := range [][]byte{partner, sealedTo(t, desk.Device().EpochPublic())} {
			if plain, err := j.Device().OpenSealed([]byte("envelope"), one); err != nil || string(plain) != "from a partner" {
				t.Errorf("%s does not open what a partner sealed: %v", j.papers.card.Name, err)
			}
		}
	}
	vaultTurned(t, vaulted, []*Journal{a, b}, []*Journal{a, b, desk}, r)

	for _, j := range []*Journal{a, b, desk} {
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	a, b, desk = reopen(t, o), reopen(t, ob), reopen(t, od)
	say(t, a, old, "after a restart")
	say(t, desk, old, "at the desk after a restart")
	pull(t, desk, a)
	settle(t, a, b)
	closed()
	open("after a restart", "at the desk after a restart")
	vaultTurned(t, vaulted, []*Journal{a, b}, []*Journal{a, b, desk}, r)

	readmitted(t, b, cut)
	tend(t, b)
	pull(t, b, r)
	reads(t, r, newD, "after by desk")
	settle(t, a, b, r)
	reads(t, r, old, "before", "after by node 1", "after by b", "after by desk", "after a restart", "at the desk after a restart")
	reads(t, r, newD, "after by desk")
	if missing, err := r.MissingKeys(t.Context(), 10); err != nil || len(missing) > 0 {
		t.Errorf("r lacks %v, %v", missing, err)
	}
	say(t, r, old, "by r again")
	settle(t, a, b, r)
	reads(t, b, old, "before", "after by node 1", "after by b", "after by desk", "after a restart", "at the desk after a restart", "by r again")
}

// sealedTo is what a partner seals to a public key of the organisation.
func sealedTo(t *testing.T, public []byte) []byte {
	t.Helper()
	to, err := hpke.MLKEM768X25519().NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	out, err := hpke.Seal(to, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte("envelope"), []byte("from a partner"))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// vaultTurned checks that what is sealed for the vault now opens where it should
// and not at the revoked device, and that what was sealed before still opens.
func vaultTurned(t *testing.T, old []byte, opens, seals []*Journal, revoked *Journal) {
	t.Helper()
	info := []byte("home")
	for _, from := range seals {
		sealed, err := from.Vault().Seal(info, []byte("new code"))
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range opens {
			if plain, err := to.Vault().Open(info, sealed); err != nil || string(plain) != "new code" {
				t.Errorf("%s opens nothing of %s: %v", to.papers.card.Name, from.papers.card.Name, err)
			}
			if plain, err := to.Vault().Open(info, old); err != nil || string(plain) != "old code" {
				t.Errorf("%s opens nothing sealed before: %v", to.papers.card.Name, err)
			}
		}
		if _, err := revoked.Vault().Open(info, sealed); err == nil {
			t.Errorf("the revoked device opens what %s sealed for the vault", from.papers.card.Name)
		}
	}
}

// Two site nodes that revoke apart begin an epoch each. Both are good for what
// they know; when they meet, what is written is closed to both that are revoked.
func TestTwoThatRevokeApartShutOutBoth(t *testing.T) {
	a := newJournal(t, testOptions(t))
	b, _ := sister(t, a, fact.SiteNode, "b")
	c, _ := sister(t, a, fact.SiteNode, "c")
	r1, _ := sister(t, a, fact.SiteNode, "r1")
	r2, _ := sister(t, a, fact.SiteNode, "r2")
	s := newSubject(t, a)
	say(t, a, s, "before")
	settle(t, a, b, c, r1, r2)
	cutOff(t, a, r1)
	cutOff(t, b, r2)
	tend(t, a, b)
	say(t, a, s, "apart at a")
	say(t, b, s, "apart at b")
	stolen(t, r1, a)
	reads(t, r1, s, "before")
	stolen(t, r2, b)
	reads(t, r2, s, "before")
	settle(t, a, b, c)
	for _, j := range []*Journal{a, b, c} {
		say(t, j, s, "after by "+j.papers.card.Name)
		e, ok := j.House().Newest()
		if !ok || e.Hash != epochHash(j.Device().EpochPublic()) {
			t.Errorf("%s does not use an epoch that is closed to both", j.papers.card.Name)
		}
	}
	settle(t, a, b, c)
	all := []string{"before", "apart at a", "apart at b", "after by node 1", "after by b", "after by c"}
	for _, j := range []*Journal{a, b, c} {
		reads(t, j, s, all...)
	}
	for _, r := range []*Journal{r1, r2} {
		stolen(t, r, c, a, b)
		for _, text := range texts(t, r, s) {
			if len(text) > 5 && text[:5] == "after" {
				t.Errorf("%s reads %q", r.papers.card.Name, text)
			}
		}
	}
}

// Any site node begins the epoch, when the one where the device was revoked does
// not come to it.
func TestAnotherBeginsTheEpochAfterAWhile(t *testing.T) {
	o := testOptions(t)
	var seconds atomic.Int64
	began := time.Now()
	o.Clock = func() time.Time { return began.Add(time.Duration(seconds.Load()) * time.Second) }
	a := newJournal(t, o)
	b, _ := sister(t, a, fact.SiteNode, "b")
	r, _ := sister(t, a, fact.SiteNode, "r")
	s := newSubject(t, a)
	say(t, a, s, "before")
	settle(t, a, b, r)
	cutOff(t, a, r)
	meet(t, a, b)
	tend(t, b)
	if n := len(b.House().Epochs); n != 1 {
		t.Fatalf("b did not leave it to a: %d epochs", n)
	}
	seconds.Store(31)
	tend(t, b)
	tend(t, b)
	if n := len(b.House().Epochs); n != 2 {
		t.Fatalf("%d epochs", n)
	}
	meet(t, a, b)
	tend(t, a)
	if n := len(a.House().Epochs); n != 2 {
		t.Errorf("a begins another though b's serves: %d epochs", n)
	}
	say(t, a, s, "after")
	settle(t, a, b)
	stolen(t, r, a, b)
	reads(t, r, s, "before")
	reads(t, b, s, "before", "after")
}

// knows lets a device keep an epoch that it drew, told or not.
func knows(t *testing.T, j *Journal, secret []byte) {
	t.Helper()
	e, err := openEpochSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	one, err := ringOf(e.private, j.Org())
	if err == nil {
		err = j.keys.keep(j.o, epochFile(e.hash), secret)
	}
	if err != nil {
		t.Fatal(err)
	}
	j.subjects.rings.Store(j.subjects.rings.Load().with(one))
}

// A device that is to be revoked can't keep itself in by what it says of epochs:
// one that it drew itself is known to it, and one that says it is kept from
// somebody without its maker's signature is kept from nobody.
func TestARevokedDeviceCannotKeepItselfIn(t *testing.T) {
	a := newJournal(t, testOptions(t))
	b, _ := sister(t, a, fact.SiteNode, "b")
	r, _ := sister(t, a, fact.SiteNode, "r")
	s := newSubject(t, a)
	say(t, a, s, "before")
	settle(t, a, b, r)
	self := r.papers.card.Device
	h := r.House()
	epoch, vault, secret, err := r.drawEpoch()
	if err != nil {
		t.Fatal(err)
	}
	signed, err := r.epochBegun(h, epoch, vault, secret)
	if err != nil {
		t.Fatal(err)
	}
	mine := signed[0].(EpochBegan)
	mine.Without, mine.Number = []fact.Subject{self}, 1<<32-1
	bytes, err := mine.signed(r.Org())
	if err != nil {
		t.Fatal(err)
	}
	mine.Sig = r.Device().Sign(labelEpochBegan, bytes)
	told(t, r, mine)
	toOthers := func(all []fact.Content) {
		for _, c := range all[1:] {
			if g := c.(EpochGiven); g.Device != self {
				told(t, r, c)
			}
		}
	}
	toOthers(signed)
	epoch2, vault2, secret2, err := r.drawEpoch()
	if err != nil {
		t.Fatal(err)
	}
	other, err := r.epochBegun(h, epoch2, vault2, secret2)
	if err != nil {
		t.Fatal(err)
	}
	forged := other[0].(EpochBegan)
	their := b.papers.card.Device
	forged.By, forged.Without = their[:], []fact.Subject{self}
	told(t, r, forged)
	toOthers(other)
	knows(t, r, secret)
	knows(t, r, secret2)
	settle(t, a, b, r)
	if _, have := a.epochs.Load().find(epochHash(epoch2.Bytes())); !have {
		t.Fatal("a was not given the epoch that r drew, so this proves nothing")
	}
	if e, ok := a.House().epochOf(epochHash(epoch2.Bytes())); !ok || !e.By.Zero() || len(e.Without) > 0 {
		t.Errorf("what nobody signed is believed: by %s, without %v", e.By, e.Without)
	}
	cutOff(t, a, r)
	tend(t, a)
	settle(t, a, b)
	say(t, a, s, "after")
	settle(t, a, b)
	stolen(t, r, a, b)
	reads(t, r, s, "before")
	reads(t, b, s, "before", "after")
}
