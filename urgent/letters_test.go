package urgent

import (
	"strings"
	"testing"
	"time"

	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

func aText() Writing {
	return Writing{Route: exchange.ByText, Key: "worse", Language: InEnglish, Phone: codes.ReceivePhone("07700900518"), Filling: "one"}
}

func (s *story) agrees(v ContactAgreed) Case {
	s.t.Helper()
	drafts, err := Describe(s.at(), handler, Description{Contact: &v})
	return s.says(handler, drafts, err)
}

func (s *story) writes(w Writing) (Case, exchange.Letter) {
	s.t.Helper()
	drafts, err := WriteToPatient(s.at(), nurse, s.rules, w, us, s.now)
	c := s.says(nurse, drafts, err)
	for _, d := range drafts {
		if len(d.Attach) > 0 {
			l, err := exchange.DecodeLetter(d.Attach[0].Bytes)
			if err != nil {
				s.t.Fatal(err)
			}
			return c, l
		}
	}
	return c, exchange.Letter{}
}

func TestNotAskedMeansNoTextByItself(t *testing.T) {
	for _, one := range []struct {
		said YesNo
		by   string
		goes bool
	}{{NotAsked, "device", false}, {NotAsked, "nurse", false}, {No, "nurse", false}, {Unsure, "nurse", false}, {Yes, "nurse", true}, {Yes, "device", true}} {
		s := begin(t)
		s.disposed("Dx34")
		if one.said != NotAsked {
			s.agrees(ContactAgreed{Ring: Yes, Text: one.said})
		}
		by := nurse
		if one.by == "device" {
			by = deviceItself
		}
		_, err := WriteToPatient(s.at(), by, s.rules, aText(), us, s.now)
		if (err == nil) != one.goes {
			t.Errorf("text %q, %s: %v", one.said, one.by, err)
		}
		w := aText()
		w.Agreed = true
		if _, err := WriteToPatient(s.at(), by, s.rules, w, us, s.now); one.by == "device" && one.said != Yes && err == nil {
			t.Error("a device says that it asked")
		}
	}
}

func TestAskingNowIsPutDown(t *testing.T) {
	s := begin(t)
	s.disposed("Dx34")
	s.agrees(ContactAgreed{Ring: Yes, Voicemail: No})
	w := aText()
	w.Agreed = true
	c, l := s.writes(w)
	v, _ := c.Contact.Get()
	if v != (ContactAgreed{Ring: Yes, Text: Yes, Voicemail: No}) {
		t.Fatalf("%+v", v)
	}
	sent := c.Outward.Letters[0].What
	if sent.To != "07700 900 518" || c.Envelope(sent.Envelope).Carries != exchange.CarriesLetter {
		t.Fatalf("%+v", sent)
	}
	if l.Name != "" || strings.Contains(l.Text(), "Tansley") || !strings.Contains(l.Text(), "999") {
		t.Errorf("the text says %q", l.Text())
	}
	again, err := WriteToPatient(c, nurse, s.rules, w, us, s.now)
	if err != nil || again != nil {
		t.Fatal("pressed twice it goes twice", err)
	}
	e := c.Envelope(sent.Envelope)
	if e.To != exchange.ThePatient() {
		t.Errorf("the envelope names %+v", e.To)
	}
	w.Filling, w.Today = "two", s.rules.Letters.ADay[exchange.ByText]
	_, err = WriteToPatient(c, nurse, s.rules, w, us, s.now)
	wantRefusal(t, err, refusal.Taken)
}

// A text holds the reviewed words and nothing else, whatever is asked.
func TestATextCarriesNoClinicalWords(t *testing.T) {
	s := begin(t)
	s.disposed("Dx34")
	s.agrees(ContactAgreed{Text: Yes})
	w := aText()
	w.Lines, w.Told, w.Advice = []string{"Take the antibiotics."}, true, []string{"fever"}
	_, l := s.writes(w)
	if want := fill(s.rules.Letters.Words("worse", "text", InEnglish), us); l.Text() != strings.Join(want, " ") {
		t.Fatalf("the text says %q", l.Text())
	}
}

func TestLettersInWelshAndLargePrint(t *testing.T) {
	s := begin(t)
	finished(s, "Dx34")
	w := Writing{Route: exchange.ByPaper, Key: "worse", Language: InWelsh, Large: true, Told: true, Lines: []string{"Yfwch ddigon."}, Filling: "p"}
	c, l := s.writes(w)
	if !l.Large || l.Language != InWelsh || l.Title != "Beth i'w wneud os bydd pethau'n gwaethygu" {
		t.Fatalf("%+v", l)
	}
	all := strings.Join(l.Lines, "\n")
	for _, want := range []string{"Yfwch ddigon.", c.Told()[0], "111"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing from\n%s", want, all)
		}
	}
	drafts, err := GiveLetter(c, nurse, c.Outward.Letters[0].What.Envelope, exchange.ByPaper, s.now)
	c = s.says(nurse, drafts, err)
	if e := c.Envelope(c.Outward.Letters[0].What.Envelope); !e.Ended() || e.Standing() != exchange.Given {
		t.Fatal(e.Standing())
	}
}

func TestNumbersAndAddressesThatCannotBe(t *testing.T) {
	s := begin(t)
	s.disposed("Dx34")
	s.agrees(ContactAgreed{Text: Yes})
	for _, number := range []string{"01632960418", "07000900518", "+33612345678", ""} {
		w := aText()
		w.Phone = codes.ReceivePhone(number)
		_, err := WriteToPatient(s.at(), nurse, s.rules, w, us, s.now)
		if f := refusal.Fields(err); len(f) != 1 || f[0].Field != "phone" {
			t.Errorf("%q: %v", number, err)
		}
	}
	for _, address := range []string{"", "moira", "a@b", "Moira <m@example.org>", "m@example.org, x@example.org", "m@example.org\r\nBcc: x@example.org"} {
		w := Writing{Route: exchange.ByEmail, Key: "worse", Language: InEnglish, Email: address, Agreed: true, Filling: address}
		_, err := WriteToPatient(s.at(), nurse, s.rules, w, us, s.now)
		if f := refusal.Fields(err); len(f) != 1 || f[0].Field != "email" {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// Whatever was on its way stops at once, and nothing new goes.
func TestNothingIsWrittenToTheDeadNorToPrison(t *testing.T) {
	for _, form := range []Filled{dies("doctor"), dies("nobody"), {Form: FormPrisoner, Filling: "f", Values: map[string][]string{"place": {"Aldermoor"}, "phone": {"01632 960377"}}}} {
		s := begin(t)
		s.disposed("Dx34")
		s.agrees(ContactAgreed{Text: Yes})
		c, _ := s.writes(aText())
		drafts, err := FillForm(c, nurse, s.rules, form, s.now)
		c = s.says(nurse, drafts, err)
		e := c.Envelope(c.Outward.Letters[0].What.Envelope)
		if e.Standing() != exchange.Withdrawn || e.NeedsPerson() || c.StopsLetter(e) == "" {
			t.Errorf("%s: what was on its way is %s", form.Form, e.Standing())
		}
		w := aText()
		w.Filling, w.Agreed = "two", true
		if _, err := WriteToPatient(c, nurse, s.rules, w, us, s.now); err == nil {
			t.Errorf("%s: a text goes", form.Form)
		}
	}
}

// A death that another device wrote apart stops a text that this one has
// prepared: whoever sends asks again.
func TestWhatIsToBeSentIsAskedAgainBeforeItGoes(t *testing.T) {
	s := begin(t)
	s.disposed("Dx34")
	s.agrees(ContactAgreed{Text: Yes})
	c, _ := s.writes(aText())
	e := c.Envelope(c.Outward.Letters[0].What.Envelope)
	if why := c.StopsLetter(e); why != "" {
		t.Fatal(why)
	}
	if c = s.agrees(ContactAgreed{Text: No}); c.StopsLetter(e) == "" {
		t.Fatal("it goes although the patient has said no since")
	}
	c.Outward.Death = fact.Register[DeathRecorded]{Values: []fact.Stated[DeathRecorded]{{Value: DeathRecorded{}}}}
	if !strings.Contains(c.StopsLetter(e), "died") {
		t.Fatal(c.StopsLetter(e))
	}
}

func TestLettersAreCountedADay(t *testing.T) {
	s := begin(t)
	s.disposed("Dx34")
	s.agrees(ContactAgreed{Text: Yes})
	c, _ := s.writes(aText())
	if c.LettersSince(exchange.ByText, evening) != 1 || c.LettersSince(exchange.ByEmail, evening) != 0 || c.LettersSince(exchange.ByText, s.now.Add(time.Hour)) != 0 {
		t.Fatal("miscounted")
	}
}
