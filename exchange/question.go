package exchange

import (
	"context"

	"holdfast/fact"
)

// National is a national service that is asked about a patient and answers at
// once: it keeps nothing of ours. Its names are stable.
type National string

// The services.
const (
	RepeatCallers   National = "repeat-caller"    // earlier calls anywhere in the country (NHS 111 repeat caller service)
	ChildProtection National = "child-protection" // CP-IS: plans of children and of the unborn, looked-after children
)

// String names the service for pages.
func (n National) String() string {
	switch n {
	case RepeatCallers:
		return "National repeat caller service"
	case ChildProtection:
		return "Child protection information (CP-IS)"
	}
	return "National service"
}

// Query is what a service is asked. With a traced NHS number nothing else of
// the patient leaves; without, five details do (NHS 111 repeat caller
// standard of 2020). Empty details are not known.
type Query struct {
	Service  National `cbor:"1,keyasint"`
	NHS      string   `cbor:"2,keyasint,omitempty"` // traced, else empty
	Given    string   `cbor:"3,keyasint,omitempty"`
	Family   string   `cbor:"4,keyasint,omitempty"`
	Born     string   `cbor:"5,keyasint,omitempty"` // 2006-01-02
	Sex      string   `cbor:"6,keyasint,omitempty"`
	Postcode string   `cbor:"7,keyasint,omitempty"`
	Unborn   bool     `cbor:"8,keyasint,omitempty"` // asked for a pregnancy
}

// Details counts the details given besides the NHS number.
func (q Query) Details() int {
	n := 0
	for _, s := range []string{q.Given, q.Family, q.Born, q.Sex, q.Postcode} {
		if s != "" {
			n++
		}
	}
	return n
}

// Told is what a service answered. Its numbers are stable; the higher is the
// more careful.
type Told uint8

// The answers.
const (
	ToldNothing Told = 0 // there was no answer
	ToldNone    Told = 1 // it answered that it holds nothing
	ToldMaybe   Told = 2 // some details match: ask the caller
	ToldYes     Told = 3 // earlier calls, a plan, a looked-after child
)

// Reply is an answer of a service. Words are its own, in order; Reports are
// earlier calls, the newest first.
type Reply struct {
	Told     Told
	Words    []string
	Reports  []PastReport
	Original []byte // as it came; kept beside the fact
	Media    string
}

// PastReport is a report of an earlier call.
type PastReport struct {
	ID    string
	When  fact.Millis
	Title string
	Dx    string // as received
	Name  string // of the disposition
	By    string // the organisation
	Text  string // plain, all sections in order
}

// Asker asks one national service. Ask tries once within its context. A
// refusal of kind Invalid or Forbidden says that the same question can't be
// answered however often it is asked; any other error, that it may be asked
// again. An error is never read as "nothing is held". What it is asked must
// have been written down before.
type Asker interface {
	Ask(ctx context.Context, q Query) (Reply, error)
}

// PastReports gives the reports of a message that carries the earlier calls of
// a repeat caller, every one, the newest first.
func PastReports(r Referral) []PastReport {
	var out []PastReport
	for i, d := range r.Documents {
		p := PastReport{ID: d.ID, When: d.When, Title: d.Title, Dx: d.Dx.Original, Name: d.DxName, By: d.Author.Name}
		for _, s := range r.Sections {
			if s.Document != i {
				continue
			}
			if s.Title != "" {
				p.Text += s.Title + "\n"
			}
			if s.Text != "" {
				p.Text += s.Text + "\n"
			}
		}
		out = append(out, p)
	}
	return out
}
