package drill

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"net/http"
	"sync"
	"time"

	"holdfast/fact"
	"holdfast/journal"
	"holdfast/replicate"
	"holdfast/replicate/carrier"
)

// talked is what became of a talk with a device.
type talked struct {
	Level  bool   `json:"level"` // both sides hold the same
	Closed string `json:"closed"`
	Sent   int    `json:"sent"`
	Heard  int    `json:"heard"`
	Facts  uint64 `json:"facts"` // in whole feeds of the talker
}

// talker speaks the protocol between devices as an enrolled device does, but
// for what twist makes of each frame before it leaves.
type talker struct {
	link   *replicate.Link
	twist  func(frame []byte) [][]byte
	flush  func() [][]byte // what twist still holds
	out    chan []byte
	result talked
}

// helpTalk opens a folder that no device is at work in and talks to a device.
func helpTalk(ctx context.Context, args []string, out io.Writer) (err error) {
	f := flag.NewFlagSet("talk", flag.ContinueOnError)
	dir, to, how := f.String("data", "", ""), f.String("to", "", ""), f.String("how", "plain", "")
	times, seed := f.Int("times", 1, ""), f.Uint64("seed", 1, "")
	if err := f.Parse(args); err != nil {
		return err
	}
	j, err := journal.Open(ctx, smallOptions(*dir))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	t := &talker{out: make(chan []byte, 1<<16), flush: func() [][]byte { return nil }}
	switch *how {
	case "plain":
		t.twist = func(frame []byte) [][]byte { return [][]byte{frame} }
	case "again":
		t.twist = again(*times)
	case "shuffled":
		t.twist, t.flush = shuffled(mrand.New(mrand.NewPCG(*seed, 0)))
	default:
		return fmt.Errorf("nobody can talk %q", *how)
	}
	c := replicate.Config{Store: j, Identity: j.Device(), Board: replicate.NewBoard(), Domain: j.Domain(), Limits: replicate.Limits{RangeBytes: 8 << 10, Pulse: 500 * time.Millisecond, Patience: time.Second}}
	if _, err := io.ReadFull(rand.Reader, c.Instance[:]); err != nil {
		return err
	}
	if err := t.talk(ctx, *to, c); err != nil {
		return err
	}
	for _, tip := range j.Tips() {
		t.result.Facts += tip.Size
	}
	return json.NewEncoder(out).Encode(t.result)
}

// again has what carries content leave many times over: papers, ranges, keys,
// attachments, receipts, single facts. Questions leave once: each would be
// answered as often as it is put.
func again(times int) func([]byte) [][]byte {
	content := map[byte]bool{4: true, 7: true, 14: true, 16: true, 17: true, 20: true}
	said := map[[32]byte]bool{}
	return func(frame []byte) [][]byte {
		hash := sha256.Sum256(frame)
		if len(frame) < 5 || !content[frame[4]] || said[hash] {
			return [][]byte{frame}
		}
		said[hash] = true
		out := make([][]byte, times)
		for i := range out {
			out[i] = frame
		}
		return out
	}
}

// shuffled keeps a few frames back and lets them go in any order, some of them
// twice. The greeting stays first.
func shuffled(random *mrand.Rand) (twist func([]byte) [][]byte, flush func() [][]byte) {
	var kept [][]byte
	greeted := false
	flush = func() [][]byte {
		out := kept
		kept = nil
		random.Shuffle(len(out), func(i, k int) { out[i], out[k] = out[k], out[i] })
		if len(out) > 2 {
			out = append(out, out[0])
		}
		return out
	}
	return func(frame []byte) [][]byte {
		if !greeted {
			greeted = true
			return [][]byte{frame}
		}
		kept = append(kept, frame)
		if len(kept) < 3+random.IntN(6) {
			return nil
		}
		return flush()
	}, flush
}

// quietFor is how long both sides must have held the same for a talk to end.
const quietFor = 1500 * time.Millisecond

// talk talks until both sides hold the same, or the other side ends it.
func (t *talker) talk(ctx context.Context, address string, c replicate.Config) error {
	cert, err := carrier.Certificate(c.Identity)
	if err != nil {
		return err
	}
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{
		Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13, InsecureSkipVerify: true, // devices are known by their cards
	}}
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	body, to := io.Pipe()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+address+carrier.Path, body)
	if err != nil {
		return err
	}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	t.link = replicate.NewLink(c)
	frames := make(chan []byte)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer cancel()
	workers.Go(func() { t.write(ctx, to) })
	workers.Go(func() { read(ctx, resp.Body, frames) })
	return t.loop(ctx, frames)
}

func (t *talker) write(ctx context.Context, to *io.PipeWriter) {
	defer to.Close()
	for {
		select {
		case frame := <-t.out:
			if _, err := to.Write(frame); err != nil {
				return // the other side ended it: reading tells
			}
		case <-ctx.Done():
			return
		}
	}
}

func read(ctx context.Context, from io.Reader, frames chan<- []byte) {
	defer close(frames)
	for {
		frame, err := replicate.ReadFrame(from)
		if err != nil {
			return
		}
		select {
		case frames <- frame:
		case <-ctx.Done():
			return
		}
	}
}

func (t *talker) loop(ctx context.Context, frames <-chan []byte) error {
	now := func() fact.Millis { return fact.At(time.Now()) }
	first, err := t.link.Start(now())
	if err != nil {
		return err
	}
	t.send(ctx, first)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	since := time.Now()
	for t.result.Closed == "" {
		for t.link.Pending() {
			t.send(ctx, t.link.Next(ctx, now()))
		}
		select {
		case frame, more := <-frames:
			if !more {
				t.result.Closed = "the other side ended it"
				return nil
			}
			t.result.Heard++
			t.send(ctx, t.link.Take(ctx, frame, now()))
		case <-tick.C:
			t.send(ctx, t.link.Tick(ctx, now()))
			t.pass(ctx, t.flush())
		case <-ctx.Done():
			return ctx.Err()
		}
		if !t.link.Level() || len(t.out) > 0 {
			since = time.Now()
		} else if time.Since(since) > quietFor {
			t.result.Level = true
			return nil
		}
	}
	return nil
}

func (t *talker) send(ctx context.Context, out replicate.Out) {
	for _, frame := range out.Send {
		t.pass(ctx, t.twist(frame))
	}
	if out.Close != "" {
		t.result.Closed = out.Close
	}
}

func (t *talker) pass(ctx context.Context, frames [][]byte) {
	for _, frame := range frames {
		select {
		case t.out <- frame:
			t.result.Sent++
		case <-ctx.Done():
			return
		}
	}
}
