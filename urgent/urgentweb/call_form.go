package urgentweb

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/web"
)

// callForm is the one form of call-taking, as it is sent.
type callForm struct {
	Case   string `form:"case" max:"40"`
	Seen   string `form:"seen" max:"4000"`
	Do     string `form:"do" max:"20"`
	Opened int64  `form:"opened"`
	Tel    string `form:"tel" max:"40"` // the telephone call by which it came

	Number    string `form:"number" max:"60" label:"Number calling"`
	Place     string `form:"place" max:"400" label:"Where the patient is"`
	Awake     string `form:"awake" of:"yes no unsure"`
	Breathing string `form:"breathing" of:"yes no unsure"`
	Bleeding  string `form:"bleeding" of:"yes no unsure"`

	Is          string `form:"caller" of:"patient someone-else professional"`
	CallerName  string `form:"caller_name" label:"Caller’s name"`
	Relation    string `form:"relation" label:"To the patient"`
	RingBack    string `form:"ring_back" max:"60" label:"Ring back on"`
	With        string `form:"with" of:"yes no"`
	CallerPlace string `form:"caller_place" label:"Where the caller is"`
	Language    string `form:"language" max:"60" label:"Language"`
	Interpreter string `form:"interpreter" of:"yes no"`

	First    string   `form:"first" label:"First name"`
	Last     string   `form:"last" label:"Last name"`
	Born     string   `form:"born" max:"40" label:"Born"`
	Sex      string   `form:"sex" of:"male female other unknown"`
	NHS      string   `form:"nhs" max:"40" label:"NHS number"`
	Practice string   `form:"practice" label:"Registered practice"`
	Look     string   `form:"look" of:"yes no unsure"`
	Record   string   `form:"record" max:"40"`
	Why      string   `form:"why" max:"4000" lines:"yes" label:"Why they ring"`
	Flags    []string `form:"flag" max:"64"`
	Them     string   `form:"them" max:"20"`

	OverrideWhy string `form:"override_why" max:"1000" label:"Why the record must be seen"`

	Ring      string `form:"ring" of:"yes no"`
	Text      string `form:"text" of:"yes no"`
	Voicemail string `form:"voicemail" of:"yes no"`
	Tell      string `form:"tell" label:"Who else may be told"`

	Sort string `form:"sort" of:"call chaser"` // new or worse, or only asks when somebody comes
}

// noRecord is the answer "none of these people".
const noRecord = "none"

// callHeard is what the form says once it is read.
type callHeard struct {
	Calling  codes.Phone
	Place    codes.Place
	RingBack codes.Phone
	Born     codes.Date
	NHS      codes.NHSNumber
	Record   fact.Subject
	Tel      urgent.Call     // the telephone call by which it came, as it is known
	Age      record.AboutAge // guessed, when no birth date is known
	Unread   []string        // what could not be read and was skipped, for a note
}

// formOf reads values that are not just arriving: from a draft or the case.
func formOf(v url.Values, into any) (*web.Form, error) {
	if v == nil {
		v = url.Values{}
	}
	return web.ReadForm(&http.Request{Method: http.MethodPost, Form: v, PostForm: v}, into)
}

// hear reads what was typed. What can't be read is a mistake in the form; when
// skip is given it is kept as it came and noted instead.
func (f callForm) hear(form *web.Form, skip bool, now time.Time) callHeard {
	h := callHeard{Calling: codes.ReceivePhone(f.Number), Place: placeOf(f.Place)}
	mend := func(name, label, typed string, err error) {
		switch {
		case err == nil:
		case skip:
			h.Unread = append(h.Unread, label+": “"+typed+"”")
		default:
			form.Fail(name, label, err.Error())
		}
	}
	var err error
	h.RingBack, err = codes.ParsePhone(f.RingBack)
	if err != nil {
		h.RingBack = codes.ReceivePhone(f.RingBack)
	}
	mend("ring_back", "Ring-back number", f.RingBack, err)
	h.Born, err = codes.ParseBirthDate(f.Born, now)
	if age, ok := record.ParseAge(f.Born, now); ok && err != nil {
		h.Age, err = age, nil
	}
	mend("born", "Born", f.Born, err)
	h.NHS, err = codes.ParseNHSNumber(f.NHS)
	if err != nil {
		h.NHS = codes.ReceiveNHSNumber(f.NHS)
	}
	mend("nhs", "NHS number", f.NHS, err)
	if id, err := fact.ParseSubject(f.Record); err == nil {
		h.Record = id
	}
	return h
}

// placeOf keeps the words and finds a whole postcode among them.
func placeOf(typed string) codes.Place {
	words := strings.Fields(typed)
	p := codes.Place{Text: clipped(strings.Join(words, " "), codes.MaxPlaceText)}
	for size := 2; size > 0; size-- {
		for i := len(words) - size; i >= 0; i-- {
			code, err := codes.ParsePostcode(strings.Join(words[i:i+size], " "))
			if err == nil && code.Full() {
				p.Postcode = code
				return gridOf(p)
			}
		}
	}
	return gridOf(p)
}

// gridOf finds a grid reference among the words.
func gridOf(p codes.Place) codes.Place {
	if ref, _, ok := codes.GridRefIn(p.Text); ok {
		p.Grid = ref.Grid
	}
	return p
}

// clipped cuts a text to so many bytes at a whole character.
func clipped(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && s[most]&0xC0 == 0x80 {
		most--
	}
	return s[:most]
}

// description turns what was heard into what the case is told. person is the
// chosen record, which fills what the caller did not say.
func (f callForm) description(h callHeard, form *web.Form, person *record.Person) urgent.Description {
	d := urgent.Description{Place: &h.Place, Reason: &f.Why}
	d.Contact = &urgent.ContactAgreed{Ring: urgent.YesNo(f.Ring), Text: urgent.YesNo(f.Text), Voicemail: urgent.YesNo(f.Voicemail), MayTell: f.Tell}
	caller := urgent.CallerDescribed{
		Is: urgent.CallerIs(f.Is), Name: f.CallerName, Relation: f.Relation, WithPatient: urgent.YesNo(f.with()),
		Where: f.CallerPlace, Language: f.Language, Interpreter: urgent.YesNo(f.Interpreter),
	}
	if form.Error("ring_back") == "" {
		caller.RingBack = h.RingBack
	}
	d.Caller = &caller
	patient := urgent.PatientDescribed{Identity: f.identity(h, form), Record: h.Record, MayLook: urgent.YesNo(f.Look)}
	if person != nil {
		patient.Identity = filled(patient.Identity, person.Identity())
	}
	d.Patient = &patient
	return d
}

// with is yes for a patient who rings for themselves.
func (f callForm) with() string {
	if f.Is == string(urgent.CallerPatient) {
		return string(urgent.Yes)
	}
	return f.With
}

func (f callForm) identity(h callHeard, form *web.Form) record.Identity {
	id := record.Identity{Name: record.Name{Given: f.First, Family: f.Last}, Sex: codes.Sex(f.Sex), Practice: record.Practice{Name: f.Practice}}
	if form.Error("born") == "" {
		id.Born = h.Born
	}
	if form.Error("nhs") == "" {
		id.NHS = h.NHS
	}
	id.Age = h.Age
	if id.Name.IsZero() && id.Age.Years > 0 {
		id.Description = record.Unknown(id.Sex, id.Age)
	}
	return id
}

// filled takes from the record what nobody said on the call. Where both speak
// of the same number the record's knows whether it was traced.
func filled(said, known record.Identity) record.Identity {
	known = known.Shown()
	if said.Name.Given == "" {
		said.Name.Given = known.Name.Given
	}
	if said.Name.Family == "" {
		said.Name.Family = known.Name.Family
	}
	if said.Born.IsZero() {
		said.Born = known.Born
	}
	if said.Sex == codes.SexNotAsked {
		said.Sex = known.Sex
	}
	if !said.NHS.Present() || said.NHS.Text == known.NHS.Text {
		said.NHS = known.NHS
	}
	if said.Practice.Name == "" || said.Practice.Name == known.Practice.Name {
		said.Practice = known.Practice
	}
	said.CHI, said.HCN, said.Address, said.Communication = known.CHI, known.HCN, known.Address, known.Communication
	said.Restricted = known.Restricted
	return said
}

// callValues writes a case back into the form.
func callValues(c urgent.Case) url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	if c.Taken != nil {
		set("number", c.Taken.Calling.Display())
	}
	set("place", c.Place.Or(codes.Place{}).String())
	if last, asked := c.LifeThreat(); asked {
		set("awake", string(last.Awake))
		set("breathing", string(last.Breathing))
		set("bleeding", string(last.Bleeding))
		set("with", string(last.WithPatient))
	}
	caller := c.Caller.Or(urgent.CallerDescribed{})
	set("caller", string(caller.Is))
	set("caller_name", caller.Name)
	set("relation", caller.Relation)
	set("ring_back", caller.RingBack.Display())
	set("with", string(caller.WithPatient))
	set("caller_place", caller.Where)
	set("language", caller.Language)
	set("interpreter", string(caller.Interpreter))
	setPatient(set, c)
	set("why", c.Reason.Or(""))
	contact := c.Contact.Or(urgent.ContactAgreed{})
	set("ring", string(contact.Ring))
	set("text", string(contact.Text))
	set("voicemail", string(contact.Voicemail))
	set("tell", contact.MayTell)
	if !c.Sorts.Empty() {
		set("sort", c.Sort())
	}
	return v
}

// withLife puts the three first answers into a half-typed form that was kept
// without them.
func withLife(v url.Values, c urgent.Case) url.Values {
	known := callValues(c)
	for _, name := range []string{"awake", "breathing", "bleeding"} {
		if !v.Has(name) && known.Has(name) {
			v.Set(name, known.Get(name))
		}
	}
	return v
}

func setPatient(set func(name, value string), c urgent.Case) {
	p := c.Patient.Or(urgent.PatientDescribed{})
	set("first", p.Identity.Name.Given)
	set("last", p.Identity.Name.Family)
	set("born", p.Identity.Born.Display())
	if p.Identity.Born.IsZero() && p.Identity.Age.Years > 0 {
		set("born", "about "+strconv.Itoa(p.Identity.Age.Years))
	}
	set("sex", string(p.Identity.Sex))
	if n := p.Identity.NHS; p.Record.Zero() || n.Matchable() {
		set("nhs", n.Format()) // one that fails its check is on the record: nobody here can mend it
	}
	set("practice", p.Identity.Practice.Name)
	set("look", string(p.MayLook))
	if !p.Record.Zero() {
		set("record", p.Record.String())
	}
}
