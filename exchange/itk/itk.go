// Package itk is the door for NHS 111 reports over ITK: SOAP 1.1 around an ITK
// 2.2 distribution envelope around CDA documents (POCD_MT200001GB02).
//
// Its law: it translates and files nothing itself. The message is read with
// an XML parser by namespace and name, never by patterns; document type
// declarations and entities are off, size and depth are bounded. A message is
// acknowledged only after the receiver has saved it; the same trackingid again
// gets the same acknowledgement and files nothing. Refusals are SOAP faults
// with ToolkitErrorInfo, without patient data, and leave an audit behind.
package itk

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Config is what a door needs. All fields are required.
type Config struct {
	Ours     func(context.Context) (exchange.Ours, error)
	Receiver exchange.Receiver
	Partner  func(*http.Request) (exchange.Partner, error) // from the client certificate; an error is answered with a fault
	Now      func() time.Time
}

// Handler gives the door; every path below it is the service.
func Handler(c Config) http.Handler { return door{c} }

type door struct{ Config }

// answerWithin bounds how long a sender is kept waiting.
const answerWithin = 10 * time.Second

// ServeHTTP receives one message.
func (d door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
	defer cancel()
	c := call{now: d.Now()}
	reply, f := d.file(ctx, r, &c)
	if f != nil {
		f = d.audit(ctx, &c, f)
		f.write(w, c)
		return
	}
	reply.write(w)
}

// call is what is known of one call so far.
type call struct {
	now       time.Time
	partner   exchange.Partner
	body      []byte
	messageID string // wsa:MessageID
	tracking  string
	sender    exchange.Party
}

func (d door) file(ctx context.Context, r *http.Request, c *call) (*acknowledgement, *fault) {
	who, err := d.Partner(r)
	if err != nil {
		return nil, denied(http.StatusForbidden, "The client certificate is not known here.")
	}
	c.partner = who
	if r.Method != http.MethodPost {
		return nil, invalid(http.StatusMethodNotAllowed, "Messages are sent with POST.")
	}
	if f := c.readBody(r); f != nil {
		return nil, f
	}
	if f := mediaType(r.Header.Get("Content-Type")); f != nil {
		return nil, f
	}
	env, f := openEnvelope(c.body)
	c.messageID = env.messageID
	if f != nil {
		return nil, f
	}
	c.tracking, c.sender = env.tracking, env.from
	if f := env.checkService(r.Header.Get("SOAPAction")); f != nil {
		return nil, f
	}
	ours, err := d.Ours(ctx)
	if err != nil {
		return nil, receiverFault(ctx, err)
	}
	if f := env.checkAddress(ours); f != nil {
		return nil, f
	}
	if !who.MaySpeakFor(env.from.ODS) {
		return nil, denied(http.StatusInternalServerError, "The sending organisation may not send over this connection.")
	}
	return d.receive(ctx, c, env)
}

func (d door) receive(ctx context.Context, c *call, env envelope) (*acknowledgement, *fault) {
	ref, f := env.referral()
	if f != nil {
		return nil, f
	}
	arrival := exchange.Arrival{
		Route: exchange.ByITK, Partner: c.partner, Sender: env.from.ODS, Original: c.body, Media: "text/xml; charset=utf-8", At: fact.At(c.now),
		Keys: []string{"itk/" + c.partner.Name + "/" + env.tracking},
	}
	ref.Original = exchange.Original{Hash: arrival.Hash(), Media: arrival.Media, Size: len(c.body)}
	filed, err := d.Receiver.Receive(ctx, arrival, ref)
	if err != nil {
		return nil, receiverFault(ctx, err)
	}
	return &acknowledgement{id: newID("answer", filed.About[:], []byte(env.tracking)), relatesTo: env.messageID, tracking: env.tracking}, nil
}

func (c *call) readBody(r *http.Request) *fault {
	if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return invalid(http.StatusUnsupportedMediaType, "A packed body is not accepted.")
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(io.LimitReader(r.Body, exchange.MaxMessage+1)); err != nil {
		return invalid(http.StatusBadRequest, "The message could not be read to its end.")
	}
	c.body = b.Bytes()
	if len(c.body) > exchange.MaxMessage {
		return invalid(http.StatusRequestEntityTooLarge, "The message is larger than 5 MB.")
	}
	return nil
}

func mediaType(header string) *fault {
	kind, params, err := mime.ParseMediaType(header)
	charset := params["charset"]
	if err != nil || kind != "text/xml" && kind != "application/xml" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return invalid(http.StatusUnsupportedMediaType, "The media type is not text/xml in UTF-8.")
	}
	return nil
}

// audit records a refusal; what may have been saved is not called refused.
func (d door) audit(ctx context.Context, c *call, f *fault) *fault {
	if f.code == retry {
		return f
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	m := exchange.RefusedMessage(exchange.ByITK, c.partner, c.sender.ODS, f.status, "ToolkitErrorInfo "+f.code, f.text, c.body)
	if err := d.Receiver.Refuse(ctx, m); err != nil {
		return &fault{status: http.StatusInternalServerError, code: retry, server: true, text: "The message was not accepted, and this could not be recorded. Nothing was filed."}
	}
	return f
}

// receiverFault says why a message was not, or perhaps not, filed.
func receiverFault(ctx context.Context, err error) *fault {
	if ctx.Err() != nil {
		return later("The message was not processed in time. Send it again with the same trackingid.")
	}
	text := "This service could not process the message."
	if e := (*refusal.Error)(nil); errors.As(err, &e) {
		text = e.Sentence
	}
	switch refusal.KindOf(err) {
	case refusal.Invalid, refusal.Missing, refusal.Taken:
		return never(text)
	case refusal.Forbidden:
		return denied(http.StatusInternalServerError, text)
	}
	return later(text)
}
