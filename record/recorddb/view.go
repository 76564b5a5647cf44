// Package recorddb finds people: the tables of the person view, and search
// over them.
//
// Its law: the view is disposable and holds only what search and the rows of
// its answer need; it is built from folded records alone. Values in dispute
// are all searchable. A number that fails its check is never matched on. The
// address of a restricted person is not kept here at all.
package recorddb

import (
	"database/sql"
	"fmt"
	"strings"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
)

// View is the person view.
type View struct{}

var _ journal.View = View{}

// Name is "record".
func (View) Name() string { return "record" }

// Version is raised whenever Create, Apply or the fold change.
func (View) Version() int { return 3 }

// Create makes the empty tables.
func (View) Create(tx *sql.Tx) error {
	_, err := tx.Exec(`
CREATE TABLE record_person (
	id INTEGER PRIMARY KEY, subject BLOB NOT NULL UNIQUE,
	called TEXT NOT NULL, born TEXT NOT NULL, sex TEXT NOT NULL, nhs TEXT NOT NULL, nhs_status INTEGER NOT NULL,
	address TEXT NOT NULL, restricted INTEGER NOT NULL, disputed INTEGER NOT NULL,
	names TEXT NOT NULL, borns TEXT NOT NULL, numbers TEXT NOT NULL, postcodes TEXT NOT NULL, phones TEXT NOT NULL
) STRICT;
CREATE TABLE record_key (
	kind INTEGER NOT NULL, key TEXT NOT NULL, person INTEGER NOT NULL, PRIMARY KEY (kind, key, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_key_person ON record_key (person);`)
	return err
}

// Apply folds anew every person whose identity the facts touch.
func (View) Apply(tx *sql.Tx, r journal.Reader, facts []fact.Fact) error {
	done := map[fact.Subject]bool{}
	for _, f := range facts {
		k := f.Body.Kind
		identity := k == record.PersonRegistered{}.FactKind().Number || k == record.IdentityAmended{}.FactKind().Number
		if !identity || done[f.Header.Subject] {
			continue
		}
		done[f.Header.Subject] = true
		h, err := r.History(f.Header.Subject)
		if err != nil {
			return fmt.Errorf("history of a person: %w", err)
		}
		if err := put(tx, record.Fold(f.Header.Subject, h)); err != nil {
			return fmt.Errorf("person view: %w", err)
		}
	}
	return nil
}

// The kinds of key in record_key.
const (
	keyFamily  = 1 // sound of a last name
	keyBoth    = 2 // sound of a last name, space, first letter of a first name
	keyGiven   = 3 // sound of a first name
	keyBorn    = 4 // "1948-02-03" or as far as it is known
	keyNumber  = 5 // ten digits
	keyPost    = 6 // postcode without its space
	keyPhone   = 7 // national number
	keyLiteral = 8 // plain letters of a last name, for the beginning of a name
	keyHome    = 9 // postcode and house: who lives at one address
)

type key struct {
	kind int
	text string
}

func put(tx *sql.Tx, p record.Person) error {
	row := rowOf(p)
	_, err := tx.Exec(`
INSERT INTO record_person (subject, called, born, sex, nhs, nhs_status, address, restricted, disputed, names, borns, numbers, postcodes, phones)
VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)
ON CONFLICT (subject) DO UPDATE SET called=excluded.called, born=excluded.born, sex=excluded.sex, nhs=excluded.nhs,
	nhs_status=excluded.nhs_status, address=excluded.address, restricted=excluded.restricted, disputed=excluded.disputed,
	names=excluded.names, borns=excluded.borns, numbers=excluded.numbers, postcodes=excluded.postcodes, phones=excluded.phones`,
		p.Subject[:], row.called, row.born, row.sex, row.nhs, row.nhsStatus, row.address, row.restricted, row.disputed,
		strings.Join(row.names, "\n"), strings.Join(row.borns, "\n"), strings.Join(row.numbers, "\n"),
		strings.Join(row.postcodes, "\n"), strings.Join(row.phones, "\n"))
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM record_key WHERE person = (SELECT id FROM record_person WHERE subject = ?)`, p.Subject[:]); err != nil {
		return err
	}
	for _, k := range row.keys() { // one by one: a statement that stays prepared is the quicker one
		if _, err := tx.Exec(`INSERT OR IGNORE INTO record_key (kind, key, person) SELECT ?, ?, id FROM record_person WHERE subject = ?`, k.kind, k.text, p.Subject[:]); err != nil {
			return err
		}
	}
	return nil
}

// row is one person as search sees them. A name is "FAMILY|GIVEN" in plain
// capitals.
type row struct {
	called, born, sex, nhs, address          string
	nhsStatus                                int
	restricted, disputed                     bool
	names, borns, numbers, postcodes, phones []string
	homes                                    []string
}

func rowOf(p record.Person) row {
	id := p.Identity()
	shown := id.Shown()
	r := row{
		called: p.Called(), born: id.Born.String(), sex: string(id.Sex), nhs: id.NHS.Text, nhsStatus: int(id.NHS.Status),
		address: shown.Address.String(), restricted: id.Restricted, disputed: len(p.Disputes()) > 0,
	}
	for _, v := range p.Name.Values {
		r.names = append(r.names, plainName(v.Value))
	}
	for _, n := range p.Aliases {
		r.names = append(r.names, plainName(n))
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
	for _, l := range p.Lines {
		if l.Phone.Present() {
			r.phones = append(r.phones, l.Phone.National())
		}
	}
}

func (r row) keys() []key {
	var out []key
	for _, n := range r.names {
		out = append(out, nameKeys(n)...)
	}
	for _, b := range r.borns {
		out = append(out, key{keyBorn, b})
	}
	for _, n := range r.numbers {
		out = append(out, key{keyNumber, n})
	}
	for _, p := range r.postcodes {
		out = append(out, key{keyPost, strings.ReplaceAll(p, " ", "")})
	}
	for _, p := range r.phones {
		out = append(out, key{keyPhone, p})
	}
	for _, h := range r.homes {
		out = append(out, key{keyHome, h})
	}
	return out
}

func nameKeys(name string) []key {
	family, given, _ := strings.Cut(name, "|")
	var out []key
	for _, f := range familyParts(family) {
		out = append(out, key{keyFamily, sound(f)}, key{keyLiteral, f})
		for _, g := range strings.Fields(given) {
			out = append(out, key{keyBoth, sound(f) + " " + g[:1]})
		}
	}
	for _, g := range strings.Fields(given) {
		out = append(out, key{keyGiven, sound(g)})
	}
	return out
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

// Forget leaves nothing of erased people, search keys included.
func (View) Forget(tx *sql.Tx, subjects []fact.Subject) error {
	for _, s := range subjects {
		if _, err := tx.Exec(`DELETE FROM record_key WHERE person IN (SELECT id FROM record_person WHERE subject = ?)`, s[:]); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM record_person WHERE subject = ?`, s[:]); err != nil {
			return err
		}
	}
	return nil
}
