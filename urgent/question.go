package urgent

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/content"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
	"holdfast/triage"
)

// QuestionPut says "about to ask" a national service about the patient: it
// stands before anything leaves.
type QuestionPut struct {
	ID    fact.Hash      `cbor:"1,keyasint"` // the same on every device for the same question
	Query exchange.Query `cbor:"2,keyasint"`
	Due   fact.Millis    `cbor:"3,keyasint"` // without an answer by then it reads as not answered
	Again int            `cbor:"4,keyasint,omitempty"`
}

// FactKind is kind 227.
func (QuestionPut) FactKind() fact.Kind { return kind(227, "question-put", fact.Once) }

// QuestionAnswered is an answer, or why there is none. The answer as it came
// is its attachment.
type QuestionAnswered struct {
	Question fact.Hash     `cbor:"1,keyasint"`
	Told     exchange.Told `cbor:"2,keyasint"`
	Words    []string      `cbor:"3,keyasint,omitempty"`
	Reports  []Earlier     `cbor:"4,keyasint,omitempty"`
	Failed   string        `cbor:"5,keyasint,omitempty"` // a sentence; no patient data
	Final    bool          `cbor:"6,keyasint,omitempty"` // asking again is useless
	Left     int           `cbor:"7,keyasint,omitempty"` // reports that stand in the attachment alone

	Service exchange.National `cbor:"8,keyasint"` // that was asked
}

// FactKind is kind 228.
func (QuestionAnswered) FactKind() fact.Kind { return kind(228, "question-answered", fact.Grow) }

// Question is a question to a national service with its replies.
type Question struct {
	Fact    fact.ID         `cbor:"1,keyasint"`
	At      fact.Millis     `cbor:"2,keyasint"`
	Put     QuestionPut     `cbor:"3,keyasint"`
	Replies []QuestionReply `cbor:"4,keyasint,omitempty"`
}

// QuestionReply is one reply or one failure.
type QuestionReply struct {
	Fact     fact.ID           `cbor:"1,keyasint"`
	At       fact.Millis       `cbor:"2,keyasint"`
	Says     QuestionAnswered  `cbor:"3,keyasint"`
	Original []fact.Attachment `cbor:"4,keyasint,omitempty"`
}

// asked keeps one line for each question, whoever put it; the earliest stands.
func asked(all []Question, q Question) []Question {
	for i, o := range all {
		if o.Put.ID != q.Put.ID {
			continue
		}
		if q.At < o.At || q.At == o.At && slices.Compare(q.Fact[:], o.Fact[:]) < 0 {
			all[i] = q
		}
		return all
	}
	return append(all, q)
}

// Answer gives the answer: of several the more careful one.
func (q Question) Answer() (QuestionReply, bool) {
	var best QuestionReply
	found := false
	for _, r := range q.Replies {
		if r.Says.Told == exchange.ToldNothing {
			continue
		}
		if !found || r.Says.Told > best.Says.Told || r.Says.Told == best.Says.Told && r.At < best.At {
			best, found = r, true
		}
	}
	return best, found
}

// Failures counts the times it was asked in vain, and whether asking again is
// useless.
func (q Question) Failures() (n int, final bool) {
	for _, r := range q.Replies {
		if r.Says.Told == exchange.ToldNothing {
			n++
			final = final || r.Says.Final
		}
	}
	return n, final
}

// QuestionID numbers a question: stated twice it is one.
func QuestionID(about fact.Subject, q exchange.Query, again int) (fact.Hash, error) {
	raw, err := fact.Encode(q)
	if err != nil {
		return fact.Hash{}, err
	}
	return fact.Labelled("holdfast/question/1", about[:], raw, []byte{byte(again)}), nil
}

func (r *Rules) loadKnown(set *content.Set) (err error) {
	if r.Plans, err = record.LoadPlans(set); err != nil {
		return err
	}
	r.Children, err = record.LoadChildren(set)
	return err
}

// Connected tells which national services can be asked from here.
type Connected func(exchange.National) bool

// Wanted is a question that a case needs, or why it can't be asked.
type Wanted struct {
	Query   exchange.Query
	Missing string // why it can't be asked; empty: it can
}

// Wanted lists what national services are to be asked about the patient of a
// case: the repeat caller service about everybody, child protection
// information about every child, everybody who may be one, and every
// pregnancy. record says what of a pregnancy is on record. An objection to
// looking at records stops the first and never the second.
func (c Case) Wanted(r *Rules, onRecord record.Answer, now time.Time) []Wanted {
	if !c.Begun() || c.Patient.Empty() {
		return nil
	}
	v, one := c.Patient.Get()
	if !one {
		missing := "Two patients are stated: decide which first"
		return []Wanted{{exchange.Query{Service: exchange.RepeatCallers}, missing}, {exchange.Query{Service: exchange.ChildProtection}, missing}}
	}
	id := v.Identity
	repeat := Wanted{Query: queryOf(exchange.RepeatCallers, id)}
	switch {
	case v.MayLook == No:
		repeat.Missing = "The patient objects to us looking at records"
	case repeat.Query.NHS == "" && repeat.Query.Details() < 4:
		repeat.Missing = "It needs a traced NHS number, or four of first name, last name, birth date, sex and postcode"
	}
	out := []Wanted{repeat}
	child, pregnant := r.Children.IsChild(id, now), c.pregnant(onRecord)
	if child == record.No && pregnant != record.Yes || id.Name.IsZero() && !id.NHS.Present() && id.Born.IsZero() {
		return out
	}
	protect := Wanted{Query: queryOf(exchange.ChildProtection, id)}
	protect.Query.Unborn = pregnant == record.Yes
	if protect.Query.NHS == "" {
		protect.Missing = "It needs a traced NHS number"
	}
	return append(out, protect)
}

// pregnant says what is known of a pregnancy, from the record or from the
// newest questions asked.
func (c Case) pregnant(onRecord record.Answer) record.Answer {
	if onRecord == record.Yes {
		return record.Yes
	}
	for _, t := range c.NewestTriages() {
		for _, e := range t.What.Record.Entries {
			if e.Fact == "record/pregnancy/pregnant" && e.Answer == triage.Answer("yes") {
				return record.Yes
			}
		}
	}
	return onRecord
}

func queryOf(service exchange.National, id record.Identity) exchange.Query {
	q := exchange.Query{Service: service}
	if id.NHS.Matchable() && id.NHS.Status == codes.Verified {
		q.NHS = id.NHS.Text
		return q
	}
	q.Given, q.Family = strings.ToUpper(strings.TrimSpace(id.Name.Given)), strings.ToUpper(strings.TrimSpace(id.Name.Family))
	if id.Born.Full() {
		q.Born = id.Born.String()
	}
	if id.Sex == codes.Male || id.Sex == codes.Female {
		q.Sex = string(id.Sex)
	}
	if id.Address.Postcode.Full() {
		q.Postcode = string(id.Address.Postcode)
	}
	return q
}

// PutQuestions says which of the connected national services are about to be
// asked. What was put already is not put again.
func PutQuestions(c Case, by access.Caller, r *Rules, onRecord record.Answer, connected Connected, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.RunTimers); err != nil {
		return nil, err
	}
	if c.Closed() {
		return nil, nil
	}
	var out []fact.Draft
	for _, w := range c.Wanted(r, onRecord, now) {
		if w.Missing != "" || !connected(w.Query.Service) || slices.ContainsFunc(c.Questions, func(q Question) bool { return q.Put.Query == w.Query }) {
			continue
		}
		put, err := c.put(r, w.Query, 0, now)
		if err != nil {
			return nil, err
		}
		out = append(out, put)
	}
	return out, nil
}

func (c Case) put(r *Rules, q exchange.Query, again int, now time.Time) (fact.Draft, error) {
	id, err := QuestionID(c.ID, q, again)
	return fact.Say(c.ID, QuestionPut{ID: id, Query: q, Due: fact.At(now.Add(r.Repeat.AskWithin)), Again: again}), err
}

// mostAgain bounds how often people may ask a service anew about one case.
const mostAgain = 20

// AskAgain puts a question anew after it was not answered.
func AskAgain(c Case, by access.Caller, r *Rules, onRecord record.Answer, service exchange.National, now time.Time) ([]fact.Draft, error) {
	if err := mustBeOpen(c); err != nil {
		return nil, err
	}
	for _, w := range c.Wanted(r, onRecord, now) {
		if w.Query.Service != service {
			continue
		}
		if w.Missing != "" {
			return nil, refusal.New(refusal.Invalid, w.Missing+".")
		}
		again := 0
		for _, q := range c.Questions {
			if q.Put.Query != w.Query {
				continue
			}
			if _, answered := q.Answer(); answered {
				return nil, nil
			}
			again = max(again, q.Put.Again+1)
		}
		if again > mostAgain {
			return nil, refusal.New(refusal.Taken, "It was asked twenty times and did not answer. Ask the caller, and ring those who may know.")
		}
		put, err := c.put(r, w.Query, again, now)
		return []fact.Draft{put}, err
	}
	return nil, nil
}

// ToAsk lists the questions that no reply has ended, with the time from which
// each may be asked. An answer, a failure for good, and as many failures as
// the rule allows end one.
func (c Case) ToAsk(r RepeatRule) (out []Question, from []time.Time) {
	for _, q := range c.Questions {
		n, final := q.Failures()
		if _, answered := q.Answer(); answered || final || n >= r.AskTimes || c.Closed() {
			continue
		}
		at := q.At.Time()
		for _, reply := range q.Replies {
			if next := reply.At.Time().Add(r.AskAgain); next.After(at) {
				at = next
			}
		}
		out, from = append(out, q), append(from, at)
	}
	return out, from
}

// What one answer keeps in its fact; everything stands in its attachment.
const (
	mostReports    = 20
	mostReportText = 2000
	mostWords      = 20
)

// AnswerQuestion keeps what a service answered. An answer that there were as
// many earlier calls as send a caller to a clinician does so in the same act.
func AnswerQuestion(c Case, by access.Caller, r *Rules, id fact.Hash, reply exchange.Reply, now time.Time) ([]fact.Draft, error) {
	q, err := c.question(by, id)
	if err != nil {
		return nil, err
	}
	if _, done := q.Answer(); done {
		return nil, nil
	}
	if reply.Told < exchange.ToldNone || reply.Told > exchange.ToldYes {
		return nil, refusal.New(refusal.Invalid, "That is no answer: say that it failed.")
	}
	a := QuestionAnswered{Question: id, Service: q.Put.Query.Service, Told: reply.Told}
	for _, w := range reply.Words {
		if len(a.Words) < mostWords {
			a.Words = append(a.Words, clip(w, 400))
		}
	}
	for _, p := range reply.Reports {
		if len(a.Reports) == mostReports {
			a.Left = len(reply.Reports) - mostReports
			break
		}
		a.Reports = append(a.Reports, earlierOf(p, now, r.Repeat.Within))
	}
	draft := fact.Say(c.ID, a)
	if len(reply.Original) > 0 && len(reply.Original) <= exchange.MaxMessage {
		draft = draft.With(fact.Blob{Media: reply.Media, Bytes: reply.Original})
	}
	out := []fact.Draft{draft}
	if q.Put.Query.Service != exchange.RepeatCallers || reply.Told != exchange.ToldYes {
		return out, nil
	}
	more, err := JudgeRepeat(c, by, r, atLeast(a.Reports, r.Repeat, now), "the national service", now)
	return append(out, more...), err
}

// earlierOf keeps a report from elsewhere as an earlier contact.
func earlierOf(p exchange.PastReport, now time.Time, within time.Duration) Earlier {
	return Earlier{
		At: p.When, Complaint: clip(p.Title, 200), Dx: codes.ReceiveDx(p.Dx).Code, DxName: clip(p.Name, 200), Where: clip(cmp.Or(p.By, "another organisation"), 200),
		Way: "report", Text: clip(p.Text, mostReportText), Report: clip(p.ID, 100), Counts: p.When >= fact.At(now.Add(-within)) && p.When <= fact.At(now),
	}
}

// atLeast: the service said yes by its own clock and window; what it counted
// counts, whatever the times of its reports.
func atLeast(all []Earlier, r RepeatRule, now time.Time) []Earlier {
	out := slices.Clone(all)
	if _, reached := r.Reached(out); reached {
		return out
	}
	for i := range out {
		out[i].Counts = true
	}
	for len(out) < r.Contacts-1 {
		out = append(out, Earlier{At: fact.At(now), Where: "the national service", Way: "report", Counts: true, Complaint: "an earlier call, of which no report came"})
	}
	return out
}

// FailQuestion keeps that a service was asked in vain, which is never "none".
func FailQuestion(c Case, by access.Caller, id fact.Hash, why string, final bool) ([]fact.Draft, error) {
	q, err := c.question(by, id)
	if err != nil {
		return nil, err
	}
	if _, done := q.Answer(); done {
		return nil, nil
	}
	return []fact.Draft{fact.Say(c.ID, QuestionAnswered{Question: id, Service: q.Put.Query.Service, Failed: clip(cmp.Or(why, "It did not answer."), 400), Final: final})}, nil
}

func (c Case) question(by access.Caller, id fact.Hash) (Question, error) {
	if err := by.May(access.RunTimers); err != nil {
		return Question{}, err
	}
	for _, q := range c.Questions {
		if q.Put.ID == id {
			return q, nil
		}
	}
	return Question{}, refusal.New(refusal.Missing, "This was not asked here.")
}

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && s[most]&0xC0 == 0x80 {
		most--
	}
	return s[:most]
}

// Asked is how one national service stands for a case, as pages say it.
type Asked struct {
	Service exchange.National
	Told    exchange.Told
	Says    string // never "none" unless the service said so
	More    []string
	Reports []Earlier
	Whole   []fact.Attachment
	Again   bool // a person may ask anew
	Waiting bool // an answer may still come by itself in a moment
}

// Asked says how the national services stand that the case needs.
func (c Case) Asked(r *Rules, onRecord record.Answer, connected Connected, now time.Time) []Asked {
	var out []Asked
	for _, w := range c.Wanted(r, onRecord, now) {
		a := Asked{Service: w.Query.Service}
		if w.Missing != "" {
			a.Says = "Not answered: not asked. " + w.Missing + "."
			a.ask()
			out = append(out, a)
			continue
		}
		var newest *Question
		for i := range c.Questions {
			q := &c.Questions[i]
			if q.Put.Query != w.Query {
				continue
			}
			if reply, ok := q.Answer(); ok && reply.Says.Told > a.Told {
				a.Told, a.Says, a.More = reply.Says.Told, reply.Says.words(w.Query.Service), reply.Says.Words
				a.Reports, a.Whole = reply.Says.Reports, reply.Original
			}
			if newest == nil || q.Put.Again > newest.Put.Again {
				newest = q
			}
		}
		if a.Told == exchange.ToldNothing && newest == nil && !connected(w.Query.Service) {
			a.Says = "Not answered: this service is not connected here."
			a.ask()
		} else if a.Told == exchange.ToldNothing {
			a.unanswered(newest, r.Repeat, now)
		}
		out = append(out, a)
	}
	return out
}

func (a *Asked) unanswered(q *Question, r RepeatRule, now time.Time) {
	switch {
	case q == nil:
		a.Says, a.Waiting = "Not answered yet.", true
		return
	case len(q.Replies) == 0 && fact.At(now) < q.Put.Due:
		a.Says, a.Waiting = "Not answered yet.", true
		return
	case len(q.Replies) == 0:
		a.Says = "Not answered."
	default:
		a.Says = "Not answered: " + strings.TrimSuffix(q.Replies[len(q.Replies)-1].Says.Failed, ".") + "."
	}
	n, final := q.Failures()
	a.Again = final || n >= r.AskTimes || len(q.Replies) == 0
	a.ask()
}

// ask says what a person does when there is no answer.
func (a *Asked) ask() {
	if a.Service == exchange.RepeatCallers {
		a.More = []string{"Ask: “Has anybody been called about this in the last four days?”"}
		return
	}
	a.More = []string{"Unknown, not none. Ask whether a social worker is involved, and ring the duty team when worried."}
}

// words says what a service answered.
func (v QuestionAnswered) words(service exchange.National) string {
	switch {
	case service == exchange.RepeatCallers && v.Told == exchange.ToldYes:
		return "Repeat caller."
	case service == exchange.RepeatCallers && v.Told == exchange.ToldMaybe:
		return "Perhaps: some details match. Ask the caller."
	case service == exchange.RepeatCallers:
		return "It holds no earlier calls."
	case v.Told == exchange.ToldYes:
		return "Information is held."
	case v.Told == exchange.ToldMaybe:
		return "Perhaps: some details match. Ring the local authority."
	}
	return "It answered that it holds no plan and no looked-after status. That does not say that a child is safe."
}
