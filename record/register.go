package record

import (
	"errors"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// The most that one field holds, in bytes.
const (
	MaxName  = 200
	MaxText  = 2000
	MaxLines = 12
)

// Registration is what is known of a person whose record begins.
type Registration struct {
	Identity Identity
	Source   Source
}

// Register begins a person's record. Nothing is required: an unconscious
// stranger has a record too. Numbers count as verified only when the national
// index is the source.
func Register(p Person, by access.Caller, req Registration, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.WritePerson); err != nil {
		return nil, err
	}
	if p.Registered {
		return nil, refusal.New(refusal.Taken, "This record has been begun already. Amend it instead.")
	}
	id, err := tidied(req.Identity, req.Source, now)
	if err != nil {
		return nil, err
	}
	return []fact.Draft{fact.Say(p.Subject, PersonRegistered{Identity: id, Source: req.Source})}, nil
}

// tidied checks an identity and brings it into the form that facts keep.
func tidied(id Identity, from Source, now time.Time) (Identity, error) {
	if from != FromTrace {
		id.NHS.Status = claimed(id.NHS.Text, id.NHS.Status)
		id.CHI.Status = claimed(id.CHI.Text, id.CHI.Status)
		id.HCN.Status = claimed(id.HCN.Text, id.HCN.Status)
	} else {
		id.NHS, id.CHI, id.HCN = id.NHS.Traced(), id.CHI.Traced(), id.HCN.Traced()
	}
	if !id.Born.IsZero() && id.Born.String() > codes.DateOf(now).String() {
		return id, refusal.Field("born", "This birth date is in the future: check the year")
	}
	var errs []error
	for _, f := range []struct {
		name, text string
		most       int
	}{
		{"given", id.Name.Given, MaxName}, {"family", id.Name.Family, MaxName}, {"known", id.Name.Known, MaxName},
		{"prefix", id.Name.Prefix, MaxName}, {"language", id.Language, MaxName}, {"practice", id.Practice.Name, MaxName},
		{"communication", id.Communication, MaxText}, {"description", id.Description, MaxText},
		{"address", id.Address.Text, codes.MaxPlaceText},
	} {
		errs = append(errs, tooLong(f.name, f.text, f.most))
	}
	if len(id.Lines) > MaxLines || len(id.Aliases) > MaxLines {
		errs = append(errs, refusal.Newf(refusal.Invalid, "A record holds %d phone numbers and %d other names at once", MaxLines, MaxLines))
	}
	return id, errors.Join(errs...)
}

func claimed(text string, s codes.Status) codes.Status {
	if text == "" {
		return codes.Absent
	}
	if s == codes.Absent || s == codes.Verified {
		return codes.Unverified
	}
	return s
}

func tooLong(field, text string, most int) error {
	if len(text) <= most {
		return nil
	}
	return &refusal.Error{
		Kind: refusal.Invalid, Field: field, Sentence: "This is too long to be kept: shorten it",
	}
}
