package outbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
)

// Gateway hands messages to a carrier that speaks docs/outbox.md: one PUT for
// each message, under the number of its envelope. Sent again it is no second
// message but the question how the first one stands.
type Gateway struct {
	HTTP  *http.Client // with a time limit; nil: the usual client
	URL   string       // HTTPS; plain HTTP on this machine alone
	Key   string       // of this organisation at the carrier
	Clock Clock
}

// NewGateway checks the address of a carrier: HTTPS, or this machine itself.
func NewGateway(c *http.Client, address, key string, clock Clock) (Gateway, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())) {
		return Gateway{}, errors.New("a carrier's address is https://… without a name, a password or a question in it; http only on this machine itself")
	}
	if strings.TrimSpace(key) == "" {
		return Gateway{}, errors.New("the carrier's key is missing")
	}
	if c == nil {
		c = http.DefaultClient
	}
	return Gateway{HTTP: c, URL: strings.TrimSuffix(address, "/"), Key: strings.TrimSpace(key), Clock: clock}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Message is what a carrier is handed.
type Message struct {
	Kind    string   `json:"kind"` // text, report
	To      string   `json:"to"`   // +44… of a text, the ODS code of a practice
	Text    string   `json:"text,omitempty"`
	Until   string   `json:"until,omitempty"`  // RFC 3339: a carrier drops it then
	Report  string   `json:"report,omitempty"` // the page as plain text, the things to do first
	Actions []string `json:"actions,omitempty"`
	From    string   `json:"from,omitempty"` // ODS code
	Case    string   `json:"case,omitempty"`
	NHS     string   `json:"nhs,omitempty"`
	Replace string   `json:"replaces,omitempty"`
	Takes   string   `json:"takes_back,omitempty"`
}

// State is how a carrier says that a message stands.
type State struct {
	State string `json:"state"`          // accepted, sent, delivered, read, failed, refused
	Said  string `json:"said,omitempty"` // why not; nothing about the patient
}

// Send makes one attempt, or asks how an earlier one stands.
func (g Gateway) Send(ctx context.Context, e exchange.Envelope, content []byte) Result {
	m, err := messageOf(e, content)
	if err != nil {
		return turned("The content can't be read here")
	}
	if l, err := exchange.DecodeLetter(content); e.Carries == exchange.CarriesLetter && err == nil && tooLate(l, g.Clock()) {
		return turned(tooLateWords)
	}
	body, err := json.Marshal(m)
	if err != nil {
		return turned("The content can't be written for this carrier")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, g.URL+"/messages/"+e.ID.String(), bytes.NewReader(body))
	if err != nil {
		return Result{Outcome: exchange.Unreachable, Said: "The carrier's address can't be used"}
	}
	req.Header.Set("Authorization", "Bearer "+g.Key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := g.HTTP.Do(req)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "dial" {
			return Result{Outcome: exchange.Unreachable, Said: "The carrier can't be reached"}
		}
		return Result{Outcome: exchange.NotKnown, Said: "The carrier did not answer"}
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return Result{Outcome: exchange.NotKnown, Status: resp.StatusCode, Said: "The carrier's answer broke off"}
	}
	return answered(e, resp.StatusCode, raw, fact.At(g.Clock()))
}

func messageOf(e exchange.Envelope, content []byte) (Message, error) {
	if e.Carries == exchange.CarriesReport {
		r, err := exchange.DecodeReport(content)
		if err != nil {
			return Message{}, err
		}
		m := Message{Kind: "report", To: string(r.To.ODS), From: string(r.From.ODS), Case: r.CaseNumber, NHS: r.Patient.NHS.Text, Report: exchange.ReportText(r), Replace: r.Replaces, Takes: r.Takes}
		for _, a := range r.Actions {
			m.Actions = append(m.Actions, a.What)
		}
		return m, nil
	}
	l, err := exchange.DecodeLetter(content)
	if err != nil {
		return Message{}, err
	}
	return Message{Kind: "text", To: l.Phone.Number, Text: l.Text(), Until: l.Until.Time().UTC().Format("2006-01-02T15:04:05Z")}, nil
}

// answered reads a carrier's answer. A message is there when the carrier says
// that it was delivered; accepted is not delivered.
func answered(e exchange.Envelope, status int, raw []byte, at fact.Millis) Result {
	out := Result{Status: status}
	var s State
	if status/100 == 2 {
		if json.Unmarshal(raw, &s) != nil {
			out.Outcome, out.Said = exchange.NotKnown, "The carrier's answer can't be read"
			return out
		}
		out.Said = exchange.Line(s.Said)
	}
	switch {
	case status == http.StatusRequestTimeout:
		out.Outcome = exchange.NotKnown
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable || status == http.StatusUnauthorized || status == http.StatusForbidden:
		out.Outcome, out.Said = exchange.Unreachable, "The carrier takes nothing from us now"
	case status/100 == 4:
		out.Outcome, out.Said = exchange.Turned, "The carrier does not take this message"
	case status/100 != 2:
		out.Outcome = exchange.NotKnown
	case s.State == "accepted" || s.State == "sent":
		out.Outcome = exchange.Handed
	case s.State == "delivered" || s.State == "read":
		out.Outcome, out.Proof = exchange.Handed, raw
		out.Receipt = &exchange.Receipt{Envelope: e.ID, Content: e.Content, By: receiver(e), Filed: at}
	case s.State == "failed" || s.State == "refused":
		out.Outcome = exchange.Turned
	default:
		out.Outcome, out.Said = exchange.NotKnown, "The carrier's answer can't be read"
	}
	return out
}

func receiver(e exchange.Envelope) codes.ODS {
	if e.Carries == exchange.CarriesReport {
		return e.To.ODS
	}
	return ""
}
