package load

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"time"

	"holdfast/sim/front"
)

// stands finds where a case stands on its page.
var stands = regexp.MustCompile(`(?s)case-now"[^>]*>\s*<header[^>]*>\s*<h2[^>]*>(.*?)</h2>`)

// atRest are the ends of a case: closed here, or with somebody who said that
// they have it.
var atRest = []string{"Closed", "Handed on"}

// listed gives the cases that stand on the list of the first house.
func (w *day) listed() (map[string]bool, error) {
	b := w.Houses[0].Clinicians[0]
	status, page, err := b.Get(w.ctx, "/worklist")
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, &notShown{status}
	}
	out := map[string]bool{}
	for _, id := range ids.FindAllString(page, -1) {
		out[id] = true
	}
	return out, nil
}

type notShown struct{ status int }

func (e *notShown) Error() string { return "the worklist is not shown: " + http.StatusText(e.status) }

// waiting counts the cases of the day that stand on the list.
func (w *day) waiting() (int, error) {
	on, err := w.listed()
	if err != nil {
		return 0, err
	}
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	n := 0
	for id := range w.log.cases {
		if on[id] {
			n++
		}
	}
	return n, nil
}

// reconcile looks every call of the day up, by its page and by the list.
func (w *day) reconcile() (Result, error) {
	out := Result{Kinds: map[string]int{}, Ended: map[string]int{}, Refused: w.log.refused}
	on, err := w.listed()
	if err != nil {
		return out, err
	}
	for id, one := range w.log.cases {
		out.Calls++
		out.Kinds[one.kind]++
		where := w.ended(one.by, id, on[id])
		out.Ended[where]++
		if where == nowhere {
			out.Nowhere++
			w.Say("nowhere: " + id + ", " + one.kind)
		}
	}
	out.Requests, out.Failed = int64(len(w.log.took)), w.log.failed
	out.Median, out.P99, out.Slowest = w.log.of(0.5), w.log.of(0.99), w.log.of(1)
	return out, w.ctx.Err()
}

const nowhere = "nowhere"

// mostAsked bounds how often a page is asked for that wants a passkey first:
// whoever looks many records up in an hour is asked.
const mostAsked = 120

// look opens a page, and waits where the cap on records is reached.
func (w *day) look(by *front.Browser, path string) (status int, page string, err error) {
	for range mostAsked {
		status, page, err = by.Get(w.ctx, path)
		if err != nil || status != http.StatusForbidden || !strings.Contains(page, "Show that it is you") {
			break
		}
		w.Say("waiting until more records may be opened")
		select {
		case <-w.ctx.Done():
			return status, page, w.ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return status, page, err
}

// ended asks whoever took the call, and says where a case stands: at rest, waiting where it can be seen, or
// nowhere.
func (w *day) ended(by *front.Browser, id string, listed bool) string {
	if len(id) != 32 {
		return nowhere // it was never given a number
	}
	status, page, err := w.look(by, "/case/"+id)
	if err != nil || status != http.StatusOK {
		w.log.refuse("/case/…: " + say(status, page, err))
		return nowhere
	}
	m := stands.FindStringSubmatch(page)
	if m == nil {
		w.Say("no stage on the page of " + id)
		return nowhere
	}
	title := strings.TrimSpace(html.UnescapeString(tags.ReplaceAllString(m[1], "")))
	for _, end := range atRest {
		if title == end {
			return strings.ToLower(end)
		}
	}
	if !listed {
		w.log.refuse("on no list: " + title)
		return nowhere // open, and on nobody's list
	}
	return "on the list: " + strings.ToLower(strings.SplitN(title, " ", 2)[0])
}
