package recordweb

import (
	"net/http"
	"strings"
	"time"

	"holdfast/fact"
	"holdfast/record"
	"holdfast/web"
)

// linkForm is what the forms about another record hold.
type linkForm struct {
	Seen  string `form:"seen" max:"4000"`
	Other string `form:"other" max:"40"`
	Sure  string `form:"sure" of:"yes no"`
	Why   string `form:"why" max:"2000" label:"How you know"`
	Query string `form:"q" max:"200"`
}

func (p *Pages) link(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return p.two(w, r, by, func(f linkForm) record.PairVerb {
		return func(a, b record.Person) ([]fact.Draft, error) {
			return record.LinkIdentities(a, b, by, record.Linking{Maybe: f.Sure != "yes", Why: f.Why})
		}
	})
}

func (p *Pages) confirm(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return p.two(w, r, by, func(f linkForm) record.PairVerb {
		return func(a, b record.Person) ([]fact.Draft, error) { return record.ConfirmLink(a, b, by, f.Why) }
	})
}

func (p *Pages) unlink(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return p.two(w, r, by, func(f linkForm) record.PairVerb {
		return func(a, b record.Person) ([]fact.Draft, error) { return record.UnlinkIdentities(a, b, by, f.Why) }
	})
}

// look shows the records that another may be. What is looked for is posted: it
// stands in no address.
func (p *Pages) look(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	var in linkForm
	form, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	return p.show(w, r, by, http.StatusOK, form, in.Query)
}

// two runs a verb about this record and another. What must be mended comes back
// with everything typed.
func (p *Pages) two(w http.ResponseWriter, r *http.Request, by web.Caller, bind func(linkForm) record.PairVerb) error {
	id, err := recordIn(r)
	if err != nil {
		return err
	}
	var in linkForm
	form, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	seen, err := seenIn(in.Seen)
	if err != nil {
		return err
	}
	other, err := fact.ParseSubject(in.Other)
	if err != nil {
		form.Fail("other", "The other record", "Choose the other record.")
	}
	if form.OK() {
		err := p.Records.DoTwo(r.Context(), by, id, other, seen, bind(in))
		if err == nil {
			return web.SeeOther(w, r, Path(id))
		}
		if !form.Take(err) {
			return err
		}
	}
	return p.show(w, r, by, http.StatusUnprocessableEntity, form, in.Query)
}

type needsForm struct {
	Seen          string   `form:"seen" max:"4000"`
	Needs         []string `form:"need" max:"40"`
	Welsh         string   `form:"welsh" of:"yes no unsure"`
	Language      string   `form:"language" max:"60" label:"Language"`
	Interpreter   string   `form:"interpreter" of:"yes no unsure"`
	Communication string   `form:"communication" max:"2000" lines:"yes" label:"How to speak with them"`
}

func answerOf(s string) record.Answer {
	return map[string]record.Answer{"yes": record.Yes, "no": record.No, "unsure": record.Unsure}[s]
}

func answerWord(a record.Answer) string {
	return map[record.Answer]string{record.Yes: "yes", record.No: "no", record.Unsure: "unsure"}[a]
}

// needs states anew how somebody is reached and understood.
func (p *Pages) needs(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	id, err := recordIn(r)
	if err != nil {
		return err
	}
	var in needsForm
	form, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	seen, err := seenIn(in.Seen)
	if err != nil {
		return err
	}
	codes, err := p.Rules.NeedCodes(in.Needs)
	if err != nil && !form.Take(err) {
		return err
	}
	if form.OK() {
		err := p.Records.Do(r.Context(), by, id, seen, func(one record.Person, now time.Time) ([]fact.Draft, error) {
			return record.Amend(one, by, record.Amendment{
				Identity: record.Identity{
					Needs: codes, Welsh: answerOf(in.Welsh), Language: strings.TrimSpace(in.Language), Interpreter: answerOf(in.Interpreter),
					Communication: strings.TrimSpace(in.Communication),
				},
				Fields: []record.Field{record.FieldNeeds, record.FieldWelsh, record.FieldLanguage, record.FieldInterpreter, record.FieldCommunication},
				Source: record.FromCaller,
			}, now)
		})
		if err == nil {
			return web.SeeOther(w, r, Path(id))
		}
		if !form.Take(err) {
			return err
		}
	}
	return p.show(w, r, by, http.StatusUnprocessableEntity, form, "")
}

func seenIn(text string) ([]fact.ID, error) {
	var out []fact.ID
	for _, one := range strings.Fields(text) {
		id, err := fact.ParseID(one)
		if err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, nil
}

func seenOf(all []fact.ID) string {
	var out []string
	for _, id := range all {
		out = append(out, id.String())
	}
	return strings.Join(out, " ")
}
