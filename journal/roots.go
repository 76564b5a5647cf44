package journal

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// chain is the organisation's roots as they are known here.
func (j *Journal) chain() fact.Chain {
	if c := j.roots.Load(); c != nil {
		return *c
	}
	return j.papers.chain
}

// Chain is the organisation's roots, from its genesis on, as they are known here.
func (j *Journal) Chain() fact.Chain { return j.chain() }

// Roots gives the papers of every exchange that is known here, by number.
func (j *Journal) Roots() []fact.Signed { return j.chain().Signed() }

// inForce gives the roots that admit devices.
func (j *Journal) inForce() (fact.RootSet, error) {
	set, ok := j.chain().InForce()
	if !ok {
		return set, notAdmitted(fact.ErrRootsApart)
	}
	return set, nil
}

func (j *Journal) heldByOne() bool {
	return slices.ContainsFunc(j.chain().Last(), fact.RootSet.HeldByOne)
}

// notAdmitted says for people why a card that is signed admits nobody.
func notAdmitted(err error) error {
	if errors.Is(err, fact.ErrRootsApart) {
		return refusal.New(refusal.Forbidden, "The holders' pages were exchanged twice, apart from each other. No device is admitted until the holders of both have signed an exchange that names both (holdfast org holders exchange).").Because(err)
	}
	return refusal.New(refusal.Forbidden, "Pages that have been replaced signed this card, and the exchange does not name it among those that stay. Enrol the device anew, with the pages that stand.").Because(err)
}

// stands tells whether a device's card lets it connect. While exchanges made
// apart wait for each other, who was enrolled before goes on.
func (j *Journal) stands(chain fact.Chain, card fact.DeviceCard, signed fact.Signed) error {
	err := chain.Admits(signed)
	if err == nil {
		return nil
	}
	if _, enrolled := j.house.Load().Devices[card.Device]; enrolled && errors.Is(err, fact.ErrRootsApart) && chain.Stays(signed) {
		return nil
	}
	return notAdmitted(err)
}

// replaced holds back what devices wrote whose cards don't stay: roots signed
// them that were exchanged, where the exchange was not known yet. It is kept and
// shown as any other hold, and a person can let it count.
func (o *House) replaced(chain fact.Chain, cards []fact.Signed) {
	seen := map[fact.Subject]bool{}
	from := len(o.Cuts)
	for _, s := range cards {
		card, err := chain.OpenCard(s)
		if err != nil || seen[card.Device] || chain.Stays(s) {
			continue
		}
		seen[card.Device] = true
		var since fact.Millis
		for _, set := range chain.Last() {
			since = max(since, set.Since)
		}
		o.Cuts = append(o.Cuts, Cut{
			ID: fact.ID(fact.Labelled("holdfast/replaced/1", card.Device[:])), At: since, Back: map[fact.ID]bool{}, Replaced: true,
			Says: CutMade{Device: card.Device, Since: since, Why: "Its card was signed by pages that had been exchanged by then"},
		})
	}
	slices.SortFunc(o.Cuts[from:], func(a, b Cut) int { return bytes.Compare(a.ID[:], b.ID[:]) })
}

// AdmitRoots takes in exchanges of roots, from anybody: they prove themselves.
// Those that are known, or lead on from what is not known here, change nothing.
// ErrBad when one does not hold.
func (j *Journal) AdmitRoots(ctx context.Context, list []fact.Signed) error {
	if _, fresh, err := withRoots(j.chain(), list); err != nil || len(fresh) == 0 {
		return err
	}
	return j.control1(ctx, func(w *writer) error { return j.takeRoots(w, list) })
}

// withRoots gives the chain with what holds and leads on from it.
func withRoots(chain fact.Chain, list []fact.Signed) (_ fact.Chain, fresh []fact.Signed, err error) {
	for _, s := range list {
		if _, known := chain.Set(fact.RootsName(s)); known {
			continue
		}
		next, err := chain.With(s)
		if errors.Is(err, fact.ErrRootsUnknown) {
			continue
		}
		if err != nil {
			return chain, nil, bad("exchange of roots: %v", err)
		}
		chain, fresh = next, append(fresh, s)
	}
	return chain, fresh, nil
}

// takeRoots keeps exchanges and closes the keys of a site node for the new
// holders, in one transaction: what was closed for those before leaves the file.
func (j *Journal) takeRoots(w *writer, list []fact.Signed) error {
	next, fresh, err := withRoots(j.chain(), list)
	if err != nil || len(fresh) == 0 {
		return err
	}
	if _, err := w.transaction(func(c *sqlConn) error {
		for _, s := range fresh {
			if err := writePaper(c, paper{paperRoots, s}); err != nil {
				return err
			}
		}
		return j.keepRecovery(c, next)
	}); err != nil {
		return err
	}
	j.roots.Store(&next)
	if j.check == nil || !j.check.busy { // else the one under way, or the next, takes it out of the log
		if _, _, err := checkpoint(w.file.write, "TRUNCATE"); err != nil {
			return err
		}
	}
	j.leaveRootKey(next)
	err = j.houseMoved(w, nil)
	j.commits.tell()
	return err
}

// rootsStand does at the start what an exchange that was cut short left.
func (j *Journal) rootsStand(w *writer) error {
	_, err := w.transaction(func(c *sqlConn) error { return j.keepRecovery(c, j.chain()) })
	j.leaveRootKey(j.chain())
	return err
}

// leaveRootKey removes the root key of an organisation held by one, once holders
// have been given keys of their own: it signs nothing any more.
func (j *Journal) leaveRootKey(chain fact.Chain) {
	if slices.ContainsFunc(chain.Last(), func(r fact.RootSet) bool { return r.Number == 0 }) {
		return
	}
	path := filepath.Join(j.keys.dir, keyRoot+".key")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err := errors.Join(os.Remove(path), j.o.Store.SyncFolder(j.keys.dir)); err != nil {
		j.o.Log.Error("the root key that holders have replaced can't be removed: tried again at the next start", "err", err)
	}
}
