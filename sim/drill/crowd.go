package drill

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"holdfast/fact"
	"holdfast/journal"
	"holdfast/replicate"
	"holdfast/replicate/carrier"
	"holdfast/urgent"
)

// crowd is many desks of one organisation in one process, each with a journal
// of its own on the disk, that come back after a time alone.
type crowd struct {
	desks []*journal.Journal
	to    string
}

// arrival is when what a desk had written was safe.
type arrival struct {
	Desk    int     `json:"desk"` // 0 is the heavy one
	Facts   uint64  `json:"facts"`
	Seconds float64 `json:"seconds"` // since all of them came back
}

// helpCrowd enrols desks at a site that is at rest, has them write while they
// are alone, waits to be told "go", and has them all come back at once. One of
// them has written far more than the others.
func helpCrowd(ctx context.Context, args []string, in io.Reader, out io.Writer) (err error) {
	f := flag.NewFlagSet("crowd", flag.ContinueOnError)
	founder, dir, to := f.String("founder", "", ""), f.String("data", "", ""), f.String("to", "", "")
	desks, light, heavy := f.Int("desks", 30, ""), f.Int("light", 10, ""), f.Int("heavy", 1000, "")
	if err := f.Parse(args); err != nil {
		return err
	}
	c := &crowd{to: *to}
	defer func() { err = errors.Join(err, c.close()) }()
	if err := c.enrol(ctx, *founder, *dir, *desks); err != nil {
		return err
	}
	for n, j := range c.desks {
		acts := *light
		if n == 0 {
			acts = *heavy
		}
		if err := writeAlone(ctx, j, acts); err != nil {
			return err
		}
	}
	answers := json.NewEncoder(out)
	if err := answers.Encode("ready"); err != nil {
		return err
	}
	if _, err := bufio.NewReader(in).ReadBytes('\n'); err != nil {
		return err
	}
	return c.comeBack(ctx, answers)
}

func (c *crowd) enrol(ctx context.Context, founder, dir string, count int) (err error) {
	f, err := journal.Open(ctx, smallOptions(founder))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for n := range count {
		o := smallOptions(filepath.Join(dir, fmt.Sprintf("desk-%d", n)))
		name := fmt.Sprintf("desk %d", n)
		request, err := journal.Ask(ctx, o, fact.Desk, name, name)
		if err != nil {
			return err
		}
		admission, err := f.Enrol(ctx, fact.Author{Role: "device"}, request)
		if err != nil {
			return err
		}
		if err := journal.Join(ctx, o, admission); err != nil {
			return err
		}
		j, err := journal.Open(ctx, o)
		if err != nil {
			return err
		}
		c.desks = append(c.desks, j)
	}
	return nil
}

// writeAlone has a desk take notes of cases of its own.
func writeAlone(ctx context.Context, j *journal.Journal, acts int) error {
	const writers = 8
	errs := make([]error, writers)
	var wait sync.WaitGroup
	for w := range writers {
		wait.Go(func() {
			s, err := fact.NewSubject(rand.Reader)
			for n := w; n < acts && err == nil; n += writers {
				_, err = j.Do(ctx, fact.Author{Role: "device"}, nil, func(*journal.Tx) ([]fact.Draft, error) {
					one := fact.Say(s, urgent.Noted{Words: strings.Repeat("n", 200), By: "rehearsal"})
					return []fact.Draft{one, one, one}, nil
				})
			}
			errs[w] = err
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// comeBack links all desks at once and tells when each one's work is safe.
func (c *crowd) comeBack(ctx context.Context, answers *json.Encoder) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	begun := time.Now()
	for _, j := range c.desks {
		m, err := carrier.New(carrier.Config{
			Store: j, Identity: j.Device(), Domain: j.Domain(), Addresses: []string{c.to}, Clock: time.Now, Random: rand.Reader,
			Effect: func(replicate.Peer, replicate.Effect) {}, Retry: 20 * time.Millisecond, Tick: 200 * time.Millisecond,
		})
		if err != nil {
			return err
		}
		running.Go(func() { m.Run(ctx) })
	}
	arrived := map[int]bool{}
	for len(arrived) < len(c.desks) {
		for n, j := range c.desks {
			size := ownCare(j)
			if arrived[n] || size == 0 || !allSafe(j) {
				continue
			}
			arrived[n] = true
			if err := answers.Encode(arrival{Desk: n, Facts: size, Seconds: time.Since(begun).Seconds()}); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d desks did not get rid of what they wrote: %w", len(c.desks)-len(arrived), len(c.desks), ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

// ownCare is how many facts of care a device has written itself.
func ownCare(j *journal.Journal) (n uint64) {
	for _, tip := range j.Tips() {
		if whose, _ := j.DeviceOf(tip.Feed); tip.Lane == fact.Care && whose == j.Device().Card().Device {
			n += tip.Size
		}
	}
	return n
}

func allSafe(j *journal.Journal) bool {
	for _, tip := range j.Tips() {
		if whose, _ := j.DeviceOf(tip.Feed); tip.Lane == fact.Care && whose == j.Device().Card().Device && j.SafeUpTo(tip.Feed) < tip.Size {
			return false
		}
	}
	return true
}

func (c *crowd) close() error {
	var err error
	for _, j := range c.desks {
		err = errors.Join(err, j.Close())
	}
	return err
}
