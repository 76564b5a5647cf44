package outbox

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/record"
)

var now = time.Date(2026, 11, 21, 19, 54, 0, 0, time.UTC)

func clock() time.Time { return now }

func letter(t *testing.T, change func(*exchange.Letter)) (exchange.Envelope, []byte) {
	t.Helper()
	l := exchange.Letter{
		Key: "worse", Language: "cy", Title: "Beth i’w wneud", Lines: []string{"Ffoniwch 111 — unrhyw awr.", ".a line that begins with a dot"}, From: exchange.Party{Name: "Fellside 111"},
		Phone: codes.ReceivePhone("07700900518"), Email: "moira@example.org", Case: "26-1", Written: fact.At(now), Until: fact.At(now.Add(time.Hour)),
	}
	if change != nil {
		change(&l)
	}
	content, err := fact.Encode(l)
	if err != nil {
		t.Fatal(err)
	}
	return envelope(exchange.CarriesLetter, content), content
}

func envelope(carries exchange.Carries, content []byte) exchange.Envelope {
	hash := fact.Hash(sha256.Sum256(content))
	return exchange.Envelope{ID: exchange.EnvelopeIDOf(fact.Subject{1}, hash), About: fact.Subject{1}, Carries: carries, Content: hash, To: exchange.Party{ODS: "X99001"}}
}

// carrier is a gateway that keeps docs/outbox.md.
type carrier struct {
	mu     sync.Mutex
	sent   map[string]Message // by number: how many phones rang
	asked  int
	state  State
	status int
}

func (c *carrier) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	if r.Header.Get("Authorization") != "Bearer key" || r.Method != http.MethodPut || r.URL.RawQuery != "" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if c.status != 0 {
		w.WriteHeader(c.status)
		return
	}
	var m Message
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if d.Decode(&m) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.sent[strings.TrimPrefix(r.URL.Path, "/v1/messages/")] = m
	_ = json.NewEncoder(w).Encode(c.state)
}

func openCarrier(t *testing.T) (*carrier, Gateway) {
	t.Helper()
	c := &carrier{sent: map[string]Message{}, state: State{State: "accepted"}}
	s := httptest.NewServer(c)
	t.Cleanup(s.Close)
	g, err := NewGateway(s.Client(), s.URL+"/v1", "key\n", clock)
	if err != nil {
		t.Fatal(err)
	}
	return c, g
}

func TestAskedTwiceItGoesOnce(t *testing.T) {
	c, g := openCarrier(t)
	e, content := letter(t, nil)
	if r := g.Send(t.Context(), e, content); r.Outcome != exchange.Handed || r.Receipt != nil {
		t.Fatalf("accepted is not delivered: %+v", r)
	}
	c.state = State{State: "delivered"}
	r := g.Send(t.Context(), e, content)
	if r.Receipt == nil || r.Receipt.Content != e.Content || len(r.Proof) == 0 {
		t.Fatalf("%+v", r)
	}
	if len(c.sent) != 1 || c.asked != 2 {
		t.Fatalf("%d messages, asked %d times", len(c.sent), c.asked)
	}
	if m := c.sent[e.ID.String()]; m.To != "+447700900518" || m.Kind != "text" || m.Case != "" || m.NHS != "" || m.Report != "" {
		t.Fatalf("%+v", m)
	}
}

func TestWhatACarrierAnswers(t *testing.T) {
	c, g := openCarrier(t)
	e, content := letter(t, nil)
	for _, one := range []struct {
		status int
		state  string
		want   exchange.Outcome
	}{
		{0, "sent", exchange.Handed}, {0, "read", exchange.Handed}, {0, "failed", exchange.Turned}, {0, "refused", exchange.Turned}, {0, "", exchange.NotKnown}, {0, "lost", exchange.NotKnown},
		{400, "", exchange.Turned}, {401, "", exchange.Unreachable}, {404, "", exchange.Turned}, {408, "", exchange.NotKnown}, {429, "", exchange.Unreachable}, {500, "", exchange.NotKnown}, {503, "", exchange.Unreachable},
	} {
		c.status, c.state = one.status, State{State: one.state}
		if r := g.Send(t.Context(), e, content); r.Outcome != one.want {
			t.Errorf("%d %q: %s", one.status, one.state, r.Outcome)
		}
	}
	gone := httptest.NewServer(c)
	g.URL = gone.URL
	gone.Close()
	if r := g.Send(t.Context(), e, content); r.Outcome != exchange.Unreachable || strings.Contains(r.Said, "07700") {
		t.Errorf("nobody there: %+v", r)
	}
}

func TestWhatIsTooLateIsNotSent(t *testing.T) {
	c, g := openCarrier(t)
	e, content := letter(t, func(l *exchange.Letter) { l.Until = fact.At(now.Add(-time.Second)) })
	if r := g.Send(t.Context(), e, content); r.Outcome != exchange.Turned || c.asked != 0 {
		t.Fatalf("%+v, asked %d times", r, c.asked)
	}
	s := openMail(t)
	if r := s.mail(t).Send(t.Context(), e, content); r.Outcome != exchange.Turned || s.count() != 0 {
		t.Fatalf("%+v", r)
	}
}

func TestAReportGoesToThePracticesMailbox(t *testing.T) {
	c, g := openCarrier(t)
	r := exchange.Report{
		From: exchange.Party{ODS: "FEL01", Name: "Fellside 111"}, To: exchange.Party{ODS: "X99001"}, CaseNumber: "26-1", Happened: "Advice given.",
		Patient: record.Identity{Name: record.Name{Family: "Tansley"}}, Actions: []exchange.Action{{What: "Please see him", By: fact.At(now)}}, NotKnown: []string{"Whether it is safe to ring: not asked"},
	}
	content, err := fact.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	e := envelope(exchange.CarriesReport, content)
	c.state = State{State: "delivered"}
	got := g.Send(t.Context(), e, content)
	if got.Receipt == nil || got.Receipt.By != "X99001" {
		t.Fatalf("%+v", got)
	}
	m := c.sent[e.ID.String()]
	if m.Kind != "report" || m.To != "X99001" || !strings.HasPrefix(m.Report, "FOR ACTION: 1\n1. Please see him (by Sat 21 Nov 2026") || !strings.Contains(m.Report, "not asked") {
		t.Fatalf("%+v", m)
	}
	if words := exchange.ReportText(exchange.Report{}); !strings.HasPrefix(words, "FOR INFORMATION: nothing is asked of you\n") {
		t.Error(words)
	}
}

func TestAddressesOfCarriers(t *testing.T) {
	for address, ok := range map[string]bool{
		"https://texts.example.org/v1": true, "http://127.0.0.1:80": true, "http://localhost:1": true, "http://texts.example.org": false,
		"https://u:p@texts.example.org": false, "https://texts.example.org?key=1": false, "texts.example.org": false, "": false,
	} {
		if _, err := NewGateway(nil, address, "key", clock); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
	if _, err := NewGateway(nil, "https://texts.example.org", " ", clock); err == nil {
		t.Error("a carrier without a key")
	}
}

// post is a mail server on this machine.
type post struct {
	net.Listener
	mu    sync.Mutex
	mails []string
	rcpt  string // its answer to RCPT
}

func openMail(t *testing.T) *post {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &post{Listener: l, rcpt: "250 yes"}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.talk(c) })
		}
	})
	t.Cleanup(func() { l.Close(); all.Wait() })
	return p
}

func (p *post) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.mails)
}

func (p *post) mail(t *testing.T) Mail {
	t.Helper()
	m, err := NewMail(p.Addr().String(), "advice@fellside.example.org", "", "", clock)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (p *post) talk(c net.Conn) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	in := bufio.NewReader(c)
	say := func(line string) { fmt.Fprintf(c, "%s\r\n", line) }
	say("220 post")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch verb := strings.ToUpper(line[:min(4, len(line))]); verb {
		case "EHLO":
			say("250 post")
		case "RCPT":
			say(p.rcpt)
		case "DATA":
			say("354 go on")
			var b strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				b.WriteString(strings.TrimPrefix(line, "."))
			}
			p.mu.Lock()
			p.mails = append(p.mails, b.String())
			p.mu.Unlock()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 yes")
		}
	}
}

func TestAMailGoesOnce(t *testing.T) {
	p := openMail(t)
	e, content := letter(t, nil)
	r := p.mail(t).Send(t.Context(), e, content)
	if r.Outcome != exchange.Handed || r.Receipt != nil || p.count() != 1 {
		t.Fatalf("%+v, %d mails", r, p.count())
	}
	e.Routes, e.Prepared = []exchange.Route{exchange.ByEmail}, fact.ID{1}
	e.Attempts = []exchange.Attempt{{Route: exchange.ByEmail, Outcome: r.Outcome}}
	if !e.Ended() {
		t.Fatal("what the mail server took would be sent again")
	}
	m, err := mail.ReadMessage(strings.NewReader(p.mails[0]))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil || !strings.Contains(string(body), "Ffoniwch 111 — unrhyw awr.") || !strings.Contains(string(body), "\n.a line") {
		t.Fatalf("%s %v", body, err)
	}
	if m.Header.Get("Message-ID") != "<"+e.ID.String()+"@fellside.example.org>" || m.Header.Get("To") != "<moira@example.org>" || strings.Contains(m.Header.Get("Subject"), "Tansley") {
		t.Fatalf("%+v", m.Header)
	}
}

func TestWhatAMailServerAnswers(t *testing.T) {
	p := openMail(t)
	e, content := letter(t, nil)
	for answer, want := range map[string]exchange.Outcome{"550 no such": exchange.Turned, "451 later": exchange.Unreachable} {
		p.rcpt = answer
		if r := p.mail(t).Send(t.Context(), e, content); r.Outcome != want || strings.Contains(r.Said, "moira") {
			t.Errorf("%s: %+v", answer, r)
		}
	}
	for _, address := range []string{"", "a@b.example\r\nBcc: x@example.org", "m@example.org, x@example.org"} {
		e, content := letter(t, func(l *exchange.Letter) { l.Email = address })
		if r := p.mail(t).Send(t.Context(), e, content); r.Outcome != exchange.Turned {
			t.Errorf("%q: %+v", address, r)
		}
	}
	far := p.mail(t)
	far.Local = false // as if it were elsewhere: without TLS nothing goes
	p.rcpt = "250 yes"
	if r := far.Send(t.Context(), e, content); r.Outcome != exchange.Unreachable || p.count() != 0 {
		t.Errorf("a mail went without TLS: %+v", r)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if r := p.mail(t).Send(gone, e, content); r.Outcome != exchange.Unreachable {
		t.Errorf("%+v", r)
	}
}
