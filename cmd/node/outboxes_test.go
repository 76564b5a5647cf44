package node_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/exchange/outbox"
	"holdfast/fact"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
)

// texts is a supplier of texts that keeps docs/outbox.md.
type texts struct {
	mu    sync.Mutex
	sent  map[string]outbox.Message
	state string
}

func (s *texts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var m outbox.Message
	if json.NewDecoder(r.Body).Decode(&m) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.sent[strings.TrimPrefix(r.URL.Path, "/messages/")] = m
	_ = json.NewEncoder(w).Encode(outbox.State{State: s.state})
}

func (s *texts) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sent)
}

// A text leaves a running node once, is known to have arrived, and one to
// somebody who has died meanwhile never leaves.
func TestATextLeavesANodeAndNeverToTheDead(t *testing.T) {
	s := &texts{sent: map[string]outbox.Message{}, state: "delivered"}
	peer := httptest.NewServer(s)
	defer peer.Close()
	g, err := outbox.NewGateway(peer.Client(), peer.URL, "key", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	lib := library(t)
	place := found(t, lib, "Fellside", "FEL01")
	n, err := node.Open(t.Context(), node.Config{Place: place, Library: lib, Host: "a.localhost", Pages: listen(t), Machines: listen(t), Version: "test", Wires: node.Wires{Texts: &g}})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, n)
	by := access.Caller{Person: fact.Subject{9}, Name: "P. Varma", Role: access.Clinician, ODS: "FEL01"}
	who := urgent.PatientDescribed{Identity: record.Identity{Name: record.Name{Family: "Tansley"}}}
	begun := func() fact.Subject {
		id, err := n.Cases.NewCase()
		if err != nil {
			t.Fatal(err)
		}
		for _, verb := range []urgentdb.Verb{
			func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
				return urgent.TakeCall(c, by, codes.ReceivePhone("07700900518"), now)
			},
			func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
				return urgent.Describe(c, by, urgent.Description{Patient: &who, Contact: &urgent.ContactAgreed{Text: urgent.Yes}})
			},
			func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
				return urgent.WriteToPatient(c, by, lib.Rules, urgent.Writing{Route: exchange.ByText, Key: "worse", Language: "en", Phone: codes.ReceivePhone("07700900518"), Filling: id.String()}, n.Us, now)
			},
		} {
			if _, err := n.Cases.Do(t.Context(), by, access.TakeCall, id, nil, verb); err != nil {
				t.Fatal(err)
			}
		}
		return id
	}
	alive, dead := begun(), begun()
	// what another device wrote apart: a death, without a word about letters
	_, err = n.Cases.Do(t.Context(), by, access.WriteNote, dead, nil, func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(c.ID, urgent.DeathRecorded{By: "another device"})}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	n.Start()
	standing := func(id fact.Subject) exchange.Standing {
		c, err := n.Cases.Case(t.Context(), by, id)
		if err != nil {
			t.Fatal(err)
		}
		return c.Envelopes[0].Standing()
	}
	until(t, "the text arrived", func() bool { return standing(alive) == exchange.Delivered })
	until(t, "the other was withdrawn", func() bool { return standing(dead) == exchange.Withdrawn })
	if s.count() != 1 {
		t.Fatalf("%d texts left", s.count())
	}
}
