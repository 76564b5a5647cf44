package urgentdb

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/content"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/triage"
	"holdfast/urgent"
)

// site is a device that a test can restore from a backup, so that what its two
// lives write was written apart.
type site struct {
	*Cases
	o journal.Options
}

func openSite(t *testing.T) *site {
	t.Helper()
	set, err := content.Shipped()
	must(t, err)
	questions, err := triage.Load(set)
	must(t, err)
	rules, err := urgent.LoadRules(set, questions)
	must(t, err)
	clock := func() time.Time { return start }
	s := &site{Cases: &Cases{Gate: openGate{}, Rules: rules, Clock: clock, Device: access.Caller{Name: "this device", Role: access.Device}}}
	s.o = journal.Options{
		Dir: t.TempDir(), Clock: clock, Random: rand.Reader, Views: []journal.View{View{Rules: rules}, ApartView{Rules: rules}}, Demo: true,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	must(t, journal.Found(t.Context(), s.o, journal.Founding{Name: "Fellside 111", ODS: "FEL01", DeviceName: "Fell End site"}))
	s.Journal, err = journal.Open(t.Context(), s.o)
	must(t, err)
	t.Cleanup(func() { must(t, s.Journal.Close()) })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// restore ends this life of the device and begins another.
func (s *site) restore(t *testing.T) {
	t.Helper()
	must(t, s.Journal.Close())
	must(t, os.RemoveAll(filepath.Join(s.o.Dir, "start")))
	var err error
	s.Journal, err = journal.Open(t.Context(), s.o)
	must(t, err)
}

func (s *site) say(t *testing.T, by access.Caller, id fact.Subject, seen []fact.ID, content ...fact.Content) []fact.ID {
	t.Helper()
	saved, err := s.Journal.Do(t.Context(), by.Author(), journal.Seen{id: seen}, func(*journal.Tx) (out []fact.Draft, err error) {
		for _, c := range content {
			out = append(out, fact.Say(id, c))
		}
		return out, nil
	})
	must(t, err)
	s.Journal.WaitViews(context.Background(), saved, time.Second)
	return []fact.ID{saved[len(saved)-1].ID}
}

func (s *site) list(t *testing.T, by access.Caller) []Apart {
	t.Helper()
	all, err := s.Apart(t.Context(), by)
	must(t, err)
	return all
}

func TestDisagreementsAreListedUntilSettled(t *testing.T) {
	s := openSite(t)
	id := fact.Subject{77}
	dnacpr := record.AlertAdded{Kind: record.Resuscitation, Decision: record.DoNotAttempt, Author: "Dr P. Whitlock", Signed: codes.Date{Year: 2026, Month: 9, Day: 14}}
	attempt := dnacpr
	attempt.Decision, attempt.Author = record.Attempt, "Dr L. Okonjo"
	seen := s.say(t, handler, id, nil, record.PersonRegistered{Identity: record.Identity{Name: record.Name{Family: "Tansley"}}})
	s.say(t, nurse, id, seen, dnacpr)
	if n := len(s.list(t, nurse)); n != 0 {
		t.Fatalf("%d disagreements before any", n)
	}
	s.restore(t)
	s.say(t, doctor, id, seen, attempt)
	all := s.list(t, nurse)
	if len(all) != 1 || all[0].Sort != AboutRecord || all[0].Called != "TANSLEY" || all[0].Join.List != "clinicians" || len(all[0].Values) != 2 {
		t.Fatalf("%+v", all)
	}
	where, err := s.Where(t.Context())
	must(t, err)
	if got := where(all[0].Values[0].Feed); got != "Fell End site" {
		t.Errorf("written on %q", got)
	}
	if n := len(s.list(t, access.Caller{Role: access.Administrator})); n != 0 {
		t.Errorf("an administrator sees %d of a patient's record", n)
	}
	_, page, err := s.ApartOf(t.Context(), nurse, id)
	must(t, err)
	req := fact.Settling{Matter: all[0].Matter, Why: "Seen the form"}
	for _, v := range all[0].Values {
		if strings.Contains(v.Text, "do not attempt") {
			req.Choice = v.Choice
		}
	}
	err = s.Settle(t.Context(), handler, id, page, req)
	if !refusal.Is(err, refusal.Forbidden) || !strings.Contains(err.Error(), "a clinician") {
		t.Fatal("a call handler settles a resuscitation decision", err)
	}
	third := attempt
	third.Decision = record.SeeForm
	s.say(t, handler, id, seen, third)
	if err := s.Settle(t.Context(), nurse, id, page, req); !refusal.Is(err, refusal.Taken) {
		t.Fatal("settled without having seen a value that came since", err)
	}
	_, page, err = s.ApartOf(t.Context(), nurse, id)
	must(t, err)
	must(t, s.Settle(t.Context(), nurse, id, page, req))
	if all := s.list(t, nurse); len(all) != 0 {
		t.Fatalf("settled, and still listed: %+v", all)
	}
	if err := s.Settle(t.Context(), nurse, id, page, req); !refusal.Is(err, refusal.Taken) {
		t.Fatal(err)
	}
	// The view is thrown away and reckoned anew: nothing is lost by it.
	s.restore(t)
	s.say(t, doctor, id, seen, attempt)
	must(t, s.Journal.Close())
	for _, end := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(filepath.Join(s.o.Dir, "views.db"+end)) // not all of them are there
	}
	s.Journal, err = journal.Open(t.Context(), s.o)
	must(t, err)
	if all := s.list(t, nurse); len(all) != 1 {
		t.Fatalf("after the views were built anew: %+v", all)
	}
}

func TestADisputedCaseIsListedAndSettled(t *testing.T) {
	s := openSite(t)
	id := s.waiting(t, "Dx12")
	h, err := s.Journal.History(t.Context(), id)
	must(t, err)
	seen := h.Frontier()
	patient := func(family string, rec byte) urgent.PatientDescribed {
		return urgent.PatientDescribed{Identity: record.Identity{Name: record.Name{Family: family}}, Record: fact.Subject{rec}}
	}
	s.say(t, handler, id, seen, patient("Tansley", 70))
	s.restore(t)
	s.say(t, nurse, id, seen, patient("Tanslie", 71))
	all := s.list(t, handler)
	if len(all) != 1 || all[0].About != id || !strings.HasPrefix(all[0].Called, "Case ") || !all[0].Join.MaySettle("call-handler") {
		t.Fatalf("%+v", all)
	}
	row, _, err := s.Row(t.Context(), id)
	must(t, err)
	if row.Patient != "TANSLEY or TANSLIE" {
		t.Errorf("the row says %q", row.Patient)
	}
	for _, rec := range []byte{70, 71} {
		if r := s.RelationTo(t.Context(), nurse, fact.Subject{rec}); r != access.OnCase {
			t.Errorf("who wrote in the case is linked to record %d as %q", rec, r)
		}
	}
	_, page, err := s.ApartOf(t.Context(), handler, id)
	must(t, err)
	must(t, s.Settle(t.Context(), handler, id, page, fact.Settling{Matter: all[0].Matter, Choice: all[0].Values[1].Choice, Why: "asked"}))
	if all := s.list(t, handler); len(all) != 0 {
		t.Fatalf("%+v", all)
	}
}

// One message reaches two devices apart and stands as two cases: a newer
// version reaches both, and the list says so until one goes on.
func TestOneMessageFiledApart(t *testing.T) {
	s := openSite(t)
	send := func(key string, version int) exchange.Filed {
		t.Helper()
		ref := exchange.Referral{From: exchange.Party{Name: "Elsewhere 111"}, Dx: codes.ReceivedDx{Code: "Dx05", Original: "Dx05"}, Documents: []exchange.Document{{ID: key, Set: "set-1", Version: version}}}
		filed, err := Receiver{s.Cases}.Receive(t.Context(), exchange.Arrival{Route: exchange.ByITK, Sender: "RYE", Keys: []string{key}, Original: []byte(key)}, ref)
		must(t, err)
		return filed
	}
	one := send("v1", 1)
	s.restore(t)
	other := s.waiting(t, "Dx12")
	row, _, err := s.Row(t.Context(), other)
	must(t, err)
	for _, key := range []string{"v1", seriesKey("RYE", "set-1")} {
		s.say(t, s.Device, Receiver{s.Cases}.subjectOf(exchange.ByITK, key), []fact.ID{}, urgent.ArrivalFiled{Case: other, Number: row.Number})
	}
	all := s.list(t, nurse)
	if len(all) != 1 || all[0].Sort != AboutMessage || len(all[0].Values) != 2 {
		t.Fatalf("%+v", all)
	}
	send("v2", 2)
	for _, id := range []fact.Subject{one.About, other} {
		h, err := s.Journal.History(t.Context(), id)
		must(t, err)
		if c := urgent.Fold(id, h); len(c.Arrived) == 0 || c.Arrived[len(c.Arrived)-1].What.Version != 2 {
			t.Errorf("case %s did not hear of the newer version", c.Number)
		}
	}
	for _, v := range all[0].Values {
		if v.Text == "Case "+one.Case {
			must(t, s.Settle(t.Context(), nurse, all[0].Subject, nil, fact.Settling{Matter: all[0].Matter, Choice: v.Choice, Why: "the same patient"}))
		}
	}
	if all := s.list(t, nurse); len(all) != 0 {
		t.Errorf("settled, and still listed: %+v", all)
	}
	h, err := s.Journal.History(t.Context(), other)
	must(t, err)
	if c := urgent.Fold(other, h); !c.Closed() || !strings.Contains(c.Closings[0].What.Why, one.Case) {
		t.Errorf("the other case is still open: %s", c.Stage())
	}
}
