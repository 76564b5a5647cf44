package accessdb

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
)

// Level tells whether everything that another device wrote is here now: the
// two are linked and hold the same.
type Level func(device fact.Subject) bool

// WhoLooked answers who saw a record: every look at it and at the cases about
// it, by whom, from where and why, and how complete that is.
type WhoLooked struct {
	Record   fact.Subject
	Subjects []fact.Subject // the record first, then the cases about it
	Looks    []Seen
	Devices  []Here
	Missing  []string // what may not have arrived yet, a sentence each; empty: nothing
	Made     time.Time
	By       access.Caller
}

// WhoLookedAt lets the caller in and answers who saw a record, or the record
// that a case is about.
func (g *Gate) WhoLookedAt(ctx context.Context, by access.Caller, record fact.Subject, whole Whole, level Level, zone *time.Location) (WhoLooked, error) {
	if by.May(access.SeeLooks) != nil { // before anything is read
		return WhoLooked{}, g.Enter(ctx, by, access.SeeLooks, record)
	}
	linked, err := g.linked(ctx, record) // of a case, the record that it is about
	if err != nil {
		return WhoLooked{}, err
	}
	record = linked[len(linked)-1]
	subjects, _, err := whole(ctx, record)
	if err != nil {
		return WhoLooked{}, err
	}
	if len(subjects) == 0 {
		subjects = []fact.Subject{record} // a case that stands alone, or a record that was erased
	}
	g.viewsLevel(ctx)
	w := WhoLooked{Record: record, Subjects: subjects, Devices: g.LooksHere(), Made: g.clock().UTC(), By: by}
	if w.Looks, err = g.LooksAt(ctx, by, record, subjects); err != nil {
		return WhoLooked{}, err
	}
	w.Missing = g.missing(w.Devices, level, zone)
	if at, behind := g.viewsLevel(ctx); behind {
		w.Missing = append(w.Missing, fmt.Sprintf("The lists of this machine are as at %s; what came since is being added.", at.In(zone).Format("15:04:05")))
	}
	return w, nil
}

// viewsLevel waits until the lists have taken in what is on record, two seconds
// at most; behind tells that they have not, and at as of when they are.
func (g *Gate) viewsLevel(ctx context.Context) (at time.Time, behind bool) {
	timer := time.NewTimer(listWait)
	defer timer.Stop()
	for {
		_, at, n := g.journal.ViewsAt()
		if n == 0 {
			return at, false
		}
		select {
		case <-ctx.Done():
			return at, true
		case <-timer.C:
			return at, true
		case <-time.After(2 * time.Millisecond):
		}
	}
}

func (g *Gate) missing(devices []Here, level Level, zone *time.Location) (out []string) {
	if g.journal.Device().Card().Kind == fact.Desk {
		out = append(out, "This is a desk: it holds the looks made at it and no others. Ask at a site node.")
	}
	for _, d := range devices {
		switch {
		case d.Own || level(d.Device):
		case d.Until.IsZero():
			out = append(out, d.Name+": no look made there has arrived here.")
		default:
			out = append(out, fmt.Sprintf("%s: not linked, or not level. Looks made there after %s may not be here yet.", d.Name, d.Until.In(zone).Format("15:04 on 2 January 2006")))
		}
	}
	return out
}

// reportLabel separates these signatures from all others of a device.
const reportLabel = "holdfast/who-looked/1"

// Signed writes the answer as text with the device's signature at its end. Who
// has the organisation's genesis can check it without this program: see
// docs/security/who-looked.md.
func (g *Gate) Signed(w WhoLooked) ([]byte, error) {
	var b strings.Builder
	org, card := g.journal.Genesis(), g.journal.Device().Card()
	line := func(name, value string) { fmt.Fprintf(&b, "%s: %s\n", name, oneLine(value)) }
	fmt.Fprintln(&b, "HOLDFAST WHO LOOKED 1")
	line("organisation", org.Name+" ("+org.ODS+")")
	line("organisation-id", g.journal.Org().String())
	line("made", w.Made.Format(time.RFC3339))
	line("made-on", card.Name+" "+card.Device.String())
	line("made-for", w.By.Says()+", "+w.By.Role.Title())
	for i, s := range w.Subjects {
		line(map[bool]string{true: "record", false: "case"}[i == 0], s.String())
	}
	complete := "yes: every look of every device is here"
	if len(w.Missing) > 0 {
		complete = "no"
	}
	line("complete", complete)
	for _, m := range w.Missing {
		line("missing", m)
	}
	for _, d := range w.Devices {
		until := "nothing"
		if !d.Until.IsZero() {
			until = d.Until.Format(time.RFC3339)
		}
		line("device", fmt.Sprintf("%s %s, %d entries of looks here, the newest signed %s", d.Name, d.Device, d.Up, until))
	}
	line("note", "a look stands for 15 minutes of the same session; a list that was shown is recorded as a list and not by record; times are UTC")
	line("looks", fmt.Sprint(len(w.Looks)))
	names := map[fact.Subject]string{}
	for _, d := range w.Devices {
		names[d.Device] = d.Name
	}
	for _, s := range w.Looks {
		what := string(s.Act)
		if s.Reason {
			what = "gave a reason for: " + what
		}
		if s.Glass {
			what = "broke the glass for: " + string(s.Act)
		}
		cells := []string{s.At.Format("2006-01-02T15:04:05.000Z"), s.Name, s.Role.Title(), org.Name, s.Desk, names[s.Device], what, s.Why, s.About.String(), s.Fact.String()}
		for i := range cells {
			cells[i] = oneLine(cells[i])
		}
		fmt.Fprintln(&b, strings.Join(cells, "\t"))
	}
	fmt.Fprintln(&b, "end")
	body := b.String()
	founding, enrolled, _ := g.journal.Device().Enrolment()
	genesis, err := fact.Encode(founding)
	if err != nil {
		return nil, err
	}
	signedCard, err := fact.Encode(enrolled)
	if err != nil {
		return nil, err
	}
	var tail strings.Builder
	fmt.Fprintln(&tail, "-----SIGNATURE-----")
	type part struct {
		name string
		data []byte
	}
	parts := []part{{"genesis", genesis}}
	for i, s := range g.journal.Roots() {
		enc, err := fact.Encode(s)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part{fmt.Sprintf("roots-%d", i+1), enc})
	}
	for _, part := range append(parts, part{"card", signedCard}, part{"key", g.journal.Device().Public()}, part{"signature", g.journal.Device().Sign(reportLabel, []byte(body))}) {
		fmt.Fprintf(&tail, "%s: %s\n", part.name, base64.StdEncoding.EncodeToString(part.data))
	}
	return []byte(body + tail.String()), nil
}

// oneLine keeps what somebody typed from looking like a line of its own.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, s)
}
