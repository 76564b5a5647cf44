// Package telephone is a telephone exchange that is made up, with the adapter
// that a real one needs: it says over the documented door what happens to calls
// (docs/telephone.md), keeps what was not taken and says it again.
package telephone

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Exchange is one exchange with its adapter. It is safe for use by many
// goroutines.
type Exchange struct {
	URL    string // of the door
	Client *http.Client
	Now    func() time.Time
	Ahead  time.Duration // by which its clock is wrong
	Prefix string        // of its numbers, so that they are its own after a restart

	mu   sync.Mutex
	n    int
	owed []Event // not taken yet, in order
}

// Event is one event as it is sent.
type Event struct {
	Event     string    `json:"event"`
	Call      string    `json:"call"`
	What      string    `json:"what"`
	At        time.Time `json:"at"`
	Number    string    `json:"number,omitempty"`
	Withheld  bool      `json:"withheld,omitempty"`
	Dialled   string    `json:"dialled,omitempty"`
	Extension string    `json:"extension,omitempty"`
	To        string    `json:"to,omitempty"`
	Recording string    `json:"recording,omitempty"`
}

// Answer is what the door answers.
type Answer struct {
	New   int `json:"new"`
	Again int `json:"again"`
	Wrong []struct {
		Event string `json:"event"`
		Why   string `json:"why"`
	} `json:"wrong"`
}

// Refused is an answer that is none: nothing of the message was taken.
type Refused struct {
	Status int
	Said   string
}

// Error says it.
func (r *Refused) Error() string { return fmt.Sprintf("the door answers %d: %s", r.Status, r.Said) }

// clock is the exchange's own time.
func (x *Exchange) clock() time.Time { return x.Now().Add(x.Ahead) }

func (x *Exchange) next() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.n++
	return x.Prefix + strconv.Itoa(x.n)
}

// Post sends one message and changes nothing here.
func (x *Exchange) Post(ctx context.Context, events []Event) (Answer, error) {
	if events == nil {
		events = []Event{}
	}
	body, err := json.Marshal(map[string]any{"sent": x.clock(), "events": events})
	if err != nil {
		return Answer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, x.URL, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := x.Client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer res.Body.Close()
	said, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return Answer{}, err
	}
	if res.StatusCode != http.StatusOK {
		return Answer{}, &Refused{res.StatusCode, string(said)}
	}
	var a Answer
	return a, json.Unmarshal(said, &a)
}

// Beat says that the adapter is there.
func (x *Exchange) Beat(ctx context.Context) error {
	_, err := x.Post(ctx, nil)
	return err
}

// say adds an event and sends all that is owed, the oldest first. What is not
// taken is owed on.
func (x *Exchange) say(ctx context.Context, e Event) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.owed = append(x.owed, e)
	for len(x.owed) > 0 {
		part := x.owed[:min(len(x.owed), 100)]
		if _, err := x.Post(ctx, part); err != nil {
			return err
		}
		x.owed = x.owed[len(part):]
	}
	x.owed = nil
	return nil
}

// Call is one call at the exchange.
type Call struct {
	x      *Exchange
	ID     string
	number string
}

// Ring lets a call come in. An empty number is withheld.
func (x *Exchange) Ring(ctx context.Context, number string) (*Call, error) {
	c := &Call{x: x, ID: "call-" + x.next(), number: number}
	return c, c.Say(ctx, "offered")
}

// Say lets something happen to the call now. more is the extension, and of a
// transfer the one it goes to; of "recorded" it is the reference.
func (c *Call) Say(ctx context.Context, what string, more ...string) error {
	e := Event{Event: "event-" + c.x.next(), Call: c.ID, What: what, At: c.x.clock(), Number: c.number, Withheld: c.number == "", Dialled: "111"}
	if len(more) > 0 {
		e.Extension = more[0]
	}
	if len(more) > 1 {
		e.To = more[1]
	}
	if what == "recorded" {
		e.Extension, e.Recording = "", more[0]
	}
	return c.x.say(ctx, e)
}

// Shift is a made-up shift: callers ring, hear the message, wait, and are
// answered at one of the telephones or give up.
type Shift struct {
	Exchange *Exchange
	Random   *rand.Rand
	Seats    []string      // telephones that answer
	Waiting  int           // callers who wait when it begins
	Every    time.Duration // between two calls, more or less
	Number   func() string // whose turn it is to ring; empty: withheld
}

// Run works until the context is done, and says by beats that it is there.
// Trouble on the way is not the exchange's end: it is said again.
func (s Shift) Run(ctx context.Context) error {
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() {
		for ctx.Err() == nil {
			_ = s.Exchange.Beat(ctx) // what is lost is heard of by the next
			pause(ctx, 20*time.Second)
		}
	})
	for i := 0; ctx.Err() == nil; i++ {
		number, wait, seat := s.Number(), time.Duration(5+s.Random.IntN(50))*time.Second, s.Seats[s.Random.IntN(len(s.Seats))]
		talk, givesUp := time.Duration(60+s.Random.IntN(240))*time.Second, s.Random.IntN(25) == 0
		all.Go(func() { s.call(ctx, number, seat, wait, talk, givesUp) })
		if i >= s.Waiting {
			pause(ctx, s.Every/2+time.Duration(s.Random.Int64N(int64(s.Every))))
		}
	}
	return nil
}

// call is one caller.
func (s Shift) call(ctx context.Context, number, seat string, wait, talk time.Duration, givesUp bool) {
	c, _ := s.Exchange.Ring(ctx, number) // what is not taken now is said with the next
	step := func(after time.Duration, what string, more ...string) {
		pause(ctx, after)
		if ctx.Err() == nil {
			_ = c.Say(ctx, what, more...) // likewise
		}
	}
	step(time.Second, "in-message")
	step(8*time.Second, "queued")
	if givesUp {
		step(2*wait, "abandoned")
		return
	}
	step(wait, "answered", seat)
	step(talk, "ended")
	step(time.Second, "recorded", "rec/"+c.ID)
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
