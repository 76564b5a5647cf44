package exchange

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
)

func toSend() ToSend {
	r := Referral{ID: "1", Purpose: ForReferral, To: Party{ODS: "TVO01"}, Patient: record.Identity{Name: record.Name{Family: "Tansley"}}, Contacts: []Contact{{Rank: 1, Phones: []codes.Phone{codes.ReceivePhone("07700 900123")}}}, Deadline: 5}
	return ToSend{About: caseID, Referral: &r, To: r.To, Due: now.Add(time.Minute), Routes: []Route{ByDirect, ByPhone}}
}

func TestPrepare(t *testing.T) {
	drafts, err := Prepare(handler, toSend(), now)
	if err != nil || len(drafts) != 1 || len(drafts[0].Attach) != 1 {
		t.Fatalf("%v %v", drafts, err)
	}
	p := drafts[0].Content.(EnvelopePrepared)
	got, err := DecodeReferral(drafts[0].Attach[0].Bytes)
	if err != nil || !reflect.DeepEqual(got, *toSend().Referral) || p.Carries != CarriesReferral || p.Due != fact.At(now.Add(time.Minute)) {
		t.Errorf("%v %+v", err, got)
	}
	again, err := Prepare(handler, toSend(), now.Add(time.Second))
	if err != nil || again[0].Content.(EnvelopePrepared).Envelope != p.Envelope {
		t.Error("the same said twice is another envelope")
	}
	other := toSend()
	other.About = fact.Subject{8}
	if d, err := Prepare(handler, other, now); err != nil || d[0].Content.(EnvelopePrepared).Envelope == p.Envelope {
		t.Error("another case has the same envelope")
	}
}

func TestPrepareRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		by    access.Caller
		spoil func(*ToSend)
		kind  refusal.Kind
	}{
		"not allowed":     {access.Caller{Role: access.Administrator}, func(*ToSend) {}, refusal.Forbidden},
		"nothing":         {handler, func(s *ToSend) { s.Referral = nil }, refusal.Invalid},
		"both":            {access.Caller{Role: access.Clinician}, func(s *ToSend) { s.Report = &Report{} }, refusal.Invalid},
		"no case":         {handler, func(s *ToSend) { s.About = fact.Subject{} }, refusal.Invalid},
		"to nobody":       {handler, func(s *ToSend) { s.To = Party{} }, refusal.Invalid},
		"no time":         {handler, func(s *ToSend) { s.Due = now }, refusal.Invalid},
		"no way":          {handler, func(s *ToSend) { s.Routes = nil }, refusal.Invalid},
		"too long":        {handler, func(s *ToSend) { s.Referral.Reason = strings.Repeat("x", MaxMessage) }, refusal.Invalid},
		"report, handler": {handler, func(s *ToSend) { s.Referral, s.Report = nil, &Report{} }, refusal.Forbidden},
	} {
		s := toSend()
		c.spoil(&s)
		if d, err := Prepare(c.by, s, now); !refusal.Is(err, c.kind) || d != nil {
			t.Errorf("%s: %v %v", name, d, err)
		}
	}
}

func envelope(t *testing.T) Envelope {
	t.Helper()
	w := &writer{t: t, feed: fact.FeedID{1}}
	return state(t, w.write(EnvelopePrepared{Envelope: EnvelopeID{1}, Content: fact.Hash{5}, Due: fact.At(now), Routes: []Route{ByDirect}}))[0]
}

func TestAttempted(t *testing.T) {
	e := envelope(t)
	d, err := Attempted(e, device, Attempt{Route: ByDirect, Outcome: Handed, Said: strings.Repeat("é", 500)}, now)
	if err != nil || len(d) != 1 || len(d[0].Content.(EnvelopeAttempted).Said) > 400 {
		t.Errorf("%v %v", d, err)
	}
	if _, err := Attempted(e, handler, Attempt{Route: ByPaper, Outcome: Handed}, now); err != nil {
		t.Errorf("a person who took it there: %v", err)
	}
	if _, err := Attempted(e, access.Caller{Role: access.Administrator}, Attempt{Route: ByPaper, Outcome: Handed}, now); !refusal.Is(err, refusal.Forbidden) {
		t.Error(err)
	}
	if _, err := Attempted(e, device, Attempt{Outcome: Handed}, now); !refusal.Is(err, refusal.Invalid) {
		t.Error(err)
	}
	if _, err := Attempted(Envelope{ID: EnvelopeID{1}}, device, Attempt{Route: ByDirect, Outcome: Handed}, now); !refusal.Is(err, refusal.Missing) {
		t.Error(err)
	}
	e.Receipts = []Receipt{{Content: e.Content}}
	if d, err := Attempted(e, device, Attempt{Route: ByDirect, Outcome: Handed}, now); d != nil || err != nil {
		t.Error("an attempt after the receipt is stated")
	}
}

func TestReceipted(t *testing.T) {
	e := envelope(t)
	r := ReceiptReceived{Receipt: Receipt{Envelope: e.ID, Content: e.Content, By: "TVO01"}, Route: ByDirect}
	if d, err := Receipted(e, device, r, now); err != nil || len(d) != 1 {
		t.Errorf("%v %v", d, err)
	}
	wrong := r
	wrong.Receipt.Envelope = EnvelopeID{2}
	if _, err := Receipted(e, device, wrong, now); !refusal.Is(err, refusal.Invalid) {
		t.Error(err)
	}
	e.Receipts = []Receipt{r.Receipt}
	if d, err := Receipted(e, device, r, now); d != nil || err != nil {
		t.Error("a receipt twice is two facts")
	}
	if _, err := Receipted(e, access.Caller{Role: access.Partner}, r, now); !refusal.Is(err, refusal.Forbidden) {
		t.Error(err)
	}
}

func TestOverdue(t *testing.T) {
	e := envelope(t)
	if d, err := Overdue(e, device, now.Add(-time.Millisecond)); d != nil || err != nil {
		t.Error("overdue too early")
	}
	d, err := Overdue(e, device, now)
	if err != nil || len(d) != 1 || d[0].Content.(ReceiptOverdue).Timer != TimerID(caseID, 303, e.Prepared) {
		t.Errorf("%v %v", d, err)
	}
	if _, err := Overdue(e, handler, now); !refusal.Is(err, refusal.Forbidden) {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*Envelope){
		"said already": func(e *Envelope) { e.Overdue = true },
		"receipt":      func(e *Envelope) { e.Receipts = []Receipt{{Content: e.Content}} },
	} {
		x := e
		spoil(&x)
		if d, err := Overdue(x, device, now.Add(time.Hour)); d != nil || err != nil {
			t.Errorf("%s: %v %v", name, d, err)
		}
	}
}

func TestTimersDiffer(t *testing.T) {
	ids := map[fact.Hash]bool{}
	for _, about := range []fact.Subject{{1}, {2}} {
		for _, kind := range []uint32{303, 304} {
			for _, began := range []fact.ID{{1}, {2}} {
				ids[TimerID(about, kind, began)] = true
			}
		}
	}
	if len(ids) != 8 {
		t.Errorf("%d ids", len(ids))
	}
}

func TestSendReport(t *testing.T) {
	clinician := access.Caller{Role: access.Clinician}
	if d, err := SendReport(clinician, caseID, ReportSent{To: Party{ODS: "G82080"}, Route: ByPaper}, now); err != nil || len(d) != 1 {
		t.Errorf("%v %v", d, err)
	}
	if _, err := SendReport(clinician, caseID, ReportSent{}, now); !refusal.Is(err, refusal.Invalid) {
		t.Error(err)
	}
	if _, err := SendReport(handler, caseID, ReportSent{Route: ByPaper}, now); !refusal.Is(err, refusal.Forbidden) {
		t.Error(err)
	}
}

func TestFit(t *testing.T) {
	r := *toSend().Referral
	same, cut, err := r.Fit(60 << 10)
	if err != nil || cut || !reflect.DeepEqual(same, r) {
		t.Errorf("a short one is changed: %v", err)
	}
	r.Allergies = []Allergy{{Code: Code{Name: "Penicillin"}}}
	for range 20 {
		r.Sections = append(r.Sections, Section{Title: "S", Text: strings.Repeat("wörds ", 2000)})
		r.Answers = append(r.Answers, Answer{Question: "Q", Answer: "A"})
	}
	small, cut, err := r.Fit(40 << 10)
	if err != nil || !cut || len(small.Allergies) != 1 || len(small.Sections) != 20 || !strings.Contains(small.Sections[0].Text, "original") || len(small.Notes) != 1 {
		t.Errorf("%v %v", cut, err)
	}
	if len(r.Sections[0].Text) != 14000 || len(r.Notes) != 0 {
		t.Error("the referral itself was changed")
	}
	r.Reason = strings.Repeat("x", 50<<10)
	if _, _, err := r.Fit(40 << 10); !refusal.Is(err, refusal.Invalid) {
		t.Error(err)
	}
}

func TestPartners(t *testing.T) {
	carrier, one, two := Partner{}, Partner{SpeaksFor: []codes.ODS{"A11"}}, Partner{SpeaksFor: []codes.ODS{"A11", "B22"}}
	for _, c := range []struct {
		p    Partner
		o    codes.ODS
		want bool
	}{{carrier, "X99", true}, {one, "A11", true}, {one, "B22", false}, {one, "", true}, {two, "", false}, {two, "B22", true}} {
		if c.p.MaySpeakFor(c.o) != c.want {
			t.Errorf("%v %s", c.p, c.o)
		}
	}
}

func TestAuditHoldsNothingOfTheMessage(t *testing.T) {
	m := RefusedMessage(ByBars, Partner{Name: strings.Repeat("n", 500)}, "Mrs Jones, 9434765919", 400, "code", "sentence", []byte("body"))
	if m.Sender != "" || len(m.Partner) > 100 || m.Size != 4 || m.Hash == (fact.Hash{}) {
		t.Errorf("%+v", m)
	}
	a := Arrival{Sender: "RYE", Keys: []string{"k"}, Original: []byte("x"), Media: "text/xml"}
	if f := a.Fact(); f.Sender != "RYE" || f.Size != 1 || f.Hash != a.Hash() {
		t.Errorf("%+v", f)
	}
}

func TestOurs(t *testing.T) {
	o := Ours{ODS: "RYE", Also: []codes.ODS{"RYE01"}, Services: []Service{{ID: "1", ODS: "SITE1", UseCases: []string{"a1t2"}}}}
	for ods, want := range map[codes.ODS]bool{"RYE": true, "RYE01": true, "SITE1": true, "": false, "X": false} {
		if o.Is(ods) != want {
			t.Error(ods)
		}
	}
	if _, ok := (Ours{Services: []Service{{}}}).Service(""); ok {
		t.Error("no service id is ours")
	}
	if s, ok := o.Service("1"); !ok || !s.Takes("a1t2") || s.Takes("a1t1") {
		t.Error("service")
	}
}
