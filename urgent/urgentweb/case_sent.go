package urgentweb

import (
	"context"
	"fmt"
	"strings"
	"time"

	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/urgent"
	"holdfast/web"
)

// sentView is what another organisation sent, to be read in full.
type sentView struct {
	From, When, Purpose string
	Dx                  string
	Notes               []string // what a reader must know about the message
	HeadFlags, Flags    []string
	Sections            []exchange.Section
	Findings            []sentLine
	Allergies           []string
	Medicines           []string
	Answers             []exchange.Answer
	Numbers             []string
	Consents            []string
	Spot                string
	Originals           []originalLink
	Trouble             string // why the whole cannot be shown
}

// sentLine is one observation as received.
type sentLine struct{ Name, Value, When string }

// originalLink leads to the bytes as they came.
type originalLink struct{ Href, Words string }

// sentOf reads every referral of the case, the newest first. One that is too
// long for its fact is read whole from its attachment.
func (a *App) sentOf(ctx context.Context, c urgent.Case, now time.Time, zone *time.Location) ([]sentView, error) {
	var out []sentView
	for i := len(c.Arrived) - 1; i >= 0; i-- {
		ar := c.Arrived[i]
		whole, trouble := a.wholeReferral(ctx, ar)
		v := sentViewOf(whole, a.Cases.Rules, now, zone)
		v.Trouble = trouble
		v.When = web.ClockWords(ar.At.Time(), now, zone)
		if i == len(c.Arrived)-1 {
			v.Originals = originalsOf(c, now, zone)
		}
		out = append(out, v)
	}
	return out, nil
}

func (a *App) wholeReferral(ctx context.Context, ar urgent.Arrival) (exchange.Referral, string) {
	if !ar.What.Apart {
		return ar.What.Referral, ""
	}
	const cut = "The answers and sections of this referral cannot be shown here. Open the original message below, or ring the sender."
	if len(ar.Whole) == 0 {
		return ar.What.Referral, cut
	}
	raw, err := a.Cases.Journal.Attachment(ctx, ar.Whole[0])
	if err != nil {
		return ar.What.Referral, cut
	}
	var whole exchange.Referral
	if err := fact.Decode(raw, &whole); err != nil {
		return ar.What.Referral, cut
	}
	return whole, ""
}

func sentViewOf(r exchange.Referral, rules *urgent.Rules, now time.Time, zone *time.Location) sentView {
	v := sentView{
		From: joined(", ", partyName(r.From), r.From.Person), Purpose: upperFirst(r.Purpose.String()), Notes: r.Notes,
		Dx: receivedDx(r, rules), Sections: r.Sections, Answers: r.Answers, Spot: spotWords(r.Spot),
	}
	for _, f := range r.Flags {
		words := joined(": ", orWords(f.Code.Words(), f.Category.Words()), f.Note)
		switch {
		case f.Status != "" && f.Status != "active":
			v.Flags = append(v.Flags, words+" ("+f.Status+")")
		case f.AtHead() && !f.Calm():
			v.HeadFlags = append(v.HeadFlags, joined(", ", words, f.About))
		default:
			v.Flags = append(v.Flags, words)
		}
	}
	for _, f := range r.Findings {
		v.Findings = append(v.Findings, findingLine(f, now, zone))
	}
	for _, al := range r.Allergies {
		v.Allergies = append(v.Allergies, joined(", ", joined(": ", al.Code.Words(), al.Reaction), al.Severity, al.Status, al.Verified, al.Note))
	}
	for _, m := range r.Medicines {
		v.Medicines = append(v.Medicines, joined(", ", joined(" ", m.Code.Words(), m.Dose), m.Status, m.Note))
	}
	for _, n := range r.Cases {
		v.Numbers = append(v.Numbers, joined(" ", n.Number, bracket(n.System)))
	}
	for _, k := range r.Consents {
		v.Consents = append(v.Consents, joined(": ", orWords(k.Category.Words(), "Consent"), orWords(k.Code.Words(), k.Status)))
	}
	return v
}

func findingLine(f exchange.Finding, now time.Time, zone *time.Location) sentLine {
	value := orWords(f.Value, "present, no value given")
	if f.Status == "entered-in-error" {
		value = "entered in error, was " + value
	}
	line := sentLine{Name: f.Code.Words(), Value: joined(", ", value, f.Note)}
	if f.When != 0 {
		line.When = web.ClockWords(f.When.Time(), now, zone)
	}
	return line
}

// receivedDx gives the sender's outcome with its code; a code that is not in
// the table is shown as it came.
func receivedDx(r exchange.Referral, rules *urgent.Rules) string {
	if r.Dx.Original == "" && r.Dx.Code == "" {
		return "No outcome code given"
	}
	name := r.DxName
	if row, ok := rules.Code(r.Dx.Code); ok && name == "" {
		name = row.Name
	}
	return joined(": ", orWords(string(r.Dx.Code), r.Dx.Original+" (not known here)"), name)
}

func spotWords(s exchange.Spot) string {
	if s.IsZero() {
		return ""
	}
	point := ""
	if s.Latitude != "" || s.Longitude != "" {
		point = "latitude " + s.Latitude + ", longitude " + s.Longitude
	}
	grid := ""
	if s.Easting != "" || s.Northing != "" {
		grid = "easting " + s.Easting + ", northing " + s.Northing
	}
	uprn := ""
	if s.UPRN != "" {
		uprn = "UPRN " + s.UPRN
	}
	return joined(" · ", s.Name, s.ThreeWords, point, grid, uprn)
}

func contactWords(k exchange.Contact) string {
	var phones []string
	for _, p := range k.Phones {
		phones = append(phones, p.Display())
	}
	name := k.Name
	if k.Self {
		name = "The patient"
	}
	rang := ""
	if k.Caller {
		rang = "rang"
	}
	return joined(", ", name, k.Relation, rang, strings.Join(phones, " or "), k.Email)
}

func originalsOf(c urgent.Case, now time.Time, zone *time.Location) []originalLink {
	var out []originalLink
	for i, m := range c.Messages {
		if len(m.Original) == 0 {
			continue
		}
		out = append(out, originalLink{
			Href:  fmt.Sprintf("/case/%s/original/%d", c.ID, i+1),
			Words: fmt.Sprintf("Original message, %s, by %s %s", sizeWords(m.What.Size), m.What.Route, web.ClockWords(m.At.Time(), now, zone)),
		})
	}
	return out
}

func sizeWords(n int) string {
	if n < 2048 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%d kB", n/1024)
}
