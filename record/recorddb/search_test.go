package recorddb

import (
	"database/sql"
	"fmt"
	"slices"
	"testing"

	"holdfast/codes"
	"holdfast/content"
	"holdfast/fact"
	"holdfast/record"
)

func nicknames(t testing.TB) record.Nicknames {
	t.Helper()
	set, err := content.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	n, err := record.LoadNicknames(set)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// amend states parts of somebody's identity anew.
func (w *world) amend(s fact.Subject, id record.Identity, fields ...record.Field) {
	w.t.Helper()
	d, err := record.Amend(record.Fold(s, fact.NewHistory(w.facts[s])), ruth, record.Amendment{Identity: id, Fields: fields, Why: "told"}, now)
	w.say(s, d, err)
}

func TestPeopleAreFoundByWhatCallersSay(t *testing.T) {
	w := newWorld(t)
	n := nicknames(t)
	married := w.person(1, tansley())
	moved := tansley()
	moved.Name, moved.Address = record.Name{Given: "Wilfred", Family: "Ferriby"}, codes.Place{Text: "3 Weir Cottages", Postcode: "QX9 1AB"}
	w.amend(married, moved, record.FieldName, record.FieldAddress)
	bill := identity("William", "Marchbank", 1961, 7, 19)
	bill.Aliases = []record.Name{{Given: "Willem", Family: "van Houten"}}
	bill.Address.Postcode = "QX3 2CD"
	bill.Lines = []record.Line{{Phone: codes.ReceivePhone("+31 20 5550123"), Use: "work"}}
	w.person(2, bill)
	for _, c := range []struct {
		name string
		q    record.Query
		want string
	}{
		{"the name before marriage", record.Query{Given: "Wilfred", Family: "Tansley", Born: codes.Date{Year: 1948, Month: 2, Day: 3}}, "FERRIBY, Wilfred: Former last name, first name, birth date"},
		{"the last name changed here too", record.Query{Given: "Wilfred", Family: "Quillfeather", Born: codes.Date{Year: 1948, Month: 2, Day: 3}}, "FERRIBY, Wilfred: First name, birth date"},
		{"an old address", record.Query{Family: "Ferriby", Postcode: "QX4 7TD"}, "FERRIBY, Wilfred: Last name, old postcode"},
		{"part of a postcode", record.Query{Family: "Marchbank", Postcode: "QX3"}, "MARCHBANK, William: All two"},
		{"more of a postcode", record.Query{Family: "Marchbank", Postcode: "QX3 2"}, "MARCHBANK, William: All two"},
		{"a nickname", record.Query{Given: "Bill", Family: "Marchbank", Born: codes.Date{Year: 1961, Month: 7, Day: 19}}, "MARCHBANK, William: Last name, another form of the first name, birth date"},
		{"a nickname, misspelt name, day and month swapped", record.Query{Given: "Billy", Family: "Marshbank", Born: codes.Date{Year: 1961, Month: 7, Day: 9}}, "MARCHBANK, William: Last name sounds alike, another form of the first name, month, year"},
		{"another name", record.Query{Family: "Houten"}, "MARCHBANK, William: Part of last name"},
		{"a foreign number", record.Query{Phone: codes.ReceivePhone("0031205550123")}, "MARCHBANK, William: Phone"},
		{"the year misheard", record.Query{Given: "William", Family: "Marchbank", Born: codes.Date{Year: 1967, Month: 7, Day: 19}}, "MARCHBANK, William: Name, day, month"},
	} {
		c.q.Also = n.Of(c.q.Given)
		f := w.find(c.q)
		if len(f.Matches) == 0 {
			t.Errorf("%s: nobody", c.name)
			continue
		}
		if got := f.Matches[0].Called + ": " + f.Matches[0].On; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestDeadAndLinkedAreMarkedInTheList(t *testing.T) {
	w := newWorld(t)
	a, b := w.person(1, tansley()), w.person(2, identity("Wilf", "Tansley", 1948, 2, 3))
	w.amend(a, record.Identity{Death: record.Death{Dead: record.Yes}}, record.FieldDeath)
	fold := func(s fact.Subject) record.Person { return record.Fold(s, fact.NewHistory(w.facts[s])) }
	d, err := record.LinkIdentities(fold(a), fold(b), ruth, record.Linking{Why: "same address"})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range d {
		w.say(one.Subject, []fact.Draft{one}, nil)
	}
	f := w.find(record.Query{Family: "Tansley"})
	if len(f.Matches) != 2 || !f.Matches[0].Linked || !f.Matches[1].Linked || f.Matches[0].Dead == f.Matches[1].Dead {
		t.Errorf("%+v", f.Matches)
	}
	d, err = record.UnlinkIdentities(fold(a), fold(b), ruth, "brothers")
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range d {
		w.say(one.Subject, []fact.Draft{one}, nil)
	}
	for _, m := range w.find(record.Query{Family: "Tansley"}).Matches {
		if m.Linked {
			t.Errorf("unlinked, and marked: %+v", m)
		}
	}
}

// A restricted person is found by no place, an old one neither.
func TestARestrictedPersonIsNotFoundByAnOldAddress(t *testing.T) {
	w := newWorld(t)
	s := w.person(1, tansley())
	w.amend(s, record.Identity{Address: codes.Place{Text: "Refuge", Postcode: "QX9 1AB"}, Restricted: true}, record.FieldAddress, record.FieldRestricted)
	for _, p := range []codes.Postcode{"QX4 7TD", "QX9 1AB", "QX9"} {
		if f := w.find(record.Query{Postcode: p}); len(f.Matches) != 0 {
			t.Errorf("found by %s: %+v", p, f.Matches)
		}
	}
	var n int
	if err := w.db.QueryRow(`SELECT count(*) FROM record_person WHERE lived <> '' OR postcodes <> '' OR address <> ''`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows hold whereabouts, %v", n, err)
	}
}

// Among many who share a name, or a birth date, the one who is meant is among
// the few that are looked at: the first 400 of a key are not all.
func TestTheOneMeantIsFoundInACrowd(t *testing.T) {
	w := newWorld(t)
	meant := identity("Oliver", "Smith", 1960, 5, 6)
	meant.Address.Postcode = "QX8 3AB"
	w.in(func(tx *sql.Tx) error {
		for i := range mostPerKey + 60 {
			for n, id := range []record.Identity{identity("Oliver", "Smith", 1930+i%90, 1+i%12, 7+i%20), identity(fmt.Sprint("Given", i), fmt.Sprint("Family", i), 1960, 5, 6)} {
				p := record.Person{Subject: fact.Subject{byte(i), byte(i >> 8), byte(n), 3}}
				p.Name.Values = []fact.Stated[record.Name]{{Value: id.Name}}
				p.Born.Values = []fact.Stated[codes.Date]{{Value: id.Born}}
				if err := put(tx, p); err != nil {
					return err
				}
			}
		}
		return nil
	})
	s := w.person(9, meant)
	for _, q := range []record.Query{
		{Given: "Oliver", Family: "Smith", Born: meant.Born}, {Family: "Smith", Born: meant.Born}, {Given: "Oliver", Born: meant.Born},
		{Given: "Oliver", Family: "Smyth", Born: codes.Date{Year: 1960, Month: 6, Day: 5}}, {Family: "Smith", Postcode: "QX8"},
		{Given: "Ollie", Also: nicknames(t).Of("Ollie"), Family: "Smith", Born: meant.Born},
		{Given: "Oliver", Family: "Smith", Born: codes.Date{Year: 1961, Month: 5, Day: 6}, Postcode: "QX8"},
	} {
		if f := w.find(q); len(f.Matches) == 0 || f.Matches[0].Person != s {
			t.Errorf("%+v: %+v", q, f.Matches)
		}
	}
}

func TestNicknames(t *testing.T) {
	n := nicknames(t)
	for short, formal := range map[string]string{"Bill": "william", "peggy": "margaret", "Dai": "david", "BOB": "robert", "Margaret": "peggy"} {
		if !slices.Contains(n.Of(short), formal) {
			t.Errorf("%s: %v", short, n.Of(short))
		}
	}
	if n.Of("") != nil || n.Of("Zebedee") != nil || slices.Contains(n.Of("Bill"), "bill") {
		t.Error("a name that the table does not have has forms")
	}
}
