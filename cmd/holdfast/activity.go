package main

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sort"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record/recorddb"
	"holdfast/sim/people"
	"holdfast/triage"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
)

// activity is a shift of made-up people at work: calls come in, cases are
// taken, finished and passed on, about as many in as out.
type activity struct {
	org    *demoOrg
	random *rand.Rand
	staff  map[access.Role][]access.Caller
	log    *slog.Logger
	held   map[fact.Subject]bool // taken by this shift; what visitors work on is left alone
}

// How lively the demo is.
const (
	quietest  = 4 * time.Second
	liveliest = 10 * time.Second // beyond the quietest
	usualOpen = 60               // cases on one list around which the shift keeps it
)

func newActivity(o *demoOrg, seed uint64, log *slog.Logger) *activity {
	return &activity{
		org: o, random: rand.New(rand.NewPCG(seed, uint64(len(o.kind))<<32^uint64(time.Now().UnixNano()))), log: log,
		held: map[fact.Subject]bool{}, staff: map[access.Role][]access.Caller{},
	}
}

// run works until the context is done.
func (a *activity) run(ctx context.Context) error {
	byName, err := staffOf(ctx, a.org.node)
	if err != nil {
		return err
	}
	for _, by := range byName {
		a.staff[by.Role] = append(a.staff[by.Role], by)
	}
	for _, all := range a.staff {
		sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	}
	for {
		pause := quietest + time.Duration(a.random.Int64N(int64(liveliest)))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		if err := a.turn(ctx); err != nil && ctx.Err() == nil && refusal.KindOf(err) == 0 {
			a.log.Error("the demo's shift stumbled", "organisation", a.org.kind, "err", err)
		}
	}
}

// turn does one thing.
func (a *activity) turn(ctx context.Context) error {
	rows, err := a.rows(ctx)
	if err != nil {
		return err
	}
	roll := a.random.IntN(100)
	if len(rows) > usualOpen {
		roll += 25
	}
	switch {
	case roll < 45 && a.org.ods == people.FellsideODS:
		return a.takeCall(ctx)
	case roll < 65:
		return a.claim(ctx, rows)
	case a.org.ods == people.FellsideODS && roll < 85:
		return a.refer(ctx, rows)
	}
	return a.finish(ctx, rows)
}

func (a *activity) rows(ctx context.Context) ([]urgent.Row, error) {
	list, err := a.org.node.Cases.Glance(ctx, a.pick(access.Clinician), urgentdb.Show{})
	return list.Rows, err
}

func (a *activity) pick(role access.Role) access.Caller {
	all := a.staff[role]
	if len(all) == 0 {
		return access.Caller{} // nobody on this shift may: the verb refuses
	}
	return all[a.random.IntN(len(all))]
}

func (a *activity) do(ctx context.Context, by access.Caller, act access.Act, id fact.Subject, verb urgentdb.Verb) error {
	_, err := a.org.node.Cases.Do(ctx, by, act, id, nil, verb)
	return err
}

// takeCall takes a call from somebody of the district with a problem that
// another had when the demo began.
func (a *activity) takeCall(ctx context.Context) error {
	d := a.org.district
	like := d.Cases[a.random.IntN(len(d.Cases))]
	if like.Person < 0 {
		return nil
	}
	id, err := a.org.node.Cases.NewCase()
	if err != nil {
		return err
	}
	by, rules := a.pick(access.CallHandler), a.org.node.Cases.Rules
	who := d.People[like.Person].Identity
	record, err := a.record(ctx, who.NHS)
	if err != nil {
		return err
	}
	said := urgent.Description{
		Caller:  &urgent.CallerDescribed{Is: urgent.CallerIs(like.Caller.Is), Name: like.Caller.Name, Relation: like.Caller.Relation, WithPatient: yesNo(like.Caller.WithPatient), RingBack: like.RingBack},
		Patient: &urgent.PatientDescribed{Identity: who, Record: record, MayLook: urgent.Yes}, Place: &like.Place, Reason: &like.Complaint,
	}
	steps := []struct {
		pause time.Duration
		act   access.Act
		verb  urgentdb.Verb
	}{
		{0, access.TakeCall, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return urgent.TakeCall(c, by, like.RingBack, now)
		}},
		{3 * time.Second, access.TakeCall, func(c urgent.Case, _ time.Time) ([]fact.Draft, error) { return urgent.Describe(c, by, said) }},
		{6 * time.Second, access.Dispose, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return urgent.SetDisposition(c, by, rules, like.Dx, "", now)
		}},
	}
	for _, s := range steps {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(s.pause):
		}
		if err := a.do(ctx, by, s.act, id, s.verb); err != nil {
			return err
		}
	}
	return nil
}

// record finds the record of somebody by their number; none is the zero
// subject.
func (a *activity) record(ctx context.Context, nhs codes.NHSNumber) (fact.Subject, error) {
	if !nhs.Sound() {
		return fact.Subject{}, nil
	}
	found, err := recorddb.ByNumber(ctx, a.org.node.Journal.Views(), a.org.node.Device, nhs.Text)
	if err != nil || len(found) != 1 {
		return fact.Subject{}, err
	}
	return found[0], nil
}

// claim takes the first case that nobody has.
func (a *activity) claim(ctx context.Context, rows []urgent.Row) error {
	by := a.pick(access.Clinician)
	for _, row := range rows {
		if row.Stage != urgent.Waiting || len(row.Holders) > 0 {
			continue
		}
		err := a.do(ctx, by, access.Claim, row.Case, func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
			return urgent.StartConsultation(c, by, "phone")
		})
		a.held[row.Case] = err == nil
		return err
	}
	return nil
}

// finish ends the consultation of a case that the shift has, and closes it.
func (a *activity) finish(ctx context.Context, rows []urgent.Row) error {
	for _, row := range rows {
		if !a.held[row.Case] || len(row.Holders) != 1 {
			continue
		}
		by, ok := a.holder(row)
		if !ok {
			continue
		}
		delete(a.held, row.Case)
		err := a.do(ctx, by, access.Consult, row.Case, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return urgent.FinishConsultation(c, by, a.org.node.Cases.Rules, usualFinish(row.Why), now)
		})
		if err != nil {
			return err
		}
		err = a.do(ctx, by, access.SendReport, row.Case, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return urgent.MakeReport(c, by, a.org.node.Cases.Rules, a.org.node.Us, now)
		})
		if err != nil {
			return err
		}
		return a.do(ctx, by, access.Close, row.Case, func(c urgent.Case, _ time.Time) ([]fact.Draft, error) { return urgent.Close(c, by, "") })
	}
	return nil
}

func (a *activity) holder(row urgent.Row) (access.Caller, bool) {
	for _, by := range a.staff[access.Clinician] {
		if by.Person == row.Holders[0].Person {
			return by, true
		}
	}
	return access.Caller{}, false
}

func usualFinish(why string) urgent.Finish {
	return urgent.Finish{
		Consulted: urgent.Consulted{
			Mode: "phone", History: why + ". Says it is no worse since the first call.", Plan: "Rest, fluids, own pain relief as on the packet.",
			Net: urgent.SafetyNet{Expect: "Better within two days.", Worse: "Ring 111 if it gets worse; 999 for chest pain or trouble breathing.", SaidBack: "the patient"},
		},
		Outcome: "advice",
	}
}

// refer passes a case that nobody has on to the out-of-hours provider, when
// its outcome is one for primary care.
func (a *activity) refer(ctx context.Context, rows []urgent.Row) error {
	n := a.org.node
	for _, row := range rows {
		if d, ok := n.Cases.Rules.Code(row.Dx); !ok || d.Group != "primary-care" || row.Stage != urgent.Waiting || len(row.Holders) > 0 {
			continue
		}
		by := a.pick(access.CallHandler)
		to := exchange.Party{ODS: people.TarnValleyODS, Name: people.TarnValleyName, Service: codes.DoSID(people.TarnValleyDoS)}
		return a.do(ctx, by, access.Refer, row.Case, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			ref := urgent.ReferralOf(c, by, n.Us, to, noTexts{}, now)
			return urgent.Refer(c, by, n.Cases.Rules, ref, []exchange.Route{exchange.ByDirect}, now)
		})
	}
	return nil
}

// noTexts words no questions: the shift's made-up calls were not triaged by
// questions.
type noTexts struct{}

// Answers gives none.
func (noTexts) Answers(triage.Record) []exchange.Answer { return nil }

// Reasons gives none.
func (noTexts) Reasons(triage.Record) []string { return nil }
