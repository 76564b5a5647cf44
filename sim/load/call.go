package load

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"holdfast/sim/front"
	"holdfast/sim/people"
)

// How the calls go, in percent (England, NHS 111: about one in nine triaged
// calls needs an ambulance, one in seven is not triaged to the end; the rest
// is a guess of ours).
const (
	hangsUp     = 3
	emergency   = 3
	lifeThreat  = 6
	clinician   = 14
	knownPeople = 60
	secondPick  = 20
	strangers   = 100 - knownPeople
)

// call is one call, from the ring to where the handler leaves it.
func (w *day) call(p person, n int) {
	like := w.District.Cases[p.r.IntN(len(w.District.Cases))]
	form := p.said(n, like)
	roll := p.r.IntN(100)
	if roll < hangsUp {
		id := idOr(p.post("/call", url.Values{"number": form["number"], "opened": form["opened"]}), n)
		p.went(id, "hung up")
		if page := p.get("/call/" + id + "/outcome"); p.fill(page, "/call/"+id+"/outcome/change", url.Values{"dx": {"Dx34"}, "why": {"Hung up: somebody rings back"}}) != "" {
			w.leave(id, "hung-up")
		}
		return
	}
	if roll -= hangsUp; roll < emergency {
		to := p.post("/call/emergency", url.Values{"number": form["number"], "place": form["place"]})
		p.went(idOr(to, n), "emergency key")
		w.leave(idOr(to, n), "ed")
		return
	}
	if roll -= emergency; roll < lifeThreat {
		form.Set("breathing", "no")
	}
	page := p.get("/call")
	if page == "" {
		p.went(idOr("", n), "no page")
		return
	}
	to := p.fill(page, "/call", form)
	id := idOr(to, n)
	p.went(id, "taken")
	if to == "" {
		return
	}
	if roll < lifeThreat {
		p.went(id, "life threat")
		w.leave(id, "ed")
		return
	}
	p.trace(id)
	if roll -= lifeThreat; roll < clinician {
		if p.fill(p.get("/call/"+id), "/call/"+id+"/clinician", nil) != "" {
			p.went(id, "to a clinician")
			page := p.get("/call/" + id + "/outcome")
			p.fill(page, "/call/"+id+"/outcome/change", url.Values{"dx": {"Dx32"}, "why": {"A clinician was asked for"}})
		}
		return
	}
	if to := p.fill(p.get("/call/"+id), "/call/"+id, url.Values{"do": {"go"}}); strings.Contains(to, "/ask") {
		p.questions(id)
	}
	p.outcome(id)
}

// idOr gives the case's id, or a name for a call that has none, so that it is
// missed.
func idOr(to string, n int) string {
	if id := idIn(to); id != "" {
		return id
	}
	return "call " + strconv.Itoa(n)
}

// said is what the caller says and the handler types.
func (p person) said(n int, like people.Case) url.Values {
	v := url.Values{
		"number": {fmt.Sprintf("01632 960 %03d", n%1000)}, "place": {strconv.Itoa(n) + " Weir Cottages, Dunsett QX4 2AB"}, "awake": {"yes"}, "breathing": {"yes"},
		"bleeding": {"no"}, "caller": {"patient"}, "with": {"yes"}, "look": {"yes"}, "why": {like.Complaint}, "ring": {"yes"}, "text": {"yes"}, "voicemail": {"no"},
		"first": {"Caller"}, "last": {"Number" + strconv.Itoa(n)}, "born": {fmt.Sprintf("%d %d %d", 1+n%28, 1+n%12, 1935+n%85)}, "sex": {"female"}, "practice": {"Millrace Practice"},
	}
	if p.chance(knownPeople) {
		who := p.District.People[p.r.IntN(len(p.District.People))].Identity
		v.Set("first", who.Name.Given)
		v.Set("last", who.Name.Family)
		v.Set("born", who.Born.Display())
		v.Set("sex", string(who.Sex))
		v.Set("practice", who.Practice.Name)
	}
	if p.chance(30) {
		v.Set("caller", "someone-else")
		v.Set("caller_name", "A neighbour")
		v.Set("relation", "neighbour")
	}
	return v
}

// trace looks for the record and takes the first that matches in everything.
func (p person) trace(id string) {
	page := p.get("/call/" + id)
	all, err := front.Forms(page)
	if err != nil {
		return
	}
	for _, f := range all {
		if found := f.Choices["record"]; f.Action == "/call/"+id && len(found) > 1 {
			p.fill(page, f.Action, url.Values{"record": {found[0]}})
			return
		}
	}
}

// mostQuestions bounds a run; a longer one would be a fault of the questions.
const mostQuestions = 120

var question = regexp.MustCompile(`^q\d+$`)

// questions asks until nothing is open, or the caller has had enough.
func (p person) questions(id string) {
	path := "/call/" + id + "/ask"
	for range mostQuestions {
		page := p.get(path)
		all, err := front.Forms(page)
		if err != nil || page == "" {
			return
		}
		f, ok := formTo(all, path)
		switch {
		case !ok:
			p.log.refuse(path1(path) + ": no form to answer")
			return
		case len(f.Choices["set"]) > 0:
			sets := f.Choices["set"]
			f.Holds["set"] = []string{sets[p.r.IntN(len(sets))]}
			if p.post(path, f.Holds) == "" {
				return
			}
			continue
		case f.Has("finish"):
			f.Holds.Set("do", "finish")
			if p.post(path+"/finish", f.Holds) != "" {
				p.went(id, "triaged")
			}
			return
		}
		for name, answers := range f.Choices {
			if question.MatchString(name) {
				f.Holds.Set(name, p.answer(f.Holds.Get("k"+name[1:]), answers))
			}
		}
		f.Holds.Set("do", "next")
		if p.post(path, f.Holds) == "" {
			return
		}
	}
	p.log.refuse(path1(path) + ": the questions have no end")
}

// answer is mostly the one that speaks for nothing urgent, as in life.
func (p person) answer(key string, from []string) string {
	best := string(p.Questions.Best(key))
	if p.chance(96) && slices.Contains(from, best) {
		return best
	}
	return from[p.r.IntN(len(from))]
}

func formTo(all []front.Form, action string) (front.Form, bool) {
	for _, f := range all {
		if f.Action == action && (len(f.Buttons) > 0) {
			return f, true
		}
	}
	return front.Form{}, false
}

// outcome sends the patient where they are to go, or ends the call.
func (p person) outcome(id string) {
	path := "/call/" + id + "/outcome"
	page := p.get(path)
	all, err := front.Forms(page)
	if err != nil || page == "" {
		return
	}
	if f, ok := formTo(all, path+"/close"); ok {
		if p.post(f.Action, f.Holds) != "" {
			p.went(id, "care at home")
		}
		return
	}
	f, ok := formTo(all, "/call/"+id+"/refer")
	services := f.Choices["service"]
	if !ok || len(services) == 0 {
		p.went(id, "stays on our list")
		if strings.Contains(page, `id="stay"`) { // an ambulance is on its way
			p.went(id, "ambulance after questions")
			p.leave(id, "ed")
		}
		return
	}
	f.Holds.Set("service", services[0])
	if len(services) > 1 && p.chance(secondPick) {
		f.Holds.Set("service", services[1])
	}
	if why := f.Choices["passed-over"]; len(why) > 1 {
		f.Holds.Set("passed-over", why[1])
	}
	if p.post(f.Action, f.Holds) != "" {
		p.went(id, "referred")
	}
}
