package urgentweb

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/content"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/triage"
	"holdfast/urgent"
	"holdfast/web"
)

// asking is one run of questions under way, as it lies on this device's disk
// until it is finished.
type asking struct {
	Record triage.Record `cbor:"1,keyasint"`
	Words  string        `cbor:"2,keyasint"`
	At     fact.Millis   `cbor:"3,keyasint"` // begun
}

func askKey(id fact.Subject) string   { return "ask/" + id.String() }
func askDraft(id fact.Subject) string { return "asking/" + id.String() }
func askPath(id fact.Subject) string  { return callPath(id) + "/ask" }

// askLoad gives the run under way; ok is false when there is none. A run that
// was begun with other content is carried over: every answer that still has
// its question is kept.
func (a *App) askLoad(ctx context.Context, by web.Caller, id fact.Subject) (k asking, s *triage.Session, ok bool, err error) {
	b, _, err := a.Drafts.LoadDraft(ctx, askKey(id))
	if refusal.Is(err, refusal.Missing) {
		return k, nil, false, nil
	}
	if err != nil {
		return k, nil, false, err
	}
	if fact.Decode(b, &k) != nil {
		return asking{}, nil, false, nil // kept by another version: it is begun anew
	}
	s, err = triage.Replay(a.Triage, k.Record)
	if refusal.Is(err, refusal.Unavailable) {
		may, leave := a.mayAsk(by)
		if leave != nil {
			return k, nil, false, leave
		}
		s, _, err = triage.Carry(may, k.Record)
	}
	return k, s, err == nil, err
}

func (a *App) askKeep(ctx context.Context, id fact.Subject, k asking, s *triage.Session) error {
	k.Record = s.Record()
	b, err := fact.Encode(k)
	if err != nil {
		return err
	}
	return a.Drafts.SaveDraft(ctx, askKey(id), b)
}

// mayAsk gives leave to run triage for whoever asks.
func (a *App) mayAsk(by web.Caller) (triage.Permit, error) {
	audience := content.CallHandler
	if by.Role == access.Clinician {
		audience = content.Clinician
	}
	return a.Triage.MayRun(audience, a.Cases.Rules.Nation, a.Demo)
}

// askStart begins a run with these complaints, with what the first seconds and
// the record have answered already.
func (a *App) askStart(ctx context.Context, by web.Caller, c urgent.Case, complaints []string) error {
	may, err := a.mayAsk(by)
	if err != nil {
		return err
	}
	know := a.askKnow(ctx, by, c)
	now := a.Shell.Now()
	s, err := triage.Start(may, complaints, a.profileOf(c, know, now))
	if err != nil {
		return err
	}
	for _, h := range a.Call.carry(c) {
		if _, ok := s.Find(h.Fact); !ok {
			continue
		}
		if err := s.Answer(triage.Reply{Fact: h.Fact, Answer: h.Answer, By: whoSaid(c) + ", in the first seconds", At: fact.At(now)}); err != nil {
			return err
		}
	}
	return a.askKeep(ctx, c.ID, asking{At: fact.At(now)}, s)
}

// askKnow reads the linked record; one that can't be shown gives no answers.
func (a *App) askKnow(ctx context.Context, by web.Caller, c urgent.Case) callKnow {
	p, trouble := a.personOf(ctx, by, c)
	if p.Subject.Zero() {
		return callKnow{Trouble: trouble}
	}
	return callKnow{Person: &p}
}

func (a *App) profileOf(c urgent.Case, know callKnow, now time.Time) triage.Profile {
	patient := c.Patient.Or(urgent.PatientDescribed{}).Identity
	caller := c.Caller.Or(urgent.CallerDescribed{})
	with := caller.WithPatient
	if last, asked := c.LifeThreat(); with == urgent.NotAsked && asked {
		with = last.WithPatient
	}
	p := triage.Profile{
		Age: ageOf(patient.Born, now), Sex: sexOf(patient.Sex), Interpreter: caller.Interpreter == urgent.Yes,
		CallerWithPatient: with != urgent.No || caller.Is == urgent.CallerPatient, FromRecord: a.Call.fromRecord(know.Person, c, now),
	}
	if !p.Age.Known && patient.Age.Years > 0 {
		p.Age = triage.Years(patient.Age.Years)
	}
	return p
}

// whoSaid names the caller as the answers show them.
func whoSaid(c urgent.Case) string {
	v := c.Caller.Or(urgent.CallerDescribed{})
	if v.Is == urgent.CallerPatient {
		return "The patient"
	}
	return orWords(joined(", ", v.Name, lowerFirst(v.Relation)), "The caller")
}

// askedYet tells whether anything was asked after the first seconds.
func askedYet(s *triage.Session) bool {
	return slices.ContainsFunc(s.Record().Entries, func(e triage.Entry) bool {
		return e.Fact != "" && !strings.HasSuffix(e.By, "first seconds")
	})
}

// askTake gives the session what the form answered.
func (a *App) askTake(v url.Values, f askForm, c urgent.Case, s *triage.Session) error {
	at := fact.At(a.Shell.Now())
	if f.Do == "with" {
		who := s.Profile()
		who.CallerWithPatient = true
		return s.Learn(who, at)
	}
	var replies []triage.Reply
	for n := range 3 {
		i := strconv.Itoa(n)
		key, answer := v.Get("k"+i), triage.Answer(v.Get("q"+i))
		if f.Do == "none" && answer == triage.NotAsked {
			answer = triage.No
		}
		q, ok := s.Find(key)
		if !ok || answer == triage.NotAsked {
			continue
		}
		reply := triage.Reply{Fact: key, Answer: answer, Note: clipped(strings.TrimSpace(v.Get("n"+i)), 600), By: whoSaid(c), At: at}
		if q.Record != triage.NotAsked {
			reply.By += ", the record said aloud"
		}
		replies = append(replies, reply)
	}
	for _, reply := range replies {
		reply.Grouped = len(replies) > 1 || f.Do == "none"
		if err := s.Answer(reply); err != nil {
			return err
		}
	}
	return nil
}

// askAmbulance requests an ambulance the moment the answers reach one, and
// gives the instruction to open.
func (a *App) askAmbulance(ctx context.Context, by web.Caller, c urgent.Case, s *triage.Session) (say string, err error) {
	u := s.Urgency()
	if u.Lo > triage.L1 || len(u.Because) == 0 {
		return "", nil
	}
	e := urgent.Emergency{Threat: "unsaid", Why: a.Triage.Words(triage.English).Because(u.Because[0].Rule)}
	if u.Lo == triage.L0 {
		e.Threat = "arrest"
	}
	want := a.Cases.Rules.Threats[e.Threat].Category
	if slices.ContainsFunc(c.Ambulances, func(x urgent.Ambulance) bool { return x.What.Category <= want }) {
		return "", nil
	}
	_, err = a.Cases.Do(ctx, by, access.CallEmergency, c.ID, nil, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.CallAmbulance(c, by, a.Cases.Rules, e, now)
	})
	if err != nil {
		return "", err
	}
	for _, id := range s.Outcome().Advice {
		if a.threatOf(id) != "" || a.isDrawer(id) {
			return id, nil
		}
	}
	return stayDrawer, nil
}

func (a *App) isDrawer(id string) bool {
	return slices.ContainsFunc(a.Call.drawers, func(d drawerRow) bool { return d.threat == id })
}

// askRecord states the run, with the ambulance that its outcome asks for.
func (a *App) askRecord(ctx context.Context, by web.Caller, id fact.Subject, seen []fact.ID, k asking, s *triage.Session) error {
	o := s.Outcome()
	req := urgent.TriageRequest{Record: s.Record(), Outcome: o, Words: k.Words}
	why := a.Triage.LevelInfo(o.Level).Name
	if len(o.Trace.Fired) > 0 {
		why = a.Triage.Words(triage.English).Because(o.Trace.Fired[0].Rule)
	}
	_, err := a.Cases.Do(ctx, by, access.Triage, id, seen, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		var out []fact.Draft
		if o.Level <= triage.L1 && len(c.Ambulances) == 0 {
			e := urgent.Emergency{Threat: map[bool]string{true: "arrest", false: "unsaid"}[o.Level == triage.L0], Why: why}
			more, err := urgent.CallAmbulance(c, by, a.Cases.Rules, e, now)
			if err != nil {
				return nil, err
			}
			out = more
		}
		more, err := urgent.RecordTriage(c, by, a.Cases.Rules, req, now)
		return append(out, more...), err
	})
	return err
}
