// Package bars is the door for the NHS Booking and Referral Standard (core
// 1.4.0, FHIR R4): it receives new referrals and new validations, and builds
// referrals for others.
//
// Its law: it translates between FHIR messages and the neutral words of
// package exchange, and files nothing itself. A message is answered with 200
// only after the receiver has saved it. Whatever is refused is refused in
// BaRS's own words, without patient data, and leaves an audit behind and
// nothing else. Request and correlation ids are echoed on every answer.
// Sections of the specification in comments mean NHS England, "NHS Booking
// and Referral Standard", core 1.4.0.
package bars

import (
	"context"
	"net/http"
	"strings"
	"time"

	"holdfast/exchange"
)

// Config is what a door needs. All fields are required.
type Config struct {
	Ours     func(context.Context) (exchange.Ours, error)
	Receiver exchange.Receiver
	Seen     exchange.Seen
	Partner  func(*http.Request) (exchange.Partner, error) // from the client certificate; an error is answered 403
	Now      func() time.Time
	Base     string // the address of this door, for the CapabilityStatement
	Version  string // of this program
}

// answerWithin is how long BaRS senders wait (core, "Service levels").
const answerWithin = 5 * time.Second

// Handler gives the door. Paths are below its root: the caller strips what
// stands before.
func Handler(c Config) http.Handler { return door{c} }

type door struct{ Config }

// ServeHTTP routes by hand so that every answer, wrong paths and methods
// included, is in BaRS's words.
func (d door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
	defer cancel()
	a := newAnswer(w, r, d.Now())
	who, err := d.Partner(r)
	if err != nil {
		f := fail(http.StatusForbidden, "REC_FORBIDDEN", "security", "The client certificate is not known here.")
		if r.Method == http.MethodPost {
			d.refuse(ctx, a, call{}, f)
			return
		}
		a.fault(f)
		return
	}
	path := strings.Trim(r.URL.Path, "/")
	switch head, rest, _ := strings.Cut(path, "/"); {
	case path == "metadata":
		d.get(ctx, a, r, d.metadata)
	case path == "MessageDefinition":
		d.get(ctx, a, r, d.messageDefinition)
	case path == "$process-message":
		d.processMessage(ctx, a, r, who)
	case path == "Slot":
		d.get(ctx, a, r, notOffered("searching slots"))
	case head == "Appointment" || head == "ServiceRequest":
		d.stored(ctx, a, r, rest)
	default:
		a.fault(fail(http.StatusNotFound, "REC_NOT_FOUND", "not-found", "There is nothing at this address."))
	}
}

type getter func(ctx context.Context, a *answer, r *http.Request)

// get allows GET alone and agrees on a format first.
func (d door) get(ctx context.Context, a *answer, r *http.Request, do getter) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		a.fault(wrongMethod("GET"))
		return
	}
	if f := a.negotiate(r); f != nil {
		a.fault(f)
		return
	}
	do(ctx, a, r)
}

// stored answers reads of what we hold, which are not offered, and changes,
// which BaRS makes through $process-message alone.
func (d door) stored(ctx context.Context, a *answer, r *http.Request, id string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		a.fault(wrongMethod("GET"))
		return
	}
	if id == "" && r.URL.Query().Get("patient:identifier") == "" {
		a.fault(fail(http.StatusBadRequest, "REC_BAD_REQUEST", "required", "An id or the parameter patient:identifier is required."))
		return
	}
	d.get(ctx, a, r, notOffered("reading appointments and requests"))
}

func notOffered(what string) getter {
	return func(_ context.Context, a *answer, _ *http.Request) {
		a.fault(fail(http.StatusNotImplemented, "REC_NOT_IMPLEMENTED", "not-supported", "This service does not offer "+what+"."))
	}
}

func wrongMethod(allowed string) *fault {
	f := fail(http.StatusMethodNotAllowed, "REC_METHOD_NOT_ALLOWED", "not-supported", "The method is not allowed here.")
	f.allow = allowed
	return f
}
