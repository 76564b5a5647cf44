package load

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"holdfast/sim/front"
)

// pause is how long somebody waits who found nothing to do.
const pause = 200 * time.Millisecond

// clinician takes what will be late first until the day is over; the first of
// each house does the tasks too.
func (w *day) clinician(b *front.Browser, house, place int, rest <-chan struct{}) {
	p := person{w, b, rand.New(rand.NewPCG(w.Seed, 2000+uint64(house)*100+uint64(place)))}
	for {
		select {
		case <-rest:
			return
		case <-w.ctx.Done():
			return
		default:
		}
		did := house == 0 && p.left() || p.next()
		if place == 0 && p.tasks() {
			did = true
		}
		if !did {
			select {
			case <-rest:
			case <-w.ctx.Done():
			case <-time.After(pause):
			}
		}
	}
}

// left ends a call that its handler could not: the ambulance has come, or
// nobody answered any more.
func (p person) left() bool {
	select {
	case one := <-p.after:
		p.finish(one.id, one.outcome)
		return true
	default:
		return false
	}
}

// next takes the next case from its beginning to its report; false when there
// is none.
func (p person) next() bool {
	to, err := p.send("/worklist/next", url.Values{})
	var no *front.Refused
	if err != nil {
		if !errors.As(err, &no) || no.Status != http.StatusNotFound { // nothing is free
			p.log.refuse("/worklist/next: " + refusedWords(err))
		}
		return false
	}
	p.finish(idIn(to), "")
	return true
}

// finish takes a case from the consultation to its report and its end. outcome
// empty: as consultations end.
func (p person) finish(id, outcome string) {
	page := "/case/" + id
	if p.fill(p.get(page), page+"/consult", url.Values{"do": {"start"}, "mode": {"phone"}}) == "" {
		return
	}
	form := p.get(page + "/consult")
	f, err := front.Forms(form)
	if err != nil || form == "" {
		return
	}
	action := ""
	if outcome == "" {
		outcome, action = p.ends()
	}
	typed := url.Values{
		"do": {"finish"}, "mode": {"phone"}, "history": {"Rang back. As told to the call handler, no worse."}, "diagnosis": {"Self-limiting illness"}, "plan": {"As agreed on the phone"},
		"outcome": {outcome}, "expect": {"Better in three days"}, "worse": {"Ring 999 if breathless, 111 if worse"}, "saidback": {"The patient"}, "gp_action": {action},
	}
	if action != "" {
		for _, one := range f {
			if days := one.Choices["actionby"]; len(days) > 2 {
				typed.Set("actionby", days[2])
			}
		}
	}
	if p.fill(form, page+"/consult", typed) == "" {
		return
	}
	report := p.get(page + "/report")
	if strings.Contains(report, page+"/report/done") {
		p.fill(report, page+"/report/done", nil)
	}
	p.fill(p.get(page), page+"/close", nil)
}

// ends is how a consultation ends, about as in a health board's year: half by
// advice, two in five at a base, one in ten at home.
func (p person) ends() (outcome, action string) {
	switch roll := p.r.IntN(100); {
	case roll < 45:
		return "advice", ""
	case roll < 50:
		return "gp-in-hours", "Please see the patient."
	case roll < 85:
		return "base", ""
	case roll < 94:
		return "visit", ""
	}
	return "ed", ""
}

// tasks does what falls to people because something did not go by itself.
func (p person) tasks() bool {
	page := p.get("/tasks")
	all, err := front.Forms(page)
	if err != nil {
		return false
	}
	did := false
	for _, f := range all {
		if strings.HasSuffix(f.Action, "/done") && f.Has("reached") {
			f.Holds.Set("outcome", "reached")
			did = p.post(f.Action, f.Holds) != "" || did
		}
	}
	return did
}
