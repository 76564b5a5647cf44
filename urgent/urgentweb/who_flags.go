package urgentweb

import (
	"time"

	"holdfast/record"
	"holdfast/urgent"
	"holdfast/web"
)

// identityFlags says what to know of who somebody is before one speaks to them:
// whereabouts protected, on record as dead, other records that may be theirs,
// what they need. They stand before all other flags and never delay.
func (a *App) identityFlags(p record.Person) []web.Flag {
	id := p.Identity()
	var out []web.Flag
	add := func(tone, tag, what, more string) {
		out = append(out, web.Flag{Tag: web.Tag{Text: tag, Tone: tone}, What: what, More: more})
	}
	if id.Restricted {
		add("fill", "Protected", "Where they can be found is protected.", "Say, write and print no address, number or practice; ask where they are now only for help to come.")
	}
	if id.Death.Dead == record.Yes {
		add("ask", "On record as dead", upperFirst(id.Death.String())+".", "Check that it is the right record. Whoever rings is helped all the same.")
	}
	unsure := 0
	for _, l := range p.Links {
		switch l.State {
		case record.MayBeSame:
			unsure++
			add("ask", "May be two people", "Another record may be theirs; both are shown.", "Ask for birth date and first name. What is on either counts until somebody is sure.")
		case record.InDispute:
			add("ask", "Records disagree", "Another record was linked by one person and unlinked by another.", "Both are shown until somebody settles it.")
		}
	}
	if len(p.Unread) > 0 {
		add("ask", "Not shown", "A record that is linked cannot be shown here.", "Treat what it says as unknown, not as none: ask about allergies and decisions.")
	}
	for _, need := range a.Who.NeedsOf(id.Needs) {
		add("amb", "Needs", need.Words+".", need.Do+".")
	}
	if id.Interpreter == record.Yes {
		add("amb", "Interpreter", joined(" ", "Needs an interpreter:", orWords(id.Language, "language not known"))+".", "Ask for one now.")
	}
	if id.Welsh == record.Yes {
		add("amb", "Cymraeg", "Wishes to use Welsh.", "Offer a colleague who speaks it.")
	}
	return out
}

// identityLines says the same on the page of a case.
func (a *App) identityLines(p record.Person) []alertLine {
	var out []alertLine
	for _, f := range a.identityFlags(p) {
		out = append(out, alertLine{f.Tag.Text, f.What, f.More})
	}
	return out
}

// whoTags are the marks in the bar that says whom a case is about.
func (a *App) whoTags(c urgent.Case, p record.Person, now time.Time) []web.Tag {
	id := p.Identity()
	var out []web.Tag
	for _, v := range c.Patient.Values {
		id.Restricted = id.Restricted || v.Value.Identity.Restricted
	}
	if id.Restricted {
		out = append(out, web.Tag{Text: "Protected", Tone: "fill"})
	}
	if id.Death.Dead == record.Yes {
		out = append(out, web.Tag{Text: "On record as dead", Tone: "ask"})
	}
	for _, l := range p.Links {
		if l.State != record.Same {
			out = append(out, web.Tag{Text: "May be two people", Tone: "ask"})
			break
		}
	}
	if len(p.Unread) > 0 {
		out = append(out, web.Tag{Text: "Linked record not shown", Tone: "ask"})
	}
	for _, need := range a.Who.NeedsOf(id.Needs) {
		out = append(out, web.Tag{Text: need.Words, Tone: "amb"})
	}
	if id.Welsh == record.Yes {
		out = append(out, web.Tag{Text: "Cymraeg", Tone: "amb"})
	}
	if words, late := a.interpreterWords(c, now); words != "" {
		tone := "amb"
		if late {
			tone = "red"
		}
		out = append(out, web.Tag{Text: words, Tone: tone})
	}
	return out
}

// interpreterWords says how far an interpreter has come: "Interpreter due by
// 19:59". late is true when nobody came in time.
func (a *App) interpreterWords(c urgent.Case, now time.Time) (words string, late bool) {
	zone := a.Shell.Zone()
	if c.Came != 0 {
		return "Interpreter since " + web.ClockWords(c.Came.Time(), now, zone), false
	}
	due, ok := c.InterpreterDue(a.Who.Interpreter)
	switch {
	case !ok:
		return "", false
	case now.After(due):
		return "Interpreter late since " + web.ClockWords(due, now, zone), true
	}
	return "Interpreter due by " + web.ClockWords(due, now, zone), false
}

// whoMore adds to who is who how somebody is reached and understood.
func (a *App) whoMore(c urgent.Case, p record.Person, now time.Time) []web.Pair {
	var out []web.Pair
	add := func(name, value string) {
		if value != "" {
			out = append(out, web.Pair{Name: name, Value: value})
		}
	}
	id := p.Identity()
	for _, n := range a.Who.NeedsOf(id.Needs) {
		add("Needs", n.Words+". "+n.Do)
	}
	if id.Welsh != record.NotAsked {
		add("Wishes to use Welsh", id.Welsh.String())
	}
	if c.Sought != 0 {
		add("Interpreter asked for", joined(", ", web.ClockWords(c.Sought.Time(), now, a.Shell.Zone()), joined(" and ", c.Language...)))
	}
	if c.Came != 0 {
		add("Interpreter came", web.ClockWords(c.Came.Time(), now, a.Shell.Zone()))
	}
	for _, why := range c.NotHad {
		add("No interpreter", why)
	}
	for _, o := range c.Overridden {
		add("Record opened against an objection", o.Why+" ("+o.By+")")
	}
	if t, ok := p.Traced(); ok {
		add("National index", joined(", ", t.Says.Index, web.ClockWords(t.Says.At.Time(), now, a.Shell.Zone())))
		for _, d := range record.Differences(id.Shown(), t.Says.Identity) {
			add(upperFirst(d.Field.String()), joined(" ", orWords(d.Here, "Nothing"), "stated here,", d.There, "in the index"))
		}
	}
	return out
}

// mayView tells whether the record may be opened for a call: nobody objects on
// the page, or somebody opened it in an emergency.
func mayView(c *urgent.Case, look string) bool {
	return look != string(urgent.No) || c != nil && len(c.Overridden) > 0
}
