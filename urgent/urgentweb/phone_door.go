package urgentweb

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"strconv"
	"sync"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
)

// What one telephone exchange may send (docs/telephone.md).
const (
	PhoneDoorPath   = "/telephone/events"
	mostPhoneBody   = 256 << 10
	mostPhoneEvents = 200  // in one message
	phoneRate       = 500  // events a second, over time
	phoneBurst      = 5000 // at once, after a quiet while
	phoneWithin     = 10 * time.Second
	mostPhoneSkew   = 10 * 365 * 24 * time.Hour
)

// PhoneDoor takes in what telephone exchanges say. The certificate of the
// connection says which one speaks. It is safe for use by many goroutines.
type PhoneDoor struct {
	Hear func(ctx context.Context, exchange string, events []urgent.TelephoneEvent) (urgentdb.Taken, error)
	Who  func(r *http.Request) (exchange string, err error)
	Now  func() time.Time

	mu    sync.Mutex
	spent map[string]allowance
}

// allowance is how many events an exchange may still send, as of a time.
type allowance struct {
	left float64
	at   time.Time
}

// phoneMessage is one message of an adapter.
type phoneMessage struct {
	Sent   string       `json:"sent"`
	Events []phoneEvent `json:"events"`
}

// phoneEvent is one event in a message.
type phoneEvent struct {
	Event     string `json:"event"`
	Call      string `json:"call"`
	What      string `json:"what"`
	At        string `json:"at"`
	Number    string `json:"number,omitempty"`
	Withheld  bool   `json:"withheld,omitempty"`
	Dialled   string `json:"dialled,omitempty"`
	Extension string `json:"extension,omitempty"`
	To        string `json:"to,omitempty"`
	Recording string `json:"recording,omitempty"`
}

// phoneAnswer is what an adapter is answered: all but what stands in Wrong is
// saved.
type phoneAnswer struct {
	New   int          `json:"new"`
	Again int          `json:"again"`
	Wrong []phoneWrong `json:"wrong"`
}

type phoneWrong struct {
	Event string `json:"event"`
	Why   string `json:"why"`
}

// ServeHTTP takes in one message.
func (d *PhoneDoor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	exchange, err := d.Who(r)
	if err != nil {
		phoneProblem(w, http.StatusForbidden, "A certificate of a telephone exchange is needed.")
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		phoneProblem(w, http.StatusMethodNotAllowed, "Events are sent with POST.")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), phoneWithin)
	defer cancel()
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		phoneProblem(w, http.StatusUnsupportedMediaType, "The media type is not application/json.")
		return
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(io.LimitReader(r.Body, mostPhoneBody+1)); err != nil {
		phoneProblem(w, http.StatusBadRequest, "The message could not be read to its end.")
		return
	}
	if b.Len() > mostPhoneBody {
		phoneProblem(w, http.StatusRequestEntityTooLarge, "The message is larger than 256 kB: send fewer events at once.")
		return
	}
	heard := d.Now()
	events, wrong, err := ReadPhoneEvents(b.Bytes(), exchange, heard)
	if err != nil {
		phoneProblem(w, http.StatusBadRequest, sayOf(err))
		return
	}
	if wait, ok := d.allowed(exchange, len(events)+len(wrong), heard); !ok {
		w.Header().Set("Retry-After", strconv.Itoa(wait))
		phoneProblem(w, http.StatusTooManyRequests, "More events came than are taken in a second. Send the same message again.")
		return
	}
	taken, err := d.Hear(ctx, exchange, events)
	if err != nil {
		status := http.StatusServiceUnavailable
		if refusal.Is(err, refusal.Forbidden) {
			status = http.StatusForbidden
		}
		w.Header().Set("Retry-After", "1")
		phoneProblem(w, status, "Nothing is known to be saved. Send the same message again.")
		return
	}
	out := phoneAnswer{New: taken.New, Again: taken.Again, Wrong: wrong}
	for _, one := range taken.Wrong {
		out.Wrong = append(out.Wrong, phoneWrong{one.Event, one.Why})
	}
	if out.Wrong == nil {
		out.Wrong = []phoneWrong{}
	}
	phoneJSON(w, http.StatusOK, "application/json", out)
}

// ReadPhoneEvents reads a message of an adapter. An error means that nothing of
// it can be read; wrong are single events that can't.
func ReadPhoneEvents(body []byte, exchange string, heard time.Time) (out []urgent.TelephoneEvent, wrong []phoneWrong, err error) {
	in := json.NewDecoder(bytes.NewReader(body))
	in.DisallowUnknownFields()
	var m phoneMessage
	if err := in.Decode(&m); err != nil {
		return nil, nil, refusal.New(refusal.Invalid, "The message is not the JSON of docs/telephone.md.").Because(err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, refusal.New(refusal.Invalid, "Something stands after the message.")
	}
	sent, err := time.Parse(time.RFC3339Nano, m.Sent)
	if err != nil {
		return nil, nil, refusal.New(refusal.Invalid, "sent is not a time as 2026-11-21T19:44:31.250Z.")
	}
	if len(m.Events) > mostPhoneEvents {
		return nil, nil, refusal.Newf(refusal.Invalid, "A message holds at most %d events.", mostPhoneEvents)
	}
	behind := heard.Sub(sent)
	if behind.Abs() > mostPhoneSkew {
		return nil, nil, refusal.New(refusal.Invalid, "sent lies years away: set the exchange's clock.")
	}
	for _, e := range m.Events {
		one, err := e.read(exchange, behind)
		if err != nil {
			wrong = append(wrong, phoneWrong{clipped(e.Event, urgent.MaxTelephoneID), sayOf(err)})
			continue
		}
		out = append(out, one)
	}
	return out, wrong, nil
}

func (e phoneEvent) read(exchange string, behind time.Duration) (urgent.TelephoneEvent, error) {
	at, err := time.Parse(time.RFC3339Nano, e.At)
	if err != nil || at.Year() < 1971 || at.Year() > 2500 {
		return urgent.TelephoneEvent{}, refusal.New(refusal.Invalid, "at is not a time as 2026-11-21T19:44:31.250Z.")
	}
	return urgent.TelephoneEvent{
		Exchange: exchange, Call: e.Call, Event: e.Event, What: urgent.Moment(e.What), At: fact.At(at), Behind: behind.Milliseconds(),
		From: urgentdb.ReadNumber(e.Number, e.Withheld), Dialled: e.Dialled, Extension: e.Extension, To: e.To, Recording: e.Recording,
	}, nil
}

// allowed spends so many events; when there are not enough it says how many
// seconds to wait.
func (d *PhoneDoor) allowed(exchange string, n int, now time.Time) (wait int, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.spent == nil {
		d.spent = map[string]allowance{}
	}
	a, known := d.spent[exchange]
	if !known {
		a = allowance{phoneBurst, now}
	}
	a.left = min(phoneBurst, a.left+math.Max(0, now.Sub(a.at).Seconds())*phoneRate)
	a.at = now
	if float64(n) <= a.left {
		a.left -= float64(n)
		ok = true
	}
	d.spent[exchange] = a
	return 1 + int((float64(n)-a.left)/phoneRate), ok
}

// phoneProblem answers in the form of RFC 9457.
func phoneProblem(w http.ResponseWriter, status int, sentence string) {
	phoneJSON(w, status, "application/problem+json", map[string]any{"status": status, "title": http.StatusText(status), "detail": sentence})
}

func phoneJSON(w http.ResponseWriter, status int, media string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		body = []byte(`{}`) // strings and numbers always encode
	}
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // when the adapter has gone, it sends the same again
}
