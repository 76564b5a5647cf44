package node

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"holdfast/fact"
	"holdfast/journal"
	"holdfast/replicate"
	"holdfast/replicate/carrier"
)

// putSisters makes what keeps this device together with the other devices of
// its organisation.
func (n *Node) putSisters() error {
	n.folded = newFolded(n.Journal)
	c := carrier.Config{
		Store: n.Journal, Identity: n.Journal.Device(), Domain: n.Journal.Domain(), Program: n.config.Version, Folded: agreement{n.folded, n.Journal},
		Addresses: n.config.Sisters, Clock: n.clock, Random: rand.Reader, Log: n.log, Effect: n.noticed, Answer: n.answer, MayAsk: n.mayAsk,
	}
	if n.site() {
		c.Scope = n.scope
	}
	var err error
	n.carrier, err = carrier.New(c)
	return err
}

// site tells whether this device holds the whole record.
func (n *Node) site() bool { return n.Journal.Device().Card().Kind == fact.SiteNode }

// keepTogether runs until the end: links, news for them, receipts to the disk,
// a slow look at every stored byte.
func (n *Node) keepTogether(ctx context.Context) error {
	committed := make(chan struct{}, 1)
	if err := n.Journal.OnCommit(committed); err != nil {
		return err
	}
	stop := n.Journal.Watch(func(facts []fact.Fact) {
		n.folded.saw(facts)
		if subjects := subjectsOf(facts); len(subjects) > 0 {
			n.carrier.Touched(subjects...)
		}
	})
	defer stop()
	var parts sync.WaitGroup
	defer parts.Wait()
	parts.Go(func() { n.carrier.Run(ctx) })
	parts.Go(func() { n.background(ctx) })
	kept := make(chan struct{}, 1)
	if err := n.Journal.OnCommit(kept); err != nil {
		return err
	}
	parts.Go(func() { n.keepKeys(ctx, kept) })
	flush := time.NewTicker(receiptsFlushed)
	defer flush.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-committed:
			n.carrier.Changed()
		case <-flush.C:
			if err := n.Journal.FlushReceipts(ctx); err != nil && ctx.Err() == nil {
				n.log.Warn("receipts can't be kept at present", "err", err)
			}
		}
	}
}

const (
	receiptsFlushed = 5 * time.Second
	scrubbedEvery   = 24 * time.Hour
)

func subjectsOf(facts []fact.Fact) []fact.Subject {
	var out []fact.Subject
	seen := map[fact.Subject]bool{}
	for _, f := range facts {
		if s := f.Header.Subject; !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// background reads every stored byte after the start and each day, and folds
// every subject once; what it finds damaged is mended from other devices.
func (n *Node) background(ctx context.Context) {
	for {
		if lost, err := n.Journal.Scrub(ctx); err != nil && ctx.Err() == nil {
			n.log.Error("the journal can't be read through", "err", err)
		} else if lost > 0 {
			n.log.Error("facts are damaged here; other devices are asked for them", "count", lost)
		}
		if err := n.folded.everything(ctx); err != nil && ctx.Err() == nil {
			n.log.Error("not every subject can be folded", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(scrubbedEvery):
		}
	}
}

// agreement gives the fingerprints of folded states to other devices.
type agreement struct {
	f *folded
	j *journal.Journal
}

// State sums up what is held here and what it folds to.
func (a agreement) State(ctx context.Context) (replicate.StateDigest, error) {
	tips := a.j.Tips()
	if !a.f.level(tips) {
		return replicate.StateDigest{}, replicate.ErrNotYet
	}
	if missing, err := a.j.MissingKeys(ctx, 1); err != nil || len(missing) > 0 {
		return replicate.StateDigest{}, errors.Join(err, replicate.ErrNotYet) // the same facts, not all of them readable yet
	}
	out := replicate.StateDigest{Vector: replicate.VectorOf(tips), Fold: foldVersion, Held: a.j.HeldDigest()}
	var err error
	if out.Buckets, err = a.f.digest(ctx); err != nil {
		return out, err
	}
	parts := make([][]byte, len(out.Buckets))
	for i := range out.Buckets {
		parts[i] = out.Buckets[i][:]
	}
	out.Whole = fact.Labelled("holdfast/states/1", parts...)
	if replicate.VectorOf(a.j.Tips()) != out.Vector {
		return out, replicate.ErrNotYet // it moved on meanwhile
	}
	return out, nil
}

// Bucket lists the states of the subjects that begin with a byte.
func (a agreement) Bucket(_ context.Context, bucket byte) ([]replicate.SubjectDigest, error) {
	a.f.mu.Lock()
	defer a.f.mu.Unlock()
	var out []replicate.SubjectDigest
	for s, state := range a.f.all {
		if s[0] == bucket {
			out = append(out, replicate.SubjectDigest{Subject: s, Digest: state})
		}
	}
	slices.SortFunc(out, func(x, y replicate.SubjectDigest) int { return bytes.Compare(x.Subject[:], y.Subject[:]) })
	return out, nil
}

// noticed keeps what links found out about other devices' histories: for the
// log, the status and the frame.
func (n *Node) noticed(from replicate.Peer, e replicate.Effect) {
	switch e := e.(type) {
	case replicate.Stated:
		n.stated.Hear(e)
		if n.Gate.Leases != nil {
			n.Gate.Leases.Heard(e.Peer, from.Kind, e.Statement)
		}
	case replicate.CutOff:
		if n.Gate.Leases != nil {
			n.Gate.Leases.Refused(e.Peer, from.Kind)
		}
	case replicate.Forked:
		n.found.add(n.log, "%s: feed %s has two histories from fact %d on; both are kept", from.Name, e.Feed.Short(), e.At)
	case replicate.Reincarnated:
		n.found.add(n.log, "%s holds more of this device's feed than this device: it was %s and began anew", from.Name, e.Why)
	case replicate.RolledBack:
		n.found.add(n.log, "%s offers %d facts of feed %s and offered %d before", from.Name, e.Now, e.Feed.Short(), e.Was.Size)
	case replicate.Damaged:
		n.found.add(n.log, "what %s gave of feed %s does not hold from fact %d on: it was not taken", from.Name, e.Feed.Short(), e.Seq)
	case replicate.Omitted:
		n.found.add(n.log, "%s stated facts of subject %s that did not come: %s", from.Name, e.Subject.String()[:8], e.Why)
	case replicate.Disagree:
		n.found.add(n.log, "%s folds %d subjects differently from the same facts, the first %s", from.Name, len(e.Subjects), e.Subjects[0].String()[:8])
	case replicate.Trouble:
		n.log.Error("catching up met trouble", "peer", from.Name, "what", e.What, "err", e.Err)
	}
}

// findings is what was noticed, a bounded number of sentences.
type findings struct {
	mu  sync.Mutex
	all []string
}

const mostFindings = 100

func (f *findings) add(log *slog.Logger, format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	log.Warn("about another device's history: " + s)
	f.mu.Lock()
	defer f.mu.Unlock()
	if slices.Contains(f.all, s) {
		return
	}
	if f.all = append(f.all, s); len(f.all) > mostFindings {
		f.all = f.all[1:]
	}
}

func (f *findings) list() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string{}, f.all...)
}

// sisters lists the devices that this one is linked to.
func (n *Node) sisters() []StatusSister {
	out := []StatusSister{}
	for _, p := range n.carrier.Peers() {
		if !p.Connected {
			continue
		}
		s := StatusSister{Device: p.Device.String(), Name: p.Name, Kind: p.Kind, Domain: p.Domain, Connected: true}
		for _, lane := range fact.Lanes() {
			s.Behind += p.Progress.Behind[lane]
			s.Ahead += p.Progress.Ahead[lane]
		}
		out = append(out, s)
	}
	return out
}

// turn spreads what several devices could do at the same moment: those heard
// from within ten seconds rank themselves by a hash, and number k waits k times
// two seconds. It happens once whoever acts; this only spares double attempts.
func (n *Node) turn(timer fact.Hash) time.Duration {
	own := n.Journal.Device().Card().Device
	ranks := [][32]byte{rankOf(timer, own)}
	now := n.clock()
	for _, p := range n.carrier.Peers() {
		if p.Connected && p.Kind == fact.SiteNode && now.Sub(p.Heard) < 10*time.Second {
			ranks = append(ranks, rankOf(timer, p.Device))
		}
	}
	mine, before := ranks[0], 0
	for _, r := range ranks[1:] {
		if bytes.Compare(r[:], mine[:]) < 0 {
			before++
		}
	}
	return time.Duration(before) * 2 * time.Second
}

func rankOf(timer fact.Hash, device fact.Subject) [32]byte {
	return sha256.Sum256(append(timer[:], device[:]...))
}

// alone tells whether no other site node of this organisation could act.
func (n *Node) alone() bool {
	for id, d := range n.Journal.House().Devices {
		if id != n.Journal.Device().Card().Device && d.Card.Kind == fact.SiteNode {
			return false
		}
	}
	return true
}

func sortBy[T any, K cmp.Ordered](all []T, key func(T) K) {
	slices.SortFunc(all, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
}

// Level tells whether this device and one it is linked to have all of each
// other's news, and its views show it.
func (n *Node) Level() bool {
	if _, _, behind := n.Journal.ViewsAt(); behind > 0 {
		return false
	}
	for _, p := range n.carrier.Peers() {
		if p.Connected && p.Level {
			return true
		}
	}
	return false
}

// FoldAll folds every subject now, for a device that is not at work.
func (n *Node) FoldAll(ctx context.Context) error { return n.folded.everything(ctx) }
