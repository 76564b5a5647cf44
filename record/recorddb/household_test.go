package recorddb

import (
	"context"
	"database/sql"
	"testing"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/record"
)

func TestSameAddress(t *testing.T) {
	w := newWorld(t)
	person := func(n byte, family, text, post string, restricted bool) record.Person {
		p := record.Person{Subject: fact.Subject{n}}
		p.Name.Values = []fact.Stated[record.Name]{{Value: record.Name{Family: family}}}
		p.Address.Values = []fact.Stated[codes.Place]{{Value: codes.Place{Text: text, Postcode: codes.Postcode(post)}}}
		if restricted {
			p.Restricted.Values = []fact.Stated[bool]{{Value: true}}
		}
		w.in(func(tx *sql.Tx) error { return put(tx, p) })
		return p
	}
	wilfred := person(1, "Tansley", "11 Tenter Row, Coldwater", "QX4 7TD", false)
	person(2, "Tansley", "11 Tenter Row Coldwater QX4 7TD", "QX4 7TD", false)
	person(3, "Ferriby", "12 Tenter Row, Coldwater", "QX4 7TD", false)
	person(4, "Okonjo", "Flat 2, 11 Tenter Row", "QX4 7TD", false)
	person(5, "Hidden", "11 Tenter Row, Coldwater", "QX4 7TD", true)
	farm := person(6, "Lindqvist", "Weir Cottage, Dunsett", "QX4 2AB", false)
	person(7, "Lindqvist", "Weir Cottage", "QX4 2AB", false)
	hidden := person(8, "Hidden", "12 Tenter Row, Coldwater", "QX4 7TD", true)
	street := person(9, "Smith", "Dunsett", "QX4 9ZZ", false)
	person(10, "Jones", "Dunsett", "QX4 9ZZ", false)
	at := func(p record.Person) Found {
		t.Helper()
		f, err := SameAddress(context.Background(), w.db, ruth, p)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	if f := at(wilfred); len(f.Matches) != 1 || f.Matches[0].Person != (fact.Subject{2}) {
		t.Errorf("%+v", f)
	}
	if f := at(farm); len(f.Matches) != 1 {
		t.Errorf("a house with a name: %+v", f)
	}
	if f := at(hidden); len(f.Matches) != 0 {
		t.Errorf("from a restricted record: %+v", f)
	}
	if f := at(street); len(f.Matches) != 0 {
		t.Errorf("a village is no household: %+v", f)
	}
	for n := range byte(12) {
		person(20+n, "Resident", "The Lindens, Aldermoor", "QX1 1AA", false)
	}
	if f := at(person(40, "Resident", "The Lindens", "QX1 1AA", false)); len(f.Matches) != MostAtHome || !f.More {
		t.Errorf("%d, more %v", len(f.Matches), f.More)
	}
}
