package triage

import (
	"errors"
	"slices"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Session is one triage under way. It is not safe for use by two goroutines at
// once, and holds nothing that its Record does not.
type Session struct {
	c      *Content
	p      *program
	rec    Record
	now    Profile // as last learned
	ended  bool
	s      state
	record bitset            // bits that the record says are bad; no answer takes them away
	latest map[string]int    // fact key to its last entry
	claims map[string]Answer // fact key to what the record says
}

// Start begins a session. Several complaints become one merged list of
// questions. The permit says that this content may run here.
func Start(may Permit, complaints []string, who Profile) (*Session, error) {
	if may.content == nil {
		return nil, refusal.New(refusal.Forbidden, "triage needs leave to run: ask MayRun first")
	}
	c := may.content
	return c.begin(Record{Complaints: complaints, Content: c.hash, Wording: c.wordsHash, Engine: EngineVersion, Profile: who})
}

// Replay rebuilds a session from its record, to the same bits. A record made
// with other content or another engine is a refusal of kind Unavailable: its
// answers can be read, but not judged again; see Carry.
func Replay(c *Content, r Record) (*Session, error) {
	if r.Content != c.hash || r.Engine != EngineVersion {
		return nil, refusal.New(refusal.Unavailable, "this triage was done with another version of the content. "+
			"Its outcome stands as recorded; to judge the answers again, carry them over")
	}
	return c.begin(r)
}

// Carry takes a live call over to the content that is here now: every answer
// that still has its question is kept, and the facts that were lost are named
// so that they can be asked. The session's record names the new content.
func Carry(may Permit, r Record) (s *Session, lost []string, err error) {
	if may.content == nil {
		return nil, nil, refusal.New(refusal.Forbidden, "triage needs leave to run: ask MayRun first")
	}
	c := may.content
	whole := r
	whole.Content, whole.Wording, whole.Engine, whole.Entries = c.hash, c.wordsHash, EngineVersion, nil
	if s, err = c.begin(whole); err != nil {
		return nil, nil, err
	}
	for _, e := range r.Entries {
		if err := s.take(e); err != nil {
			if e.Fact == "" {
				return nil, nil, err
			}
			lost = append(lost, e.Fact)
		}
	}
	return s, lost, nil
}

func (c *Content) begin(r Record) (*Session, error) {
	entries := r.Entries
	r.Entries = nil
	r.Complaints = slices.Clone(r.Complaints)
	s := &Session{c: c, rec: r, now: r.Profile}
	if err := s.rebuild(); err != nil {
		return nil, err
	}
	for _, e := range entries {
		if err := s.take(e); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// rebuild compiles for what is now known and plays every entry so far again.
func (s *Session) rebuild() error {
	complaints := slices.Clone(s.rec.Complaints)
	for _, e := range s.rec.Entries {
		if e.Complaint != "" && !slices.Contains(complaints, e.Complaint) {
			complaints = append(complaints, e.Complaint)
		}
	}
	if len(complaints) > maxComplaints {
		return refusal.Newf(refusal.Invalid, "take at most %d complaints in one call", maxComplaints)
	}
	p, err := s.c.compile(complaints, s.now.Age, s.now.Sex)
	if err != nil {
		return err
	}
	s.p, s.s, s.record = p, state{held: nothingHeld()}, bitset{}
	s.latest, s.claims = map[string]int{}, map[string]Answer{}
	with := s.rec.Profile.CallerWithPatient
	for _, learned := range s.now.FromRecord {
		if err := s.fromRecord(learned); err != nil {
			return err
		}
	}
	p.hold(&s.s)
	for i, e := range s.rec.Entries {
		if e.Profile != nil {
			s.withPatient(with, e.Profile.CallerWithPatient)
			with = e.Profile.CallerWithPatient
		}
		if e.Fact != "" {
			if err := s.apply(i, e, with); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Session) fromRecord(h Held) error {
	i, ok := s.p.index[h.Fact]
	if !ok || h.Answer == NotAsked || h.Answer == No && s.p.questions[i].fact.Kind == YesNo {
		return nil // not asked in this call, or no more than absence
	}
	q := &s.p.questions[i]
	step, ok := q.step(h.Answer)
	if !ok || !q.fact.FromRecord {
		return refusal.Newf(refusal.Invalid, "the record cannot say %q about %s", h.Answer, h.Fact)
	}
	if step == 0 || h.Answer == Unsure {
		return nil
	}
	for b := range step {
		s.record.set(q.first + b)
	}
	s.claims[h.Fact] = h.Answer
	s.p.lift(&s.s, q, step)
	return nil
}

// withPatient opens again what nobody there could tell.
func (s *Session) withPatient(before, after bool) {
	if after && !before {
		s.s.aside = bitset{}
	}
}

func (s *Session) apply(at int, e Entry, with bool) error {
	i, ok := s.p.index[e.Fact]
	if !ok {
		if s.c.hasFact(e.Fact) {
			return nil // asked before the age or sex was known; it decides nothing now
		}
		return refusal.Newf(refusal.Invalid, "%s is not a question of this triage", e.Fact)
	}
	q := &s.p.questions[i]
	switch {
	case e.Answer == NotAsked:
		s.p.forget(&s.s, q, false)
	case e.Answer == Unsure && !with:
		s.p.forget(&s.s, q, true)
	default:
		step, ok := q.step(e.Answer)
		if !ok {
			return refusal.Newf(refusal.Invalid, "%q is not an answer to %s", e.Answer, e.Fact)
		}
		s.p.put(&s.s, q, step)
	}
	for b := q.first; b < q.first+q.n; b++ {
		if s.record.has(b) {
			s.s.known.set(b)
			s.s.value.set(b)
		}
	}
	s.latest[e.Fact] = at
	s.p.hold(&s.s)
	return nil
}

func (c *Content) hasFact(key string) bool { return c.Best(key) != NotAsked }

// take adds an entry, or refuses it and leaves the session as it was.
func (s *Session) take(e Entry) error {
	if len(s.rec.Entries) >= maxEntries || len(e.Note) > maxNote || len(e.By) > maxNote {
		return refusal.Newf(refusal.Invalid, "a note may have %d characters, and a call %d answers", maxNote, maxEntries)
	}
	s.rec.Entries = append(s.rec.Entries, e)
	before := s.now
	var err error
	switch {
	case e.Answer != NotAsked && e.Fact == "":
		err = refusal.New(refusal.Invalid, "an answer needs its question")
	case e.Profile != nil:
		s.now = *e.Profile
		err = s.rebuild()
	case e.Complaint != "":
		err = s.rebuild()
	case e.Ended:
		s.ended = true
	case e.Fact != "":
		if err = s.apply(len(s.rec.Entries)-1, e, s.now.CallerWithPatient); err == nil {
			s.ended = false // the caller is back: asking goes on
		}
	default:
		err = refusal.New(refusal.Invalid, "an answer needs its question")
	}
	if err != nil {
		s.rec.Entries = s.rec.Entries[:len(s.rec.Entries)-1]
		s.now = before
		if e.Fact == "" {
			err = errors.Join(err, s.rebuild())
		}
	}
	return err
}

// Reply is an answer as given.
type Reply struct {
	Fact    string
	Answer  Answer
	Note    string
	By      string      // who said so, as shown to people
	At      fact.Millis // when
	Grouped bool        // asked together with others
}

// Answer takes one answer. An answer may be changed, or taken back with
// NotAsked, but an urgency that rules have reached stays: lowering it is a
// clinician's decision, made outside triage with a reason.
func (s *Session) Answer(r Reply) error {
	return s.take(Entry{At: r.At, Fact: r.Fact, Answer: r.Answer, Note: r.Note, By: r.By, Grouped: r.Grouped})
}

// Learn replaces the profile: the caller is with the patient now, the age is
// known, the record has been found. What was unsure because nobody was with
// the patient is asked again once somebody is.
func (s *Session) Learn(who Profile, at fact.Millis) error {
	return s.take(Entry{At: at, Profile: &who})
}

// AddComplaint merges another symptom into the call.
func (s *Session) AddComplaint(id string, at fact.Millis) error {
	if slices.Contains(s.p.complaints, id) {
		return nil
	}
	return s.take(Entry{At: at, Complaint: id})
}

// End says that no more can be asked: the caller hung up, or will not go on.
func (s *Session) End(at fact.Millis) error { return s.take(Entry{At: at, Ended: true}) }

// Record gives the session as it goes into a fact.
func (s *Session) Record() Record {
	r := s.rec
	r.Entries = append([]Entry(nil), r.Entries...)
	return r
}

// Profile gives what was last learned about the call.
func (s *Session) Profile() Profile { return s.now }

// Complaints lists the complaints of the call, in the order they were named.
func (s *Session) Complaints() []string { return slices.Clone(s.p.complaints) }
