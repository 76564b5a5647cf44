package bars

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/fhir"
)

// processMessage is POST /$process-message. The order of checks is BaRS's:
// headers, format, ids, duplicate request, repeated bundle, structure,
// workflow, business.
func (d door) processMessage(ctx context.Context, a *answer, r *http.Request, who exchange.Partner) {
	if r.Method != http.MethodPost {
		a.fault(wrongMethod("POST"))
		return
	}
	c := call{partner: who, media: r.Header.Get("Content-Type")}
	bodyFault := c.readBody(r)
	f := readHeaders(r, &c)
	if f == nil {
		f = c.readFormat(a, r, bodyFault)
	}
	if f == nil {
		f = d.file(ctx, a, r, &c)
	}
	if f != nil {
		d.refuse(ctx, a, c, f)
	}
}

// readBody reads the body whole, unpacked, and at most as large as a message
// may be.
func (c *call) readBody(r *http.Request) *fault {
	tooLarge := fail(http.StatusRequestEntityTooLarge, "", "too-long", "The message is larger than 5 MB.")
	var in io.Reader = io.LimitReader(r.Body, exchange.MaxMessage+1)
	switch strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))) {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(in)
		if err != nil {
			return bad("invalid", "The body is not gzip as its header says.")
		}
		in = io.LimitReader(z, exchange.MaxMessage+1)
	default:
		return fail(http.StatusUnsupportedMediaType, "", "not-supported", "The content encoding is not supported: gzip is.")
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(in); err != nil {
		return bad("invalid", "The body could not be read to its end.")
	}
	c.body = b.Bytes()
	if len(c.body) > exchange.MaxMessage {
		return tooLarge
	}
	return nil
}

func (c *call) readFormat(a *answer, r *http.Request, body *fault) *fault {
	format, _, ok := fhir.FormatOf(c.media)
	if !ok {
		return fail(http.StatusUnsupportedMediaType, "", "not-supported", "The media type is not supported: application/fhir+json and application/fhir+xml are.")
	}
	c.format = format
	if r.Header.Get("Accept") == "" {
		a.format = format
	}
	if f := a.negotiate(r); f != nil {
		return f
	}
	return body
}

// file does the rest of the checks and files the message.
func (d door) file(ctx context.Context, a *answer, r *http.Request, c *call) *fault {
	if f := checkIDs(r, c); f != nil {
		return f
	}
	if f := d.unseen(ctx, c.key("request", c.request), fail(http.StatusConflict, "REC_CONFLICT", "duplicate", "A message with this X-Request-Id was processed already.")); f != nil {
		return f
	}
	tree, err := fhir.Parse(c.format, c.body, fhir.Limits{Bytes: exchange.MaxMessage})
	if err != nil {
		return bad("invalid", problemText(err))
	}
	m, f := open(tree)
	if f != nil {
		return f
	}
	if f := d.unseen(ctx, c.key("bundle", m.bundle.ID), bad("invariant", "A message with this Bundle.id was processed already under another X-Request-Id.")); f != nil {
		return f
	}
	ours, err := d.Ours(ctx)
	if err != nil {
		return d.receiverFault(ctx, err)
	}
	for _, check := range []func() *fault{m.checkStructure, func() *fault { return m.checkWorkflow(c) }, m.checkContent, func() *fault { return m.checkAddress(c, ours) }} {
		if f := check(); f != nil {
			return f
		}
	}
	return d.receive(ctx, a, c, m)
}

func (d door) receive(ctx context.Context, a *answer, c *call, m *message) *fault {
	ref, f := m.referral(c)
	if f != nil {
		return f
	}
	if !c.partner.MaySpeakFor(ref.From.ODS) {
		return fail(http.StatusUnauthorized, "REC_UNAUTHORIZED", "forbidden", "The sending organisation may not send over this connection.")
	}
	arrival := exchange.Arrival{
		Route: exchange.ByBars, Partner: c.partner, Sender: ref.From.ODS, Original: c.body, Media: c.format.MediaType(), At: fact.At(a.now),
		Keys: []string{c.key("request", c.request), c.key("bundle", m.bundle.ID)},
	}
	ref.Original = exchange.Original{Hash: arrival.Hash(), Media: arrival.Media, Size: len(c.body)}
	filed, err := d.Receiver.Receive(ctx, arrival, ref)
	if err != nil {
		return d.receiverFault(ctx, err)
	}
	if filed.Again {
		return fail(http.StatusConflict, "REC_CONFLICT", "duplicate", "This message was processed already.")
	}
	a.send(http.StatusOK, m.answer(filed))
	return nil
}

// key is how a message is known again; ids count per partner, so that no
// partner can use up another's.
func (c *call) key(what, id string) string {
	return "bars/" + c.partner.Name + "/" + what + "/" + id
}

func (d door) unseen(ctx context.Context, key string, f *fault) *fault {
	seen, err := d.Seen.Seen(ctx, key)
	if err != nil {
		return d.receiverFault(ctx, err)
	}
	if seen {
		return f
	}
	return nil
}

// receiverFault says in BaRS's words why a message was not, or perhaps not,
// filed. Whoever reads it may send the same again with the same ids unless it
// is in the 400s.
func (d door) receiverFault(ctx context.Context, err error) *fault {
	if ctx.Err() != nil {
		return fail(http.StatusRequestTimeout, "REC_TIMEOUT", "timeout", "The message was not processed in time. Send it again with the same ids.")
	}
	text := "This service could not process the message."
	if e := (*refusal.Error)(nil); errors.As(err, &e) {
		text = e.Sentence
	}
	switch refusal.KindOf(err) {
	case refusal.Invalid:
		return bad("invariant", text)
	case refusal.Missing:
		return fail(http.StatusNotFound, "REC_NOT_FOUND", "not-found", text)
	case refusal.Taken:
		return fail(http.StatusConflict, "REC_CONFLICT", "conflict", text)
	case refusal.Forbidden:
		return fail(http.StatusUnauthorized, "REC_UNAUTHORIZED", "forbidden", text)
	case refusal.Unavailable:
		return fail(http.StatusServiceUnavailable, "REC_SERVICE_UNAVAILABLE", "transient", text)
	case refusal.Unknown:
		return fail(http.StatusInternalServerError, "REC_SERVER_ERROR", "transient", text)
	}
	return fail(http.StatusInternalServerError, "REC_SERVER_ERROR", "exception", text)
}

// refuse answers a message that is turned away, after the audit. What may
// have been saved, and a duplicate, which changes nothing, leave no audit.
func (d door) refuse(ctx context.Context, a *answer, c call, f *fault) {
	if f.issue == "duplicate" || f.status == http.StatusRequestTimeout || f.status >= 500 && f.code != "REC_NOT_IMPLEMENTED" {
		a.fault(f)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	m := exchange.RefusedMessage(exchange.ByBars, c.partner, c.sender, f.status, strings.TrimSpace(f.code+" "+f.issue), f.text, c.body)
	if err := d.Receiver.Refuse(ctx, m); err != nil {
		f = fail(http.StatusInternalServerError, "REC_SERVER_ERROR", "no-store", "The message was not accepted, and this could not be recorded. Nothing was filed.")
	}
	a.fault(f)
}

// problemText gives the place and nature of a fault of form; a Problem holds
// no values.
func problemText(err error) string {
	if p := fhir.AsProblem(err); p != nil {
		return "The content cannot be read: " + p.Error()
	}
	return "The content cannot be read."
}
