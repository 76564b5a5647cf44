package recorddb

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/record"
)

// MostAtHome is how many people of one address are listed; a care home has
// more, and then Found.More is set.
const MostAtHome = 8

// appendHome adds the key of an address: its whole postcode with the numbers
// in it, or with its first two words when it has none. An address of which
// that is not known has no key: nobody is taken for a household on a street.
func appendHome(all []string, p codes.Place) []string {
	if !p.Postcode.Full() {
		return all
	}
	post := strings.ReplaceAll(string(p.Postcode), " ", "")
	var numbers, words []string
	fields := strings.FieldsFunc(strings.ToUpper(p.Text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, w := range fields {
		if w == post || i > 0 && fields[i-1]+w == post || i+1 < len(fields) && w+fields[i+1] == post {
			continue // the postcode itself
		}
		if strings.ContainsAny(w, "0123456789") {
			numbers = append(numbers, w)
		} else {
			words = append(words, w)
		}
	}
	house := strings.Join(numbers, " ")
	if house == "" && len(words) >= 2 {
		house = words[0] + " " + words[1]
	}
	if house == "" {
		return all
	}
	return append(all, post+" "+house)
}

// SameAddress lists the other people whose address is one of this person's,
// as the record held here has it. Somebody whose whereabouts are restricted is
// never among them, and nobody is looked for from their record.
func SameAddress(ctx context.Context, db DB, by access.Caller, p record.Person) (Found, error) {
	if err := mayFind(by); err != nil {
		return Found{}, err
	}
	if p.Identity().Restricted {
		return Found{}, nil
	}
	var found Found
	seen := map[fact.Subject]bool{p.Subject: true}
	for _, v := range p.Address.Values {
		for _, home := range appendHome(nil, v.Value) {
			rows, err := db.QueryContext(ctx, `
SELECT p.subject, p.called, p.born, p.sex, p.homes FROM record_key k JOIN record_person p ON p.id = k.person
WHERE k.key = ? ORDER BY p.called, p.born, p.subject LIMIT ?`, key{keyHome, home}.hash(), MostAtHome+2)
			if err != nil {
				return Found{}, err
			}
			for rows.Next() {
				var raw []byte
				var m record.Match
				var born, sex, homes string
				if err := rows.Scan(&raw, &m.Called, &born, &sex, &homes); err != nil {
					_ = rows.Close()
					return Found{}, err
				}
				m.Person, m.Sex = subject(raw), codes.Sex(sex)
				m.Born, _ = codes.ReceiveDate(born)
				if seen[m.Person] || !slices.Contains(lines(homes), home) { // a key only proposes
					continue
				}
				seen[m.Person] = true
				if len(found.Matches) == MostAtHome {
					found.More = true
					continue
				}
				m.On = "same address"
				found.Matches = append(found.Matches, m)
			}
			if err := rows.Close(); err != nil {
				return Found{}, err
			}
			if err := rows.Err(); err != nil {
				return Found{}, err
			}
		}
	}
	return found, nil
}
