package urgentweb

import (
	"context"
	"html"
	"io"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"holdfast/web"
)

// listRowView draws one row. A list has hundreds of them and is drawn anew for
// everybody who looks, so rows are written straight into bytes; a test holds
// them equal to the parts of package web.
func listRowView(r listRow, now time.Time) templ.Component {
	return rowBytes(r.append(make([]byte, 0, 1100), now))
}

// listRows draws the rows of one group.
func listRows(rows []*listRow, now time.Time) templ.Component {
	b := make([]byte, 0, len(rows)*1100)
	for _, r := range rows {
		b = r.append(b, now)
	}
	return rowBytes(b)
}

func rowBytes(b []byte) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// append writes the row.
func (r *listRow) append(b []byte, now time.Time) []byte {
	b = put(b, `<tr id="`, r.ID, `" data-order="`, r.Order, `"`)
	if r.Class != "" {
		b = put(b, ` class="`, r.Class, `"`)
	}
	b = append(b, `><td>`...)
	b = r.appendTime(b, now)
	b = put(b, `</td><td class="n num">`, r.By, `</td><td><span class="p`, strconv.Itoa(r.Priority), `">P`, strconv.Itoa(r.Priority), `</span></td><td>`)
	b = text(b, r.Needs)
	b = put(b, `<small class="hide-s"> `, html.EscapeString(r.Dx), `</small></td><td><a class="pt" href="`, r.Href, `">`)
	b = text(b, r.Name)
	b = append(b, `</a> <small>`...)
	b = text(b, r.Age)
	b = append(b, `</small>`...)
	for _, m := range r.Marks {
		b = append(b, `<span class="mark">`...)
		b = append(text(b, m), `</span>`...)
	}
	b = r.appendWhy(append(b, `</td>`...))
	b = append(b, `<td class="hide-s">`...)
	b = append(text(b, r.Where), `</td><td>`...)
	return append(r.appendWho(b), `</td></tr>`...)
}

// appendTime writes the time to breach and the time used, as web.TimeLeft and
// web.TimeUsed do; a call that goes on counts up.
func (r *listRow) appendTime(b []byte, now time.Time) []byte {
	if r.OnCall {
		b = put(b, `<span class="ttb hold">on the call <b class="num" data-since="`, millis(r.From), `">`, web.CallClock(r.From, now), `</b></span>`)
		return append(b, `</td><td class="hide-s">`...)
	}
	kind := string(web.KindOfBreach(r.Due, now))
	b = put(b, `<span class="ttb `, kind, `"`)
	if !r.Due.IsZero() {
		b = put(b, ` data-deadline="`, millis(r.Due), `"`)
	}
	b = put(b, `>`, web.BreachWords(r.Due, now), `</span></td><td class="hide-s">`)
	if r.Due.IsZero() {
		return b
	}
	b = put(b, `<svg class="bar `, kind, `" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" data-bar="`, millis(r.From), ` `, millis(r.Due))
	return put(b, `"><rect class="b" width="100" height="8"></rect><rect class="v" width="`, strconv.Itoa(timeUsed(r.From, r.Due, now)), `" height="8"></rect></svg>`)
}

func (r *listRow) appendWhy(b []byte) []byte {
	b = append(b, `<td class="fit" title="`...)
	b = append(text(b, r.Why), `">`...)
	for _, ask := range r.Asks {
		b = append(b, `<span class="tag ask">`...)
		b = append(text(b, ask), `</span> `...)
	}
	for _, n := range r.Notes {
		b = append(text(append(b, `<span class="tag">`...), n), `</span> `...)
	}
	return append(text(b, r.Why), `</td>`...)
}

func (r *listRow) appendWho(b []byte) []byte {
	switch {
	case r.Claim != "":
		b = put(b, `<button class="linkish claim" form="rowact" formaction="`, r.Claim, `" data-row-key="C"><b>Free</b><span class="vh">, claim `)
		b = append(text(b, r.Name), `</span></button>`...)
		if r.Tried != "" {
			b = append(text(append(b, ` <small>`...), r.Tried), `</small>`...)
		}
		return b
	case r.Free:
		return append(b, `<b>Free</b>`...)
	}
	return text(b, r.Who)
}

// put writes markup and values that hold none.
func put(b []byte, parts ...string) []byte {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// text writes what somebody wrote, made harmless.
func text(b []byte, s string) []byte { return append(b, html.EscapeString(s)...) }

func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// timeUsed says how much of the time to a deadline is used, in hundredths.
func timeUsed(from, due, now time.Time) int {
	whole := due.Sub(from)
	if whole <= 0 || !now.Before(due) {
		return 100
	}
	return max(0, min(100, int(now.Sub(from)*100/whole)))
}
