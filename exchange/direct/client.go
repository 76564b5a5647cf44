package direct

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Client sends envelopes to partners.
type Client struct {
	HTTP     *http.Client // with this organisation's client certificate and a time limit
	Us       fact.OrgID
	Signer   Signer
	Partners Partners
}

// Sent is how one attempt went, to be stated by exchange.Attempted and, when
// a receipt came back, exchange.Receipted. Receipt is nil without one.
type Sent struct {
	Attempt exchange.Attempt
	Receipt *exchange.ReceiptReceived
}

// Send makes one attempt with an envelope that was prepared and saved. It
// never fails silently: what cannot be told is an attempt of outcome NotKnown,
// and the same envelope may be sent again. An error means that nothing was
// tried.
func (c Client) Send(ctx context.Context, e exchange.Envelope, content []byte, now time.Time) (Sent, error) {
	p, err := c.Partners.ByODS(ctx, e.To.ODS)
	if err != nil {
		return Sent{}, err
	}
	l := Letter{Envelope: e.ID, From: c.Us, To: p.Org, Carries: e.Carries, Written: fact.At(now), Content: content}
	if l.ContentHash() != e.Content {
		return Sent{}, refusal.New(refusal.Invalid, "The content is not what was prepared: it was not sent")
	}
	letter, err := Sign(l, c.Signer)
	if err != nil {
		return Sent{}, err
	}
	wire, err := Seal(letter, p.Org, p.Public)
	if err != nil {
		return Sent{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.Address, bytes.NewReader(wire))
	if err != nil {
		return Sent{}, refusal.New(refusal.Invalid, "The partner's address cannot be used: ask them for a new partner file").Because(err)
	}
	if req.URL.Scheme != "https" {
		return Sent{}, refusal.New(refusal.Invalid, "The partner's address is not HTTPS: ask them for a new partner file")
	}
	req.Header.Set("Content-Type", EnvelopeMedia)
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return Sent{Attempt: attempt(now, outcomeOf(err), 0, "")}, nil
	}
	defer resp.Body.Close()
	return c.answer(ctx, p, e, resp, now), nil
}

func attempt(now time.Time, o exchange.Outcome, status int, said string) exchange.Attempt {
	return exchange.Attempt{At: fact.At(now), Route: exchange.ByDirect, Outcome: o, Status: status, Said: exchange.Line(said)}
}

// outcomeOf tells a connection that never was from one that broke.
func outcomeOf(err error) exchange.Outcome {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return exchange.Unreachable
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return exchange.Unreachable
	}
	return exchange.NotKnown
}

func (c Client) answer(ctx context.Context, p Partner, e exchange.Envelope, resp *http.Response, now time.Time) Sent {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReceipt+1))
	if err != nil {
		return Sent{Attempt: attempt(now, exchange.NotKnown, resp.StatusCode, "")}
	}
	if resp.StatusCode != http.StatusOK {
		return Sent{Attempt: attempt(now, refusedOutcome(resp.StatusCode), resp.StatusCode, detail(resp, body))}
	}
	r, err := OpenReceipt(body, p.Org, func(cert []byte) (ed25519.PublicKey, error) { return c.Partners.Device(ctx, p.Org, cert) })
	if err != nil || r.Envelope != e.ID {
		return Sent{Attempt: attempt(now, exchange.NotKnown, resp.StatusCode, "The answer held no receipt of this partner for this envelope")}
	}
	return Sent{
		Attempt: attempt(now, exchange.Handed, resp.StatusCode, ""),
		Receipt: &exchange.ReceiptReceived{Receipt: r, Route: exchange.ByDirect, Proof: body},
	}
}

// refusedOutcome reads a status: 4xx is a refusal, 408 and 429 apart; 503 says
// that nothing was saved; the rest is not known.
func refusedOutcome(status int) exchange.Outcome {
	switch {
	case status == http.StatusRequestTimeout:
		return exchange.NotKnown
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return exchange.Unreachable
	case status >= 400 && status < 500:
		return exchange.Turned
	}
	return exchange.NotKnown
}

// detail gives the partner's own words; a partner's refusals hold no patient
// data.
func detail(resp *http.Response, body []byte) string {
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	var p struct {
		Detail string `json:"detail"`
	}
	if err != nil || kind != "application/problem+json" || json.Unmarshal(body, &p) != nil {
		return ""
	}
	return strings.TrimSpace(p.Detail)
}
