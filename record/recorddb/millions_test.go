package recorddb

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/record"
)

// crowd makes people up, the same for the same number: last names, first names
// and places are as crowded as real ones are (a name of rank n about 1/n as
// often as the first; the commonest last name one person in ninety).
type crowd struct {
	familyAt *rand.Zipf
	givenAt  *rand.Zipf
	r        *rand.Rand
}

func newCrowd(seed uint64) *crowd {
	c := &crowd{r: rand.New(rand.NewPCG(seed, 5))}
	c.familyAt, c.givenAt = rand.NewZipf(c.r, 1.02, 2.7, families-1), rand.NewZipf(c.r, 1.05, 8, givens-1)
	return c
}

// How many last and first names there are.
const (
	families = 40_000
	givens   = 4000
)

func familyOf(rank uint64) string {
	parts := strings.Fields("an bel cor dun el fer gar hal in jas kel lor mar nor ol pen quin ros sel tan ul ven wil yor zan ber den fle gri hum ket lam mos ner pat rid san tol wes")
	ends := strings.Fields("ley ton by son ford wick er well ham shaw ston ing man bank field ridge worth dale ski ova")
	n := rand.New(rand.NewPCG(rank, 6))
	return parts[n.IntN(len(parts))] + parts[n.IntN(len(parts))] + ends[n.IntN(len(ends))]
}

func givenOf(rank uint64) string {
	if common := strings.Fields("William Margaret Elizabeth John Mary James Robert Catherine Thomas Sarah Mohammed David"); rank < uint64(len(common)) {
		return common[rank]
	}
	parts := strings.Fields("an bel cor dun el fer gar hal in jas kel lor mar nor ol pen quin ros sel tan ul ven wil yor zan")
	n := rand.New(rand.NewPCG(rank, 7))
	return parts[n.IntN(len(parts))] + parts[n.IntN(len(parts))] + []string{"a", "ie", "us", "en", "o"}[n.IntN(5)]
}

// person makes the next one.
func (c *crowd) person() record.Person {
	id := record.Identity{
		Name: record.Name{Given: givenOf(c.givenAt.Uint64()), Family: familyOf(c.familyAt.Uint64())},
		Born: codes.Date{Year: 1930 + c.r.IntN(96), Month: 1 + c.r.IntN(12), Day: 1 + c.r.IntN(28)},
		NHS:  madeUpNumber(c.r),
		Address: codes.Place{
			Text:     fmt.Sprintf("%d %s Road", 1+c.r.IntN(200), familyOf(c.r.Uint64N(families))),
			Postcode: codes.Postcode(fmt.Sprintf("%c%c%d %d%c%c", 'A'+c.r.IntN(20), 'A'+c.r.IntN(6), 1+c.r.IntN(20), c.r.IntN(10), 'A'+c.r.IntN(2), "ABDEFGHJLN"[c.r.IntN(10)])),
		},
		Lines: []record.Line{{Phone: codes.ReceivePhone(fmt.Sprintf("07%09d", c.r.IntN(1e9))), Use: "mobile"}},
	}
	var p record.Person
	for i := range p.Subject {
		p.Subject[i] = byte(c.r.Uint32())
	}
	p.Name.Values = []fact.Stated[record.Name]{{Value: id.Name}}
	p.Born.Values = []fact.Stated[codes.Date]{{Value: id.Born}}
	p.NHS.Values = []fact.Stated[codes.NHSNumber]{{Value: id.NHS}}
	p.Address.Values = []fact.Stated[codes.Place]{{Value: id.Address}}
	p.Lines = id.Lines
	return p
}

// madeUpNumber gives a number that is sound and belongs to nobody: 999…
func madeUpNumber(r *rand.Rand) codes.NHSNumber {
	for {
		digits := fmt.Sprintf("9%08d", r.IntN(1e8))
		for d := range 10 {
			if n := codes.ReceiveNHSNumber(digits + strconv.Itoa(d)); n.Sound() {
				return n
			}
		}
	}
}

// fill writes people straight into the rows of the view, keys sorted so that
// they are appended: the tables come out as Apply makes them.
func fill(b testing.TB, db *sql.DB, n int) (sample []record.Person) {
	type pair struct{ key, person int64 }
	type name struct {
		text   string
		person int64
	}
	var pairs []pair
	var names []name
	c := newCrowd(1)
	bulk := bulkInsert{b: b, db: db}
	bulk.begin()
	for i := range n {
		p := c.person()
		if len(sample) < 2000 && i%max(n/2000, 1) == 0 {
			sample = append(sample, p)
		}
		r := rowOf(p)
		id := int64(i + 1)
		bulk.add("record_person (id, subject, "+columns+")", append([]any{id, p.Subject[:]}, r.cells()...)...)
		for _, k := range r.keys() {
			pairs = append(pairs, pair{k.hash(), id})
		}
		for _, l := range r.literals() {
			names = append(names, name{l, id})
		}
	}
	bulk.flush()
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.person, b.person)) })
	for _, p := range slices.Compact(pairs) {
		bulk.add("record_key (key, person)", p.key, p.person)
	}
	bulk.flush()
	slices.SortFunc(names, func(a, b name) int { return cmp.Or(cmp.Compare(a.text, b.text), cmp.Compare(a.person, b.person)) })
	for _, l := range slices.Compact(names) {
		bulk.add("record_name (name, person)", l.text, l.person)
	}
	bulk.end()
	return sample
}

// bulkInsert puts many rows into one statement.
type bulkInsert struct {
	b    testing.TB
	db   *sql.DB
	tx   *sql.Tx
	into string
	rows int
	args []any
	made map[string]*sql.Stmt
}

const atOnce = 200

func (i *bulkInsert) begin() {
	var err error
	if i.tx, err = i.db.Begin(); err != nil {
		i.b.Fatal(err)
	}
	i.made = map[string]*sql.Stmt{}
}

func (i *bulkInsert) add(into string, args ...any) {
	i.into, i.rows, i.args = into, i.rows+1, append(i.args, args...)
	if i.rows == atOnce {
		i.flush()
	}
}

func (i *bulkInsert) flush() {
	if i.rows == 0 {
		return
	}
	one := "(" + strings.TrimSuffix(strings.Repeat("?,", len(i.args)/i.rows), ",") + "),"
	query := "INSERT INTO " + i.into + " VALUES " + strings.TrimSuffix(strings.Repeat(one, i.rows), ",")
	s := i.made[query]
	if s == nil {
		var err error
		if s, err = i.tx.Prepare(query); err != nil {
			i.b.Fatal(err)
		}
		i.made[query] = s
	}
	if _, err := s.Exec(i.args...); err != nil {
		i.b.Fatal(err)
	}
	i.rows, i.args = 0, i.args[:0]
}

func (i *bulkInsert) end() {
	i.flush()
	if err := i.tx.Commit(); err != nil {
		i.b.Fatal(err)
	}
}

// The rows that bulk filling makes are those that Apply makes.
func TestBulkFillingMakesTheSameTables(t *testing.T) {
	w, v := newWorld(t), newWorld(t)
	fill(t, w.db, 300)
	c := newCrowd(1)
	v.in(func(tx *sql.Tx) error {
		for range 300 {
			if err := put(tx, c.person()); err != nil {
				return err
			}
		}
		return nil
	})
	for _, query := range []string{
		`SELECT count(*) || ' ' || sum(key % 1000003) || ' ' || sum(person) FROM record_key`,
		`SELECT count(*) || ' ' || group_concat(name) FROM record_name`, `SELECT group_concat(called || names || numbers) FROM record_person`,
	} {
		var a, b string
		if err := w.db.QueryRow(query).Scan(&a); err != nil {
			t.Fatal(err)
		}
		if err := v.db.QueryRow(query).Scan(&b); err != nil || a != b {
			t.Errorf("%s: %.80s, %.80s, %v", query, a, b, err)
		}
	}
}

// asks are the searches that are measured, each for a person who is there.
func asks(p record.Person) map[string]record.Query {
	name, born, place := p.Name.Values[0].Value, p.Born.Values[0].Value, p.Address.Values[0].Value
	misheard := born
	if s, ok := swap(born); ok {
		misheard = s
	}
	return map[string]record.Query{
		"number":           {Number: p.NHS.Values[0].Value.Text},
		"phone":            {Phone: p.Lines[0].Phone},
		"name-born":        {Given: name.Given, Family: name.Family, Born: born},
		"lastname-born":    {Family: name.Family, Born: born},
		"misspelt-swapped": {Given: name.Given, Family: strings.Replace(name.Family, "l", "ll", 1), Born: misheard},
		"name-postcode":    {Given: name.Given, Family: name.Family, Postcode: place.Postcode},
		"name-district":    {Given: name.Given, Family: name.Family, Postcode: codes.Postcode(place.Postcode.District())},
		"lastname":         {Family: name.Family},
	}
}

// HOLDFAST_PEOPLE=5000000 HOLDFAST_PEOPLE_DIR=/some/folder go test -run '^$' -bench Millions -benchtime 1x -timeout 60m ./record/recorddb
//
// It needs about 3.5 GB of disk and 3 GB of memory for five million people; a
// folder that holds them already is used again.
func BenchmarkFindAmongMillions(b *testing.B) {
	n, err := strconv.Atoi(os.Getenv("HOLDFAST_PEOPLE"))
	if err != nil || n < 1 {
		b.Skip("HOLDFAST_PEOPLE says how many people to make up")
	}
	dir := os.Getenv("HOLDFAST_PEOPLE_DIR")
	if dir == "" {
		dir = b.TempDir()
	}
	path := filepath.Join(dir, fmt.Sprintf("people-%d.db", n))
	_, missing := os.Stat(path)
	db, err := sql.Open("sqlite", path+"?_pragma=journal_mode(wal)&_pragma=synchronous(off)&_pragma=cache_size(-65536)")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	w := &world{t: b, db: db}
	var sample []record.Person
	if missing != nil {
		began := time.Now()
		w.in(func(tx *sql.Tx) error { return View{}.Create(tx) })
		sample = fill(b, db, n)
		b.Logf("made in %v", time.Since(began).Round(time.Second))
		if _, err := db.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
			b.Fatal(err)
		}
	} else {
		c := newCrowd(1)
		for i := range n {
			if p := c.person(); len(sample) < 2000 && i%max(n/2000, 1) == 0 {
				sample = append(sample, p)
			}
		}
	}
	sizes(b, db)
	for range b.N {
		measure(b, db, sample)
	}
}

// sizes says what each table takes on the disk, as far as the store tells.
func sizes(b *testing.B, db *sql.DB) {
	var pages, size int64
	if err := db.QueryRow(`SELECT page_count, page_size FROM pragma_page_count, pragma_page_size`).Scan(&pages, &size); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(pages*size)/1e6, "MB")
	rows, err := db.Query(`SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC`)
	if err != nil {
		return // not built in
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		var bytes int64
		if err := rows.Scan(&name, &bytes); err != nil {
			b.Fatal(err)
		}
		b.Logf("%s %.0f MB", name, float64(bytes)/1e6)
	}
}

func measure(b *testing.B, db *sql.DB, sample []record.Person) {
	times, first, listed := map[string][]time.Duration{}, map[string]int{}, map[string]int{}
	r := rand.New(rand.NewPCG(3, 4))
	r.Shuffle(len(sample), func(i, j int) { sample[i], sample[j] = sample[j], sample[i] })
	for _, p := range sample[:min(len(sample), 1000)] {
		for kind, q := range asks(p) {
			began := time.Now()
			f, err := Find(context.Background(), db, ruth, q)
			if err != nil {
				b.Fatal(err)
			}
			times[kind] = append(times[kind], time.Since(began))
			at := slices.IndexFunc(f.Matches, func(m record.Match) bool { return m.Person == p.Subject })
			if at == 0 {
				first[kind]++
			}
			if at >= 0 {
				listed[kind]++
			}
		}
	}
	for kind, all := range times {
		slices.Sort(all)
		p50, p99 := all[len(all)/2], all[len(all)*99/100]
		b.Logf("%-17s p50 %6.1f ms, p99 %6.1f ms; first %d, listed %d of %d", kind, float64(p50.Microseconds())/1000, float64(p99.Microseconds())/1000, first[kind], listed[kind], len(all))
		b.ReportMetric(float64(p99.Microseconds())/1000, "p99-ms-"+kind)
	}
}
