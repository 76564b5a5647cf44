package direct

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Media types on the wire.
const (
	EnvelopeMedia = "application/vnd.holdfast.envelope"
	ReceiptMedia  = "application/vnd.holdfast.receipt"
	LetterMedia   = "application/vnd.holdfast.letter+cbor"
)

// Config is what a door needs. All fields are required.
type Config struct {
	Us       fact.OrgID
	Ours     func(context.Context) (exchange.Ours, error)
	Opener   Opener
	Signer   Signer
	Partners Partners
	Receiver exchange.Receiver
	Seen     exchange.Seen
	Now      func() time.Time
}

// Handler gives the door for envelopes: POST, answered with a signed receipt.
func Handler(c Config) Door { return Door{c} }

// Door receives envelopes, over HTTPS as an http.Handler and from other
// carriers through Accept.
type Door struct{ Config }

const answerWithin = 10 * time.Second

// ServeHTTP receives one envelope.
func (d Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
	defer cancel()
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		problem(w, http.StatusMethodNotAllowed, "Envelopes are sent with POST.")
		return
	}
	body, status, sentence := readBody(r)
	if status != 0 {
		d.refuse(ctx, w, exchange.Partner{}, status, sentence, body)
		return
	}
	receipt, from, err := d.Accept(ctx, body)
	if err != nil {
		status, sentence := statusOf(ctx, err)
		d.refuse(ctx, w, from, status, sentence, body)
		return
	}
	w.Header().Set("Content-Type", ReceiptMedia)
	w.Header().Set("Content-Length", strconv.Itoa(len(receipt)))
	_, _ = w.Write(receipt) // when the sender has gone, it sends the same again
}

func readBody(r *http.Request) (body []byte, status int, sentence string) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != EnvelopeMedia {
		return nil, http.StatusUnsupportedMediaType, "The media type is not " + EnvelopeMedia + "."
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(io.LimitReader(r.Body, exchange.MaxMessage+overhead+1)); err != nil {
		return nil, http.StatusBadRequest, "The envelope could not be read to its end."
	}
	if b.Len() > exchange.MaxMessage+overhead {
		return b.Bytes(), http.StatusRequestEntityTooLarge, "The envelope is larger than 5 MB."
	}
	return b.Bytes(), 0, ""
}

// Accept opens, checks and files one envelope, and gives the signed receipt.
// Carriers other than HTTPS use it too. From is set as soon as it is proved.
func (d Door) Accept(ctx context.Context, wire []byte) (receipt []byte, from exchange.Partner, err error) {
	o, err := Open(wire, d.Us, d.Opener)
	if err != nil {
		return nil, from, err
	}
	partner, err := d.Partners.ByOrg(ctx, o.Letter.From)
	if err != nil {
		if refusal.Is(err, refusal.Missing) {
			err = refusal.New(refusal.Forbidden, "The sending organisation is not a partner of this one")
		}
		return nil, from, err
	}
	key, err := d.Partners.Device(ctx, o.Letter.From, o.Certificate)
	if err != nil {
		return nil, from, err
	}
	if err := o.Verify(key); err != nil {
		return nil, from, err
	}
	from = exchange.Partner{Name: partner.Name, SpeaksFor: append(partner.Also[:len(partner.Also):len(partner.Also)], partner.ODS)}
	filed, err := d.file(ctx, o, partner, from)
	if err != nil {
		return nil, from, err
	}
	ours, err := d.Ours(ctx)
	if err != nil {
		return nil, from, err
	}
	receipt, err = SignReceipt(exchange.Receipt{
		Envelope: o.Letter.Envelope, Content: o.Letter.ContentHash(), By: ours.ODS, Filed: filed.At, Case: filed.Case, Again: filed.Again,
	}, d.Us, d.Signer)
	return receipt, from, err
}

// file files a letter that is proved. The number of an envelope belongs to
// one content for ever: another content under it is refused.
func (d Door) file(ctx context.Context, o Opened, p Partner, from exchange.Partner) (exchange.Filed, error) {
	number := "direct/" + p.Org.String() + "/" + o.Letter.Envelope.String()
	whole := number + "/" + o.Letter.ContentHash().String()
	arrival := exchange.Arrival{
		Route: exchange.ByDirect, Partner: from, Sender: p.ODS, Keys: []string{number, whole},
		Original: o.Bytes, Media: LetterMedia, At: fact.At(d.Now()),
	}
	filed, err := d.deliver(ctx, o.Letter, p, arrival)
	if err != nil || !filed.Again {
		return filed, err
	}
	same, err := d.Seen.Seen(ctx, whole)
	if err != nil {
		return exchange.Filed{}, err
	}
	if !same {
		return exchange.Filed{}, refusal.New(refusal.Taken, "An envelope of this number arrived before with other content")
	}
	return filed, nil
}

func (d Door) deliver(ctx context.Context, l Letter, p Partner, a exchange.Arrival) (exchange.Filed, error) {
	ours, err := d.Ours(ctx)
	if err != nil {
		return exchange.Filed{}, err
	}
	switch l.Carries {
	case exchange.CarriesReferral, exchange.CarriesAmbulance:
		r, err := exchange.DecodeReferral(l.Content)
		if err != nil {
			return exchange.Filed{}, err
		}
		if err := checkParties(&r.From, r.To, p, ours); err != nil {
			return exchange.Filed{}, err
		}
		r.Correlation.Message = l.Envelope.String()
		r.Original = exchange.Original{Hash: a.Hash(), Media: a.Media, Size: len(a.Original)}
		return d.Receiver.Receive(ctx, a, r)
	case exchange.CarriesReport:
		r, err := exchange.DecodeReport(l.Content)
		if err != nil {
			return exchange.Filed{}, err
		}
		if err := checkParties(&r.From, r.To, p, ours); err != nil {
			return exchange.Filed{}, err
		}
		return d.Receiver.Report(ctx, a, r)
	}
	return exchange.Filed{}, refusal.New(refusal.Invalid, "The envelope carries something that is not read here: it is of a newer version")
}

// checkParties refuses what a partner writes in another's name, and what is
// for somebody else.
func checkParties(from *exchange.Party, to exchange.Party, p Partner, ours exchange.Ours) error {
	if !p.may(from.ODS) {
		return refusal.New(refusal.Forbidden, "The sending organisation may not write in the name of another")
	}
	if from.ODS == "" {
		from.ODS = p.ODS
	}
	_, service := ours.Service(to.Service)
	if to.ODS != "" && !ours.Is(to.ODS) || to.ODS == "" && !service {
		return refusal.New(refusal.Forbidden, "The content is not addressed to this organisation")
	}
	return nil
}

// refuse answers and leaves an audit, unless the message may have been saved.
func (d Door) refuse(ctx context.Context, w http.ResponseWriter, from exchange.Partner, status int, sentence string, body []byte) {
	if status < 500 && status != http.StatusRequestTimeout {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		m := exchange.RefusedMessage(exchange.ByDirect, from, "", status, strconv.Itoa(status), sentence, body)
		if err := d.Receiver.Refuse(ctx, m); err != nil {
			status, sentence = http.StatusInternalServerError, "The envelope was not accepted, and this could not be recorded. Nothing was filed."
		}
	}
	problem(w, status, sentence)
}

func statusOf(ctx context.Context, err error) (int, string) {
	if ctx.Err() != nil {
		return http.StatusRequestTimeout, "The envelope was not processed in time. Send it again."
	}
	sentence := "This organisation could not process the envelope."
	if e := (*refusal.Error)(nil); errors.As(err, &e) {
		sentence = e.Sentence + "."
	}
	switch refusal.KindOf(err) {
	case refusal.Invalid, refusal.Missing:
		return http.StatusBadRequest, sentence
	case refusal.Forbidden:
		return http.StatusForbidden, sentence
	case refusal.Taken:
		return http.StatusConflict, sentence
	case refusal.Unavailable:
		return http.StatusServiceUnavailable, sentence
	}
	return http.StatusInternalServerError, sentence
}

// problem answers in the form of RFC 9457.
func problem(w http.ResponseWriter, status int, sentence string) {
	body, err := json.Marshal(map[string]any{"status": status, "title": http.StatusText(status), "detail": sentence})
	if err != nil {
		body = []byte(`{}`) // strings and numbers always encode
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // when the sender has gone, it sends the same again
}
