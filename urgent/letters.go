package urgent

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/content"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// The languages of letters.
const (
	InEnglish = "en"
	InWelsh   = "cy"
)

// LetterRules is what may be written to patients: content/urgent/letters.csv
// and letter-rules.csv.
type LetterRules struct {
	Keys         []string // in order
	words        map[string][]string
	ADay         map[exchange.Route]int           // to one person in 24 hours
	Receipt      map[exchange.Route]time.Duration // somebody acts without one
	Until        map[exchange.Route]time.Duration // never sent later
	Attempts     map[exchange.Carries]int         // by machine, until a person asks for more
	ReportBefore time.Duration                    // somebody sees to a report so long before it is due
	Breach       time.Duration                    // a breach is assessed within

	ReportReceipt time.Duration
}

// Words gives the lines of one part of a letter: title, text, open, end.
// Whatever has no Welsh is given in English.
func (l LetterRules) Words(key, part, language string) []string {
	if all := l.words[key+"/"+part+"/"+language]; len(all) > 0 {
		return all
	}
	return l.words[key+"/"+part+"/"+InEnglish]
}

func (l LetterRules) title(key, language string) string {
	return strings.Join(l.Words(key, "title", language), " ")
}

func (r *Rules) loadLetters(set *content.Set) error {
	t, err := set.Table("urgent/letters.csv", "key", "part", "language", "words")
	if err != nil {
		return err
	}
	l := LetterRules{words: map[string][]string{}}
	for i := range t.Len() {
		key, part, lang, words := t.Cell(i, "key"), t.Cell(i, "part"), t.Cell(i, "language"), t.Cell(i, "words")
		if !slices.Contains([]string{"title", "text", "open", "end"}, part) || lang != InEnglish && lang != InWelsh || words == "" {
			return fmt.Errorf("letters: row %d: part %q, language %q", i+1, part, lang)
		}
		if !slices.Contains(l.Keys, key) {
			l.Keys = append(l.Keys, key)
		}
		at := key + "/" + part + "/" + lang
		l.words[at] = append(l.words[at], words)
	}
	for _, key := range l.Keys {
		for _, lang := range []string{InEnglish, InWelsh} {
			text := strings.Join(l.words[key+"/text/"+lang], " ")
			if text == "" || l.words[key+"/title/"+lang] == nil || len([]rune(text)) > exchange.MostText-60 || strings.Contains(text, "{phone}") {
				return fmt.Errorf("letters: %s in %s needs a title and one text that is short and holds no number to call back", key, lang)
			}
		}
	}
	if err := l.loadSettings(set); err != nil {
		return err
	}
	r.Letters = l
	return nil
}

func (l *LetterRules) loadSettings(set *content.Set) error {
	t, err := set.Table("urgent/letter-rules.csv", "setting", "value")
	if err != nil {
		return err
	}
	count, span := map[string]int{}, map[string]time.Duration{}
	for i := range t.Len() {
		name, value := t.Cell(i, "setting"), t.Cell(i, "value")
		if n, err := strconv.Atoi(value); err == nil && n > 0 {
			count[name] = n
		} else if d, err := time.ParseDuration(value); err == nil && d > 0 {
			span[name] = d
		} else {
			return fmt.Errorf("letter-rules: %s is %q: neither a number nor a time above 0", name, value)
		}
	}
	l.ADay = map[exchange.Route]int{exchange.ByText: count["texts_a_day"], exchange.ByEmail: count["emails_a_day"], exchange.ByPaper: count["prints_a_day"]}
	l.Receipt = map[exchange.Route]time.Duration{exchange.ByText: span["text_receipt"], exchange.ByEmail: span["email_receipt"], exchange.ByPaper: span["print_within"]}
	l.Until = map[exchange.Route]time.Duration{exchange.ByText: span["text_until"], exchange.ByEmail: span["email_until"], exchange.ByPaper: 24 * time.Hour}
	l.Attempts = map[exchange.Carries]int{exchange.CarriesLetter: count["letter_attempts"], exchange.CarriesReport: count["report_attempts"]}
	l.ReportBefore, l.ReportReceipt, l.Breach = span["report_before"], span["report_receipt"], span["breach_within"]
	for route, n := range l.ADay {
		if n == 0 || l.Receipt[route] == 0 || l.Until[route] <= l.Receipt[route] {
			return fmt.Errorf("letter-rules: %s needs how many a day, when a receipt is due, and until when it may go, which is later", route)
		}
	}
	if l.Attempts[exchange.CarriesLetter] == 0 || l.Attempts[exchange.CarriesReport] == 0 || l.ReportBefore == 0 || l.ReportReceipt == 0 || l.Breach == 0 {
		return fmt.Errorf("letter-rules: letter_attempts, report_attempts, report_receipt, report_before and breach_within are needed")
	}
	return nil
}

// Writing is what somebody wants written to the patient.
type Writing struct {
	Route    exchange.Route
	Key      string
	Language string
	Large    bool
	Phone    codes.Phone // of a text
	Email    string
	Agreed   bool     // asked on this contact: it is safe, and this is the right address
	Advice   []string // the chosen texts, by their keys
	Lines    []string // their words, from reviewed content in this language; never in a text
	Told     bool     // with what the clinician told them, as written down
	Filling  string   // of the form
	Today    int      // letters of this route to this person in the last 24 hours, on all their cases
}

// WriteToPatient states that a letter is to go: the reviewed words, by the
// route that was agreed. Nothing goes where a reason stands against it. A
// device writes only where it was asked and answered yes; a person may ask now.
func WriteToPatient(c Case, by access.Caller, r *Rules, w Writing, from exchange.Party, now time.Time) ([]fact.Draft, error) {
	if !c.Begun() {
		return nil, refusal.New(refusal.Missing, "There is no such case here.")
	}
	for _, l := range c.Outward.Letters {
		if w.Filling != "" && l.What.Filling == w.Filling {
			return nil, nil // pressed twice
		}
	}
	if !slices.Contains(r.Letters.Keys, w.Key) {
		return nil, refusal.Field("key", "Choose what to write")
	}
	if w.Language != InEnglish && w.Language != InWelsh {
		return nil, refusal.Field("language", "Choose English or Welsh")
	}
	if why := c.MayNotWrite(w.Route); why != "" {
		return nil, refusal.Field("route", why)
	}
	out, err := c.agreed(by, w)
	if err != nil {
		return nil, err
	}
	if most := r.Letters.ADay[w.Route]; w.Today >= most {
		return nil, refusal.Newf(refusal.Taken, "%d went by %s to this person in the last 24 hours: that is the most. Ring them, or print it.", w.Today, w.Route)
	}
	letter := c.letterOf(r, w, from, now)
	more, id, err := exchange.PrepareLetter(by, c.ID, letter, w.Route, now.Add(r.Letters.Receipt[w.Route]), now)
	if err != nil {
		return nil, err
	}
	out = append(out, more...)
	return append(out, fact.Say(c.ID, LetterWritten{
		Envelope: id, Route: w.Route, To: addressOf(letter, w.Route), Key: w.Key, Title: letter.Title, Language: w.Language, Large: w.Large,
		Advice: w.Advice, By: by.Says(), Filling: w.Filling,
	})), nil
}

func addressOf(l exchange.Letter, route exchange.Route) string {
	switch route {
	case exchange.ByText:
		return l.Phone.Display()
	case exchange.ByEmail:
		return l.Email
	}
	return ""
}

// agreed states what the patient agreed to now, where it was not on record.
func (c Case) agreed(by access.Caller, w Writing) ([]fact.Draft, error) {
	agreed, _ := c.Contact.Get()
	switch {
	case w.Route == exchange.ByPaper:
		return nil, nil
	case w.Route == exchange.ByText && agreed.Text == Yes:
		return nil, nil
	case !w.Agreed || by.May(access.RunTimers) == nil:
		if w.Route == exchange.ByText {
			return nil, refusal.Field("agreed", "Whether a text is safe: "+orNotAsked(agreed.Text)+". Ask, then tick here")
		}
		return nil, refusal.Field("agreed", "Ask whether e-mail is safe and read the address back, then tick here")
	case w.Route == exchange.ByText:
		agreed.Text = Yes
		return []fact.Draft{fact.Say(c.ID, agreed)}, nil
	}
	return nil, nil
}

func orNotAsked(a YesNo) string {
	if a == NotAsked {
		return "not asked"
	}
	return string(a)
}

// MayNotWrite says why nothing may be written to the patient by a route, or
// "". Texts and e-mails never go to the dead, into prison, or where two answers
// on safe contact wait for a person.
func (c Case) MayNotWrite(route exchange.Route) string {
	if why := c.SaidDead(); why != "" {
		return why
	}
	if route == exchange.ByPaper {
		return ""
	}
	switch {
	case c.InCustody():
		return "The patient is in prison or custody: no texts and no e-mails. Ring the prison"
	case c.Contact.Disputed():
		return "Two answers on safe contact are on record: ask, and settle which stands"
	case c.Patient.Disputed():
		return "Two patients are stated on this case: decide who it is about first"
	}
	return ""
}

// StopsLetter says why a letter that was prepared must not leave any more.
func (c Case) StopsLetter(e exchange.Envelope) string {
	if e.Carries != exchange.CarriesLetter || len(e.Routes) == 0 {
		return ""
	}
	if why := c.MayNotWrite(e.Routes[0]); why != "" {
		return why
	}
	if v, ok := c.Contact.Get(); ok && e.Routes[0] == exchange.ByText && v.Text != Yes {
		return "A text is no longer said to be safe: " + orNotAsked(v.Text)
	}
	return ""
}

func (c Case) letterOf(r *Rules, w Writing, from exchange.Party, now time.Time) exchange.Letter {
	l := exchange.Letter{
		Key: w.Key, Language: w.Language, Large: w.Large, Title: r.Letters.title(w.Key, w.Language), From: from, Case: c.Number,
		Written: fact.At(now), Until: fact.At(now.Add(r.Letters.Until[w.Route])),
	}
	if w.Route == exchange.ByText {
		l.Phone, l.Large = w.Phone, false
		l.Lines = fill(r.Letters.Words(w.Key, "text", w.Language), from)
		return l
	}
	l.Email = strings.TrimSpace(w.Email)
	if p, ok := c.Patient.Get(); ok {
		l.Name = p.Identity.Name.Spoken()
	}
	l.Lines = append(l.Lines, fill(r.Letters.Words(w.Key, "open", w.Language), from)...)
	if w.Told {
		l.Lines = append(l.Lines, c.Told()...)
	}
	l.Lines = append(l.Lines, w.Lines...)
	l.Lines = append(l.Lines, fill(r.Letters.Words(w.Key, "end", w.Language), from)...)
	return l
}

// Told lists what clinicians told the patient to expect and to watch for.
func (c Case) Told() []string {
	var out []string
	for _, one := range c.Consultations {
		for _, words := range []string{one.What.Net.Expect, one.What.Net.Worse} {
			if words = strings.TrimSpace(words); words != "" && !slices.Contains(out, words) {
				out = append(out, words)
			}
		}
	}
	return out
}

// fill puts service and number into the words; a line that needs a number
// where none is known is left out.
func fill(lines []string, from exchange.Party) []string {
	var out []string
	for _, line := range lines {
		if strings.Contains(line, "{phone}") && !from.Phone.Present() {
			continue
		}
		out = append(out, strings.NewReplacer("{service}", from.Name, "{phone}", from.Phone.Display()).Replace(line))
	}
	return out
}

// GiveLetter says that a letter was given on paper, or said on the phone.
func GiveLetter(c Case, by access.Caller, id exchange.EnvelopeID, route exchange.Route, now time.Time) ([]fact.Draft, error) {
	for _, l := range c.Outward.Letters {
		if l.What.Envelope == id {
			return exchange.Give(c.Envelope(id), by, route, now)
		}
	}
	return nil, refusal.New(refusal.Missing, "There is no such letter on this case.")
}

// LettersSince counts the letters by a route since a time.
func (c Case) LettersSince(route exchange.Route, since time.Time) int {
	n := 0
	for _, l := range c.Outward.Letters {
		if l.What.Route == route && l.At >= fact.At(since) {
			n++
		}
	}
	return n
}
