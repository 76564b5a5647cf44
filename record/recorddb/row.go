package recorddb

import (
	"strings"

	"holdfast/codes"
	"holdfast/record"
)

// row is one person as search sees them. A name is "FAMILY|GIVEN" in plain
// capitals.
type row struct {
	called, born, sex, nhs, address          string
	nhsStatus                                int
	restricted, disputed, dead, linked       bool
	former, lived                            []string // names and postcodes that stood once
	names, borns, numbers, postcodes, phones []string
	homes                                    []string // postcode and house: who lives at one address
}

func rowOf(p record.Person) row {
	id := p.Identity()
	shown := id.Shown()
	r := row{
		called: p.Called(), born: id.Born.String(), sex: string(id.Sex), nhs: id.NHS.Text, nhsStatus: int(id.NHS.Status),
		address: shown.Address.String(), restricted: id.Restricted, disputed: len(p.Disputes()) > 0,
		dead: id.Death.Dead == record.Yes, linked: len(p.Links) > 0,
	}
	for _, v := range p.Name.Values {
		r.names = append(r.names, plainName(v.Value))
	}
	for _, n := range p.Aliases {
		r.names = append(r.names, plainName(n))
	}
	for _, n := range p.Former {
		r.former = append(r.former, plainName(n))
	}
	for _, v := range p.Born.Values {
		if !v.Value.IsZero() {
			r.borns = append(r.borns, v.Value.String())
		}
	}
	for _, n := range p.NHS.Values {
		r.addNumber(n.Value.Text, n.Value.Matchable())
	}
	for _, n := range p.CHI.Values {
		r.addNumber(n.Value.Text, n.Value.Matchable())
	}
	for _, n := range p.HCN.Values {
		r.addNumber(n.Value.Text, n.Value.Matchable())
	}
	if !id.Restricted {
		r.addWhereabouts(p)
	}
	return r
}

func (r *row) addNumber(digits string, matchable bool) {
	if matchable {
		r.numbers = append(r.numbers, digits)
	}
}

func (r *row) addWhereabouts(p record.Person) {
	for _, v := range p.Address.Values {
		if v.Value.Postcode != "" {
			r.postcodes = append(r.postcodes, string(v.Value.Postcode))
			r.homes = appendHome(r.homes, v.Value)
		}
	}
	for _, a := range p.LivedAt {
		if a.Postcode != "" {
			r.lived = append(r.lived, string(a.Postcode))
		}
	}
	for _, l := range p.Lines {
		if l.Phone.Present() {
			r.phones = append(r.phones, l.Phone.National())
		}
	}
}

// cells gives the row in the order of columns.
func (r row) cells() []any {
	return []any{
		r.called, r.born, r.sex, r.nhs, r.nhsStatus, r.address, r.restricted, r.disputed, r.dead, r.linked,
		strings.Join(r.former, "\n"), strings.Join(r.lived, "\n"), strings.Join(r.names, "\n"), strings.Join(r.borns, "\n"),
		strings.Join(r.numbers, "\n"), strings.Join(r.postcodes, "\n"), strings.Join(r.phones, "\n"), strings.Join(r.homes, "\n"),
	}
}

// scan reads id, subject and the columns.
func (r *row) scan(from interface{ Scan(into ...any) error }, id *int64, subject *[]byte) error {
	var former, lived, names, borns, numbers, postcodes, phones, homes string
	err := from.Scan(id, subject, &r.called, &r.born, &r.sex, &r.nhs, &r.nhsStatus, &r.address, &r.restricted, &r.disputed,
		&r.dead, &r.linked, &former, &lived, &names, &borns, &numbers, &postcodes, &phones, &homes)
	r.former, r.lived = lines(former), lines(lived)
	r.names, r.borns, r.numbers = lines(names), lines(borns), lines(numbers)
	r.postcodes, r.phones, r.homes = lines(postcodes), lines(phones), lines(homes)
	return err
}

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

// plainName gives "FAMILY|GIVEN" in plain capitals.
func plainName(n record.Name) string {
	given := n.Given
	if n.Known != "" {
		given += " " + n.Known
	}
	return plain(n.Family) + "|" + plain(given)
}

// statusOf reads a number's status back.
func statusOf(n int) codes.Status { return codes.Status(n) }
