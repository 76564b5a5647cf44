package accessweb

import (
	"context"
	"net/http"
	"time"

	"holdfast/access/accessdb"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/web"
)

// Trust is what the pages about trust and erasure need to know of the rest of
// the program.
type Trust struct {
	Open   func(ctx context.Context, subjects []fact.Subject) ([]string, error) // the open work among some subjects, without saying whose
	Kind   func(number uint32) string                                           // a kind of entry in plain words
	Name   func(fact.Subject) string                                            // of a member of staff or this device
	Whole  accessdb.Whole                                                       // what stands about one person
	Record func(ctx context.Context, number string) (fact.Subject, error)       // the record that a case number leads to
	Rules  []string                                                             // retention rules to choose from
	Days   int                                                                  // between approval and erasure
	Vault  int                                                                  // days that a snapshot of keys may outlive it
	Review func(ctx context.Context) ([]Proposal, error)                        // records due for review under the rules
}

// Proposal is a record that is due for review; nothing is erased by it.
type Proposal struct {
	Record fact.Subject
	Rule   string
	Last   time.Time // last contact
	Since  time.Time // due since
}

func (p *Pages) registerTrust(m *web.Mux) {
	if p.Trust == nil {
		return
	}
	m.Handle(web.Session, http.MethodGet, "/held", p.held)
	m.Handle(web.Session, http.MethodPost, "/held/forecast", p.forecast)
	m.Handle(web.Session, http.MethodPost, "/held/cut", p.cut)
	m.Handle(web.Session, http.MethodPost, "/held/{cut}/readmit", p.readmit)
	m.Handle(web.Session, http.MethodGet, "/erasure", p.erasure)
	for path, do := range map[string]erasureAct{
		"ask": p.askErasure, "approve": p.approveErasure, "cancel": p.cancelErasure, "hold": p.placeHold, "lift": p.liftHold,
	} {
		m.Handle(web.Session, http.MethodPost, "/erasure/"+path, p.erasing(do))
	}
}

// parseFact reads the id that a form carries.
func parseFact(text string) (fact.ID, error) {
	id, err := fact.ParseID(text)
	if err != nil {
		return id, refusal.New(refusal.Invalid, "The form did not arrive whole. Open the page again.").Because(err)
	}
	return id, nil
}
