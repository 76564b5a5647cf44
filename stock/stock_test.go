package stock

import (
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
	"holdfast/fact/share"
	"holdfast/task"
)

var (
	now   = time.Date(2026, 11, 21, 20, 1, 0, 0, time.UTC)
	about = fact.Subject{1}
	site  = Device{fact.Subject{0xd0}, "Site"}
	car   = Device{fact.Subject{0xd1}, "Car 1"}
	desk  = Device{fact.Subject{0xd2}, "Desk 4"}
	mara  = access.Caller{Person: fact.Subject{1}, Name: "Mara Holt", Role: access.Manager}
	adam  = access.Caller{Person: fact.Subject{2}, Name: "A. Reid", Role: access.Administrator}
	kemi  = access.Caller{Person: fact.Subject{3}, Name: "K. Adeyemi", Title: "nurse", Role: access.Clinician}
	hand  = access.Caller{Person: fact.Subject{4}, Role: access.CallHandler}
	self  = access.Caller{Person: site.ID, Name: "Site", Role: access.Device}
)

// office is devices that know parts of what was written.
type office struct {
	t    *testing.T
	all  []fact.Fact
	w    map[string]*facttest.Writer
	held map[string][]fact.Fact
}

func newOffice(t *testing.T) *office {
	o := &office{t: t, w: map[string]*facttest.Writer{}, held: map[string][]fact.Fact{}}
	for _, d := range []Device{site, car, desk} {
		o.w[d.Name] = facttest.NewWriter(d.Name, fact.At(now))
	}
	d, err := Receive(Range{Subject: about}, mara, site, Receiving{What: "FP10SS", First: 4001, Last: 4020}, nil, now)
	o.say(site, mara, d, err)
	o.sync(site, car, desk)
	return o
}

func devices(feed fact.FeedID) (fact.Subject, bool) {
	for _, d := range []Device{site, car, desk} {
		if fact.FeedID(fact.Labelled("facttest", []byte(d.Name))) == feed {
			return d.ID, true
		}
	}
	return fact.Subject{}, false
}

func (o *office) at(d Device) Range { return Fold(about, fact.NewHistory(o.held[d.Name]), devices) }

func (o *office) task(d Device, use fact.ID) task.Task {
	s := task.SubjectOf(o.at(d).WorkOf(use))
	var of []fact.Fact
	for _, f := range o.held[d.Name] {
		if f.Header.Subject == s {
			of = append(of, f)
		}
	}
	return task.Fold(s, fact.NewHistory(of))
}

// say saves drafts at a device; the other subjects are kept apart by it.
func (o *office) say(d Device, by access.Caller, drafts []fact.Draft, err error) []fact.Fact {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
	made := o.w[d.Name].State(o.t, by.Author(), fact.NewHistory(o.ranges(d)).Frontier(), drafts...)
	o.held[d.Name], o.all = append(o.held[d.Name], made...), append(o.all, made...)
	return made
}

func (o *office) ranges(d Device) (out []fact.Fact) {
	for _, f := range o.held[d.Name] {
		if f.Header.Subject == about {
			out = append(out, f)
		}
	}
	return out
}

func (o *office) sync(all ...Device) Range {
	o.t.Helper()
	for _, d := range all {
		o.held[d.Name] = append([]fact.Fact(nil), o.all...)
	}
	var of []fact.Fact
	for _, f := range o.all {
		if f.Header.Subject == about {
			of = append(of, f)
		}
	}
	facttest.SameInAnyOrder(o.t, of, func(h fact.History) Range { return Fold(about, h, devices) })
	r := Fold(about, fact.NewHistory(of), devices)
	if a := r.Account(); a.Missing != 0 {
		o.t.Fatalf("%d numbers are not accounted for: %+v", a.Missing, a)
	}
	return r
}

func (o *office) use(d Device, n uint64, asks string) fact.ID {
	o.t.Helper()
	f, err := UseForm(o.ofRange(d), kemi, d, Using{Units: share.One(n), How: Issued, Asks: asks}, now)
	return o.say(d, kemi, f, err)[0].ID
}

func (o *office) ofRange(d Device) Range { return Fold(about, fact.NewHistory(o.ranges(d)), devices) }

func (o *office) hand(first, last uint64, to Device) {
	o.t.Helper()
	d, err := HandOut(o.ofRange(site), mara, site, share.Some(first, last), to, now)
	o.say(site, mara, d, err)
}

func refused(t *testing.T, kind refusal.Kind, says string, drafts []fact.Draft, err error) {
	t.Helper()
	if !refusal.Is(err, kind) || len(drafts) != 0 || !strings.Contains(err.Error(), says) {
		t.Errorf("want a refusal of kind %v with %q, got %d facts and %v", kind, says, len(drafts), err)
	}
}

func TestReceive(t *testing.T) {
	o := newOffice(t)
	here := o.ofRange(site)
	good := Receiving{What: "FP10SS", First: 5001, Last: 5010}
	d, err := Receive(Range{Subject: fact.Subject{2}}, adam, site, good, []Range{here}, now)
	if err != nil || len(d) != 1 {
		t.Errorf("%v", err)
	}
	for _, bad := range []Receiving{{"", 1, 2}, {"FP10SS", 5, 4}, {"FP10SS", 1, 100_000}, {"fp10ss", 4020, 4030}} {
		d, err = Receive(Range{Subject: fact.Subject{2}}, mara, site, bad, []Range{here}, now)
		refused(t, refusal.Invalid, "", d, err)
	}
	d, err = Receive(Range{Subject: fact.Subject{2}}, kemi, site, good, nil, now)
	refused(t, refusal.Forbidden, "shift manager", d, err)
	d, err = Receive(here, mara, site, good, nil, now)
	refused(t, refusal.Taken, "already", d, err)
}

func TestHandOut(t *testing.T) {
	o := newOffice(t)
	o.hand(4011, 4015, car)
	r := o.sync(site, car)
	if r.LeftAt(car.ID) != 5 || r.LeftAt(site.ID) != 15 || r.Called(car.ID) != "Car 1" {
		t.Errorf("%+v", r.Rights.Parts)
	}
	d, err := HandOut(r, mara, site, share.Some(4015, 4016), desk, now)
	refused(t, refusal.Invalid, "4001 to 4010, 4016 to 4020", d, err)
	d, err = HandOut(r, mara, car, share.Some(4011, 4012), car, now)
	refused(t, refusal.Invalid, "another device", d, err)
	d, err = HandOut(r, kemi, site, share.One(4001), car, now)
	refused(t, refusal.Forbidden, "", d, err)
	d, err = HandOut(Range{Subject: about}, mara, site, share.One(4001), car, now)
	refused(t, refusal.Missing, "", d, err)
}

func TestUse(t *testing.T) {
	o := newOffice(t)
	o.use(site, 4001, "")
	r := o.sync(site, car)
	for _, one := range []struct {
		by   access.Caller
		at   Device
		req  Using
		kind refusal.Kind
		says string
	}{
		{hand, site, Using{Units: share.One(4002), How: Issued}, refusal.Forbidden, "clinician"},
		{mara, site, Using{Units: share.One(4002), How: Issued}, refusal.Invalid, "clinician"},
		{kemi, site, Using{Units: share.Some(4002, 4003), How: Issued}, refusal.Invalid, "one at a time"},
		{kemi, site, Using{Units: share.One(4002), How: Voided}, refusal.Invalid, "what happened"},
		{kemi, site, Using{Units: share.One(4002), How: "eaten"}, refusal.Invalid, "what became"},
		{kemi, site, Using{Units: share.One(4001), How: Issued}, refusal.Invalid, "was issued by K. Adeyemi, nurse"},
		{kemi, site, Using{Units: share.One(4100), How: Issued}, refusal.Invalid, "4002 to 4020"},
		{kemi, car, Using{Units: share.One(4002), How: Issued}, refusal.Invalid, "if they cannot be reached, say why"},
	} {
		d, err := UseForm(r, one.by, one.at, one.req, now)
		refused(t, one.kind, one.says, d, err)
	}
	d, err := UseForm(r, mara, site, Using{Units: share.Some(4005, 4008), How: Stolen, Note: "bag taken from the car"}, now)
	o.say(site, mara, d, err)
	a := o.sync(site).Account()
	if a.Received != 20 || a.Lines[0].Count != 1 || a.Lines[4].Count != 4 || a.Lines[len(a.Lines)-1].Count != 15 {
		t.Errorf("%+v", a)
	}
}

// provisional: the car has none, the site can't be reached.
func provisional(t *testing.T) (*office, fact.ID) {
	o := newOffice(t)
	return o, o.use(car, 4003, "The site does not answer")
}

func (o *office) work(d Device) {
	o.t.Helper()
	drafts, err := Work(o.ofRange(d), self, func(s fact.Subject) (task.Task, error) {
		var of []fact.Fact
		for _, f := range o.held[d.Name] {
			if f.Header.Subject == s {
				of = append(of, f)
			}
		}
		return task.Fold(s, fact.NewHistory(of)), nil
	}, now)
	o.say(d, self, drafts, err)
}

func TestConfirm(t *testing.T) {
	o, use := provisional(t)
	r := o.sync(site, car)
	if open := r.Open(); len(open) != 1 || open[0].Says.Asks == "" || r.LeftAt(site.ID) != 19 {
		t.Fatalf("%+v", open)
	}
	o.work(site)
	o.work(site)
	o.sync(site, car)
	if work := o.task(site, use); !work.Open() || !strings.Contains(work.What().Reason, "Form 4003") || len(work.Says.Values) != 1 {
		t.Errorf("%+v", work)
	}
	d, err := Confirm(r, mara, car, use, now)
	refused(t, refusal.Forbidden, "Site", d, err)
	d, err = Confirm(r, kemi, site, use, now)
	refused(t, refusal.Forbidden, "", d, err)
	d, err = Confirm(r, mara, site, fact.ID{9}, now)
	refused(t, refusal.Missing, "", d, err)
	d, err = Confirm(r, mara, site, use, now)
	o.say(site, mara, d, err)
	o.work(site)
	r = o.sync(site, car)
	if len(r.Open()) != 0 || r.Uses[0].Right.Status != share.ConfirmedUse || r.Uses[0].Decided[0].Says != "Mara Holt" || o.task(site, use).Open() {
		t.Errorf("%+v", r.Uses)
	}
	d, err = Confirm(r, mara, site, use, now)
	refused(t, refusal.Taken, "already", d, err)
}

// A refused use stays on record, and its work item is the refuser's.
func TestRefuse(t *testing.T) {
	o, use := provisional(t)
	r := o.sync(site, car)
	work := o.task(site, use)
	d, err := Refuse(r, work, mara, site, use, " ", now)
	refused(t, refusal.Invalid, "Say why", d, err)
	d, err = Refuse(r, work, mara, desk, use, "no", now)
	refused(t, refusal.Forbidden, "Site", d, err)
	d, err = Refuse(r, work, mara, site, use, "This number was torn out before", now)
	o.say(site, mara, d, err)
	r = o.sync(site, car)
	if u := r.Uses[0]; u.Right.Status != share.RefusedUse || u.Decided[0].Owner != mara.Person || r.LeftAt(site.ID) != 20 {
		t.Errorf("%+v", r.Uses)
	}
	o.work(site)
	if work = o.task(site, use); !work.Open() || len(work.Holders()) != 1 || work.Holders()[0].Person != mara.Person {
		t.Errorf("the mess has no owner: %+v", work)
	}
}

func TestReassignByTwoPeople(t *testing.T) {
	o := newOffice(t)
	r := o.ofRange(desk)
	for _, one := range []struct {
		lost, to Device
		why      string
	}{{site, site, "x"}, {site, Device{}, "x"}, {site, desk, ""}, {car, desk, "x"}, {Device{}, desk, "x"}} {
		d, err := Propose(r, mara, one.lost, one.to, one.why, now)
		refused(t, refusal.Invalid, "", d, err)
	}
	d, err := Propose(r, kemi, site, desk, "flooded", now)
	refused(t, refusal.Forbidden, "", d, err)
	d, err = Propose(r, mara, site, desk, "The server room is flooded", now)
	proposal := o.say(desk, mara, d, err)[0].ID
	r = o.ofRange(desk)
	d, err = Propose(r, mara, site, desk, "again", now)
	if len(d) != 0 || err != nil {
		t.Error("the same proposal twice")
	}
	again := mara
	again.Session, again.Role = fact.Subject{7}, access.Administrator // the same person in another session and role
	d, err = Approve(r, again, proposal, now)
	refused(t, refusal.Forbidden, "second person", d, err)
	d, err = Approve(r, adam, fact.ID{1}, now)
	refused(t, refusal.Missing, "", d, err)
	gap := r
	gap.Gaps = []fact.ID{{1}}
	d, err = Approve(gap, adam, proposal, now)
	refused(t, refusal.Unavailable, "not arrived", d, err)
	d, err = Approve(r, adam, proposal, now)
	o.say(desk, adam, d, err)
	unseen := o.use(site, 4001, "") // the lost site goes on, having seen nothing
	o.use(desk, 4002, "")
	r = o.sync(site, car, desk)
	if len(r.Open()) != 1 || r.Open()[0].Right.Fact != unseen || r.Open()[0].Right.Why != share.Reassigned || !r.owns(desk.ID) {
		t.Errorf("%+v", r.Uses)
	}
	d, err = UseForm(r, kemi, site, Using{Units: share.One(4003), How: Issued}, now)
	refused(t, refusal.Invalid, "holds none", d, err)
	d, err = Approve(r, adam, proposal, now)
	refused(t, refusal.Taken, "approved", d, err)
}

// A device is nobody's second person.
func TestADeviceApprovesNothing(t *testing.T) {
	o := newOffice(t)
	d, err := Propose(o.ofRange(desk), mara, site, desk, "flooded", now)
	p := o.say(desk, mara, d, err)[0].ID
	o.say(desk, self, []fact.Draft{fact.Say(about, ReassignmentApproved{Proposal: p, Says: "timer"})}, nil)
	if r := o.sync(desk); r.Proposals[0].Right.Done() || r.LeftAt(desk.ID) != 0 {
		t.Errorf("%+v", r.Proposals)
	}
}

func TestWhatCannotBeReadIsShown(t *testing.T) {
	o := newOffice(t)
	o.say(car, kemi, []fact.Draft{fact.Say(about, FormUsed{First: 9, Last: 3, How: Issued})}, nil)
	if r := o.sync(car); len(r.NotShown) != 1 || r.Rights.Exist() != 20 {
		t.Errorf("%+v", r.NotShown)
	}
}

func TestKinds(t *testing.T) {
	seen := map[uint32]bool{}
	for _, k := range Kinds() {
		if k.Number < 520 || k.Number > 539 || seen[k.Number] || k.Join == "" {
			t.Errorf("%+v", k)
		}
		seen[k.Number] = true
	}
}
