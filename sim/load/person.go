package load

import (
	"errors"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"holdfast/sim/front"
)

// person is somebody at a desk.
type person struct {
	*day
	at *front.Browser
	r  *rand.Rand
}

func (p person) chance(percent int) bool { return p.r.IntN(100) < percent }

// get opens a page; "" when it did not open.
func (p person) get(path string) string {
	began := time.Now()
	status, page, err := p.at.Get(p.ctx, path)
	p.log.took1(time.Since(began), status)
	if err != nil || status != http.StatusOK {
		if p.ctx.Err() == nil {
			p.log.refuse(path1(path) + ": " + say(status, page, err))
		}
		return ""
	}
	return page
}

// post sends a form and gives where it leads; "" when it was refused.
func (p person) post(path string, form url.Values) string {
	to, err := p.send(path, form)
	if err != nil && p.ctx.Err() == nil {
		p.log.refuse(path1(path) + ": " + refusedWords(err))
	}
	return to
}

func (p person) send(path string, form url.Values) (string, error) {
	began := time.Now()
	to, err := p.at.Post(p.ctx, path, form)
	status := http.StatusSeeOther
	var no *front.Refused
	if errors.As(err, &no) {
		status = no.Status
	} else if err != nil {
		status = 0
	}
	p.log.took1(time.Since(began), status)
	return to, err
}

// fill sends the form of a page that goes to an address, with what stands in it.
func (p person) fill(page, action string, typed url.Values) string {
	form, err := front.FormIn(page, action)
	if err != nil {
		p.log.refuse(path1(action) + ": the page has no such form")
		return ""
	}
	maps.Copy(form, typed)
	return p.post(action, form)
}

var (
	ids  = regexp.MustCompile(`[0-9a-f]{32}`)
	tags = regexp.MustCompile(`<[^>]*>`)
)

// path1 is a path without what is one case's alone.
func path1(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return ids.ReplaceAllString(path, "…")
}

func refusedWords(err error) string {
	var no *front.Refused
	if errors.As(err, &no) {
		return say(no.Status, no.Page, nil)
	}
	return err.Error()
}

func say(status int, page string, err error) string {
	if err != nil {
		return err.Error()
	}
	if _, rest, ok := strings.Cut(page, "<main"); ok {
		page = "<main" + rest
	}
	words := strings.Join(strings.Fields(tags.ReplaceAllString(page, " ")), " ")
	if len(words) > 160 {
		words = words[:160]
	}
	return http.StatusText(status) + ": " + words
}

// idIn gives the case in an address, "" when there is none.
func idIn(path string) string { return ids.FindString(path) }
