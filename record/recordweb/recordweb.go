// Package recordweb is the page of one person's record: who they are, what
// they need, which other records may be theirs, and what a national index says.
//
// Its law: it decides nothing; every page passes the gate first; where a
// restricted person can be found stands on none of its pages; records that are
// linked are shown together, each saying whose it is, and nothing is moved.
package recordweb

import (
	"context"
	"net/http"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
	"holdfast/web"
)

// People finds and reads records.
type People interface {
	// Find lists people who match, best first.
	Find(ctx context.Context, by access.Caller, q record.Query) ([]record.Match, error)
	// Alone reads one record, those that are linked to it, and which of those
	// could not be read; each is a look of its own.
	Alone(ctx context.Context, by access.Caller, id fact.Subject) (record.Person, []record.Joined, []fact.Subject, error)
}

// Records writes in records.
type Records interface {
	Do(ctx context.Context, by access.Caller, id fact.Subject, seen []fact.ID, verb record.Verb) error
	DoTwo(ctx context.Context, by access.Caller, a, b fact.Subject, seen []fact.ID, verb record.PairVerb) error
}

// Pages serves the records of one organisation on one device.
type Pages struct {
	Shell   *web.Shell
	People  People
	Records Records
	Rules   record.IdentityRules
	Name    func(fact.Subject) string                                         // of a member of staff
	Refuses func(ctx context.Context, by access.Caller, act access.Act) error // whose role does not allow the act
}

// Register adds the routes.
func (p *Pages) Register(m *web.Mux) {
	m.Handle(web.Session, http.MethodGet, "/record/{id}", p.door(access.WritePerson, p.page))
	for act, h := range map[string]web.Handler{"link": p.link, "confirm": p.confirm, "unlink": p.unlink, "needs": p.needs, "look": p.look} {
		m.Handle(web.Session, http.MethodPost, "/record/{id}/"+act, p.door(access.WritePerson, h))
		m.Handle(web.Session, http.MethodGet, "/record/{id}/"+act, p.door(access.WritePerson, p.back))
	}
}

// door refuses who may not before anything of the request is read.
func (p *Pages) door(act access.Act, h web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request, by web.Caller) error {
		if err := p.Refuses(r.Context(), by, act); err != nil {
			return err
		}
		return h(w, r, by)
	}
}

// back leads a page that is asked for again after a form came back with
// mistakes to where the form is.
func (p *Pages) back(w http.ResponseWriter, r *http.Request, _ web.Caller) error {
	id, err := recordIn(r)
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, Path(id))
}

func recordIn(r *http.Request) (fact.Subject, error) {
	id, err := fact.ParseSubject(r.PathValue("id"))
	if err != nil {
		return id, refusal.New(refusal.Missing, "There is no such record here.").Because(err)
	}
	return id, nil
}

// Path is where the page of a record is.
func Path(id fact.Subject) string { return "/record/" + id.String() }
