package drill

import (
	"context"
	crand "crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"

	"holdfast/fact"
	"holdfast/journal"
)

// carried is what became of ranges that were carried from one folder to
// another.
type carried struct {
	Pieces   int      `json:"pieces"`
	Taken    int      `json:"taken"`
	Refused  int      `json:"refused"`
	Late     int      `json:"late"`   // came before what they stand on, and again afterwards
	Before   uint64   `json:"before"` // facts in whole feeds
	After    uint64   `json:"after"`
	Blobs    int      `json:"blobs"`    // attachments that are still missing
	Believed []string `json:"believed"` // what ought to have been refused and was not
}

// carrying is two journals in the hands of somebody who carries ranges between
// them as they please.
type carrying struct {
	from, to *journal.Journal
	random   *rand.Rand
	times    int
	about    string // a case
	result   carried
}

// helpCarry opens two folders that no device is at work in and carries.
func helpCarry(ctx context.Context, args []string, out io.Writer) (err error) {
	f := flag.NewFlagSet("carry", flag.ContinueOnError)
	from, to, how := f.String("from", "", ""), f.String("to", "", ""), f.String("how", "", "")
	times, seed, about := f.Int("times", 1, ""), f.Uint64("seed", 1, ""), f.String("case", "", "")
	if err := f.Parse(args); err != nil {
		return err
	}
	c := &carrying{about: *about, times: *times, random: rand.New(rand.NewPCG(*seed, 1))}
	if c.from, err = journal.Open(ctx, smallOptions(*from)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.from.Close()) }()
	if c.to, err = journal.Open(ctx, smallOptions(*to)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.to.Close()) }()
	ways := map[string]func(context.Context) error{
		"again": c.again, "shuffled": c.shuffled, "forged": c.forged, "stranger": c.stranger, "receipts": c.receipts, "cut": c.afterCut, "child": c.child,
	}
	way, ok := ways[*how]
	if !ok {
		return fmt.Errorf("nothing can be carried %q", *how)
	}
	c.result.Before = facts(c.to)
	if err := way(ctx); err != nil {
		return err
	}
	c.result.After = facts(c.to)
	return json.NewEncoder(out).Encode(c.result)
}

func facts(j *journal.Journal) uint64 {
	var n uint64
	for _, tip := range j.Tips() {
		n += tip.Size
	}
	return n
}

// pieces cuts every feed into ranges of some bytes.
func (c *carrying) pieces(ctx context.Context, most int) ([]journal.Range, error) {
	var out []journal.Range
	for _, tip := range c.from.Tips() {
		for first := uint64(0); first < tip.Size; {
			r, err := c.from.ReadRange(ctx, c.to.Device().Card().Device, tip.Place(), first, most)
			if err != nil {
				return nil, err
			}
			out = append(out, r)
			first += uint64(len(r.Headers))
		}
	}
	c.result.Pieces = len(out)
	return out, nil
}

// papers carries who the devices are.
func (c *carrying) papers(ctx context.Context) error {
	cards, certificates := c.from.Papers()
	return c.to.AdmitPapers(ctx, cards, certificates)
}

// blobs carries attachments.
func (c *carrying) blobs(ctx context.Context, times int) error {
	missing, err := c.to.MissingBlobs(ctx, 1000)
	if err != nil {
		return err
	}
	for _, hash := range missing {
		sealed, err := c.from.ReadBlob(ctx, hash)
		if err != nil {
			c.result.Blobs++ // the other one lacks it too
			continue
		}
		for range times {
			if err := c.to.TakeBlob(ctx, sealed); err != nil {
				return err
			}
		}
	}
	return nil
}

// take hands a range over; one of the receiver's own feeds is not for it.
func (c *carrying) take(ctx context.Context, r journal.Range) error {
	err := c.to.Receive(ctx, r)
	switch {
	case errors.Is(err, journal.ErrOwn):
		return nil
	case err == nil:
		c.result.Taken++
	default:
		c.result.Refused++
	}
	return err
}

// again hands papers, attachments and the last range of each feed over so many
// times, and every other range once.
func (c *carrying) again(ctx context.Context) error {
	if err := c.papers(ctx); err != nil {
		return err
	}
	all, err := c.pieces(ctx, 16<<10)
	if err != nil {
		return err
	}
	for n, r := range all {
		times := 1
		if n+1 == len(all) || all[n+1].Feed != r.Feed {
			times = c.times
		}
		for range times {
			if err := c.take(ctx, r); err != nil {
				return err
			}
		}
	}
	return c.blobs(ctx, c.times)
}

// shuffled hands small ranges over in any order, until all of them are taken:
// what stands on something that is not there yet must be refused, not kept.
func (c *carrying) shuffled(ctx context.Context) error {
	if err := c.papers(ctx); err != nil {
		return err
	}
	all, err := c.pieces(ctx, 16<<10)
	if err != nil {
		return err
	}
	for len(all) > 0 && ctx.Err() == nil {
		c.random.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
		var late []journal.Range
		for _, r := range all {
			err := c.take(ctx, r)
			switch {
			case errors.Is(err, journal.ErrGap):
				late = append(late, r)
			case err != nil:
				return err
			}
		}
		if len(late) == len(all) {
			return errors.New("nothing more can be taken in")
		}
		c.result.Late += len(late)
		all = late
	}
	return c.blobs(ctx, 1)
}

// forged hands over ranges of which one thing was changed: the case a fact is
// about, its organisation, its place, its body, its flags, its head.
func (c *carrying) forged(ctx context.Context) error {
	if err := c.papers(ctx); err != nil {
		return err
	}
	all, err := c.pieces(ctx, 16<<10)
	if err != nil {
		return err
	}
	other, err := fact.NewSubject(crand.Reader)
	if err != nil {
		return err
	}
	forgeries := map[string]func(r *journal.Range, n int){
		"in another case":         func(r *journal.Range, n int) { copy(r.Headers[n][120:136], other[:]) },
		"in another organisation": func(r *journal.Range, n int) { r.Headers[n][8] ^= 1 },
		"in another place":        func(r *journal.Range, n int) { r.Headers[n][79] ^= 1 },
		"at another time":         func(r *journal.Range, n int) { r.Headers[n][119] ^= 1 },
		"as half of an act":       func(r *journal.Range, n int) { r.Headers[len(r.Headers)-1][5] ^= 1 },
		"with another body":       func(r *journal.Range, n int) { r.Bodies[n][len(r.Bodies[n])-1] ^= 1 },
		"in another feed":         func(r *journal.Range, n int) { r.Feed[0] ^= 1 },
		"under another head":      func(r *journal.Range, n int) { r.Head[len(r.Head)/2] ^= 1 },
		"one fact short":          func(r *journal.Range, n int) { r.Headers, r.Bodies = r.Headers[1:], r.Bodies[1:] },
	}
	for n := 0; n < c.times; n++ {
		r := all[c.random.IntN(len(all))]
		for what, forge := range forgeries {
			f := copyRange(r)
			forge(&f, c.random.IntN(len(f.Headers)))
			if err := c.take(ctx, f); err == nil && !c.own(r) {
				c.result.Believed = append(c.result.Believed, what)
			}
		}
	}
	return nil
}

func (c *carrying) own(r journal.Range) bool {
	device, known := c.to.DeviceOf(r.Feed)
	return known && device == c.to.Device().Card().Device
}

func copyRange(r journal.Range) journal.Range {
	out := r
	out.Headers, out.Bodies = copyAll(r.Headers), copyAll(r.Bodies)
	out.Head = append([]byte(nil), r.Head...)
	return out
}

func copyAll(all [][]byte) [][]byte {
	out := make([][]byte, len(all))
	for i, b := range all {
		out[i] = append([]byte(nil), b...)
	}
	return out
}
