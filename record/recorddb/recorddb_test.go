package recorddb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
	"holdfast/record"
)

var (
	now  = time.Date(2026, 11, 21, 19, 44, 0, 0, time.UTC)
	ruth = access.Caller{Person: fact.Subject{7}, Role: access.CallHandler}
)

type held map[fact.Subject][]fact.Fact

func (h held) History(s fact.Subject) (fact.History, error) {
	if s == (fact.Subject{0xff}) {
		return fact.History{}, errors.New("no key")
	}
	return fact.NewHistory(h[s]), nil
}

type world struct {
	t     testing.TB
	db    *sql.DB
	w     *facttest.Writer
	facts held
}

func newWorld(t testing.TB) *world {
	t.Helper()
	db, err := sql.Open("sqlite", t.TempDir()+"/views.db?_pragma=journal_mode(wal)&_pragma=synchronous(off)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w := &world{t: t, db: db, w: facttest.NewWriter("a", fact.At(now)), facts: held{}}
	w.in(func(tx *sql.Tx) error { return View{}.Create(tx) })
	return w
}

func (w *world) in(do func(tx *sql.Tx) error) {
	w.t.Helper()
	tx, err := w.db.Begin()
	if err == nil {
		err = do(tx)
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// say writes facts about a person and lets the view see them.
func (w *world) say(about fact.Subject, drafts []fact.Draft, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	made := w.w.State(w.t, ruth.Author(), fact.NewHistory(w.facts[about]).Frontier(), drafts...)
	w.facts[about] = append(w.facts[about], made...)
	w.in(func(tx *sql.Tx) error { return View{}.Apply(tx, w.facts, made) })
}

func (w *world) person(n uint16, id record.Identity) fact.Subject {
	w.t.Helper()
	s := fact.Subject{byte(n >> 8), byte(n), 1}
	d, err := record.Register(record.Person{Subject: s}, ruth, record.Registration{Identity: id, Source: record.FromCaller}, now)
	w.say(s, d, err)
	return s
}

func (w *world) find(q record.Query) Found {
	w.t.Helper()
	f, err := Find(w.t.Context(), w.db, ruth, q)
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

func identity(given, family string, y, m, d int) record.Identity {
	return record.Identity{Name: record.Name{Given: given, Family: family}, Born: codes.Date{Year: y, Month: m, Day: d}}
}

func tansley() record.Identity {
	id := identity("Wilfred", "Tansley", 1948, 2, 3)
	id.NHS = codes.ReceiveNHSNumber("9434765919")
	id.Address = codes.Place{Text: "11 Tenter Row, Coldwater", Postcode: "QX4 7TD"}
	id.Lines = []record.Line{{Phone: codes.ReceivePhone("01632 960418")}}
	return id
}

func TestFindSaysWhatMatches(t *testing.T) {
	w := newWorld(t)
	wilfred := w.person(1, tansley())
	w.person(2, identity("Wilfrid J", "Tansley", 1946, 2, 3))
	w.person(3, identity("Bríd", "O’Hanrahan", 1956, 5, 1))
	w.person(4, identity("Eirlys", "Pryce-Lloyd", 1942, 4, 9))
	for _, c := range []struct {
		q    record.Query
		want string // the first match, and what it matches on
	}{
		{record.Query{Given: "Wilfred", Family: "Tansley", Born: codes.Date{Year: 1948, Month: 2, Day: 3}, Postcode: "QX4 7TD", Phone: codes.ReceivePhone("01632960418")}, "TANSLEY, Wilfred: All four"},
		{record.Query{Number: "943 476 5919"}, "TANSLEY, Wilfred: Number"},
		{record.Query{Phone: codes.ReceivePhone("01632 960418")}, "TANSLEY, Wilfred: Phone"},
		{record.Query{Family: "tansly"}, "TANSLEY, Wilfred: Last name sounds alike"},
		{record.Query{Family: "TANS"}, "TANSLEY, Wilfred: Beginning of last name"},
		{record.Query{Family: "Tansley", Born: codes.Date{Year: 1948, Month: 3, Day: 2}}, "TANSLEY, Wilfred: Last name, birth date with day and month swapped"},
		{record.Query{Given: "Wilfrid", Family: "Tansley", Born: codes.Date{Year: 1949, Month: 2, Day: 3}}, "TANSLEY, Wilfrid J: Name, day, month"},
		{record.Query{Family: "O'Hanrahan", Given: "Brid"}, "O’HANRAHAN, Bríd: Name"},
		{record.Query{Family: "Lloyd", Born: codes.Date{Year: 1942}}, "PRYCE-LLOYD, Eirlys: Part of last name, year"},
		{record.Query{Family: "Pryce Lloyd"}, "PRYCE-LLOYD, Eirlys: Last name"},
		{record.Query{Given: "Wilf", Family: "Tansley"}, "TANSLEY, Wilfred: Last name, short first name"},
		{record.Query{Postcode: "QX4 7TD"}, "TANSLEY, Wilfred: Postcode"},
		{record.Query{Given: "Eirlys"}, "PRYCE-LLOYD, Eirlys: First name"},
	} {
		f := w.find(c.q)
		if len(f.Matches) == 0 {
			t.Errorf("%+v: nobody, want %s", c.q, c.want)
			continue
		}
		if got := f.Matches[0].Called + ": " + f.Matches[0].On; got != c.want {
			t.Errorf("%+v: %s, want %s", c.q, got, c.want)
		}
	}
	f := w.find(record.Query{Given: "Wilfred", Family: "Tansley", Born: codes.Date{Year: 1948, Month: 2, Day: 3}})
	if len(f.Matches) != 2 || f.Matches[0].Person != wilfred || !f.Matches[0].All || f.Matches[1].All {
		t.Errorf("%+v", f.Matches)
	}
	if f := w.find(record.Query{Family: "Nobody", Born: codes.Date{Year: 1900, Month: 1, Day: 1}}); len(f.Matches) != 0 {
		t.Errorf("%+v", f.Matches)
	}
	if _, err := Find(t.Context(), w.db, ruth, record.Query{}); !refusal.Is(err, refusal.Invalid) {
		t.Errorf("nothing asked: %v", err)
	}
	if _, err := Find(t.Context(), w.db, access.Caller{Role: access.Administrator}, record.Query{Family: "x"}); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("an administrator: %v", err)
	}
}

func TestUnsoundNumbersAreNeverMatched(t *testing.T) {
	w := newWorld(t)
	id := identity("Folake", "Adebayo", 1979, 1, 1)
	id.NHS = codes.ReceiveNHSNumber("3478526985")
	w.person(1, id)
	if f := w.find(record.Query{Number: "3478526985"}); len(f.Matches) != 0 {
		t.Errorf("%+v", f.Matches)
	}
	f := w.find(record.Query{Family: "Adebayo"})
	if len(f.Matches) != 1 || f.Matches[0].NHS != id.NHS {
		t.Errorf("the number is not shown: %+v", f.Matches)
	}
	got, err := ByNumber(t.Context(), w.db, access.Caller{Role: access.Device}, "3478526985")
	if err != nil || len(got) != 0 {
		t.Errorf("%v %v", got, err)
	}
}

func TestByNumber(t *testing.T) {
	w := newWorld(t)
	s := w.person(1, tansley())
	got, err := ByNumber(t.Context(), w.db, access.Caller{Role: access.Device}, "943 476 5919")
	if err != nil || !slices.Equal(got, []fact.Subject{s}) {
		t.Errorf("%v %v", got, err)
	}
	if _, err := ByNumber(t.Context(), w.db, access.Caller{}, "9434765919"); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("%v", err)
	}
}

func TestAmendedPeopleAreFoundAnew(t *testing.T) {
	w := newWorld(t)
	s := w.person(1, tansley())
	p := record.Fold(s, fact.NewHistory(w.facts[s]))
	d, err := record.Amend(p, ruth, record.Amendment{
		Identity: record.Identity{Name: record.Name{Given: "Wilfred", Family: "Ferriby"}}, Fields: []record.Field{record.FieldName},
	}, now)
	w.say(s, d, err)
	if f := w.find(record.Query{Family: "Ferriby"}); len(f.Matches) != 1 {
		t.Errorf("%+v", f.Matches)
	}
	if f := w.find(record.Query{Family: "Tansley"}); len(f.Matches) != 1 || f.Matches[0].On != "Former last name" || f.Matches[0].All {
		t.Errorf("the former name: %+v", f.Matches)
	}
	var keys, orphans int
	if err := w.db.QueryRow(`SELECT count(*), count(*) FILTER (WHERE person NOT IN (SELECT id FROM record_person)) FROM record_key`).Scan(&keys, &orphans); err != nil || keys == 0 || orphans != 0 {
		t.Errorf("%d keys, %d of nobody, %v", keys, orphans, err)
	}
}

func TestRestrictedPeopleHaveNoWhereabouts(t *testing.T) {
	w := newWorld(t)
	id := tansley()
	id.Restricted = true
	w.person(1, id)
	for _, q := range []record.Query{{Postcode: "QX4 7TD"}, {Phone: codes.ReceivePhone("01632 960418")}} {
		if f := w.find(q); len(f.Matches) != 0 {
			t.Errorf("found by where they are: %+v", f.Matches)
		}
	}
	if f := w.find(record.Query{Family: "Tansley"}); len(f.Matches) != 1 || f.Matches[0].Address != "" || !f.Matches[0].Restricted {
		t.Errorf("%+v", f.Matches)
	}
	var n int
	if err := w.db.QueryRow(`SELECT count(*) FROM record_person WHERE address LIKE '%Tenter%' OR postcodes <> '' OR phones <> ''`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows hold whereabouts, %v", n, err)
	}
}

func TestApplySaysWhatFailed(t *testing.T) {
	f := facttest.NewWriter("a", 1).State(t, ruth.Author(), nil, fact.Say(fact.Subject{0xff}, record.PersonRegistered{}))
	if err := (View{}).Apply(nil, held{}, f); err == nil {
		t.Error("a history that cannot be read was passed over")
	}
}

func TestSound(t *testing.T) {
	for _, same := range [][]string{
		{"TANSLEY", "TANSLY", "TANZLEY"}, {"WILFRED", "WILFRID"}, {"CATHERINE", "KATHRYN", "CATHRIN"}, {"PHILLIPS", "FILLIPS"},
		{"MACDONALD", "MCDONALD"}, {"GEOFFREY", "JEFFREY"}, {"ZIELINSKA", "SIELINSKA"}, {"WRIGHT", "RIGHT"},
	} {
		for _, s := range same {
			if sound(s) != sound(same[0]) {
				t.Errorf("%s sounds %s, %s sounds %s", s, sound(s), same[0], sound(same[0]))
			}
		}
	}
	for _, other := range [][2]string{{"TANSLEY", "TINDALL"}, {"SMITH", "SMART"}, {"ANNA", "OLGA"}} {
		if sound(other[0]) == sound(other[1]) {
			t.Errorf("%s and %s sound alike: %s", other[0], other[1], sound(other[0]))
		}
	}
	for s, want := range map[string]string{"Bríd": "BRID", "O’Hanrahan": "OHANRAHAN", "Pryce-Lloyd": "PRYCE LLOYD", "Łukasz Ødegård": "LUKASZ ODEGARD", "李": ""} {
		if got := plain(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

// many fills the tables without facts, for speed alone; names are few, so
// that keys are crowded.
func many(w *world, n int) {
	random := rand.New(rand.NewPCG(1, 2))
	families := strings.Fields("Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Robinson Wright Thompson Evans Walker White Roberts Green Hall Wood Harris Tansley Ferriby Okonjo Adebayo Lindqvist")
	givens := strings.Fields("Oliver Amelia George Isla Noah Ava Arthur Ivy Muhammad Freya Leo Lily Oscar Florence Harry Mia Archie Willow Wilfred Hubert Agnes Winifred Maja Chidi")
	w.in(func(tx *sql.Tx) error {
		for i := range n {
			id := identity(givens[random.IntN(len(givens))], families[random.IntN(len(families))], 1930+random.IntN(95), 1+random.IntN(12), 1+random.IntN(28))
			id.Address.Postcode = codes.Postcode(fmt.Sprintf("QX%d %d%c%c", 1+random.IntN(9), random.IntN(10), 'A'+random.IntN(2), 'A'+random.IntN(26)))
			id.Lines = []record.Line{{Phone: codes.ReceivePhone(fmt.Sprintf("07%09d", random.IntN(1e9)))}}
			s := fact.Subject{byte(i), byte(i >> 8), byte(i >> 16), 2}
			p := record.Person{Subject: s}
			p.Name.Values = []fact.Stated[record.Name]{{Value: id.Name}}
			p.Born.Values = []fact.Stated[codes.Date]{{Value: id.Born}}
			p.Address.Values = []fact.Stated[codes.Place]{{Value: id.Address}}
			p.Lines = id.Lines
			if err := put(tx, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// Search among 2,000 people stays within 20 ms even for the commonest name.
func TestSearchIsQuick(t *testing.T) {
	w := newWorld(t)
	many(w, 2000)
	slowest(t, w, 250*time.Millisecond) // far above the aim of 20 ms: the machine may be busy and the race detector on
}

func slowest(t testing.TB, w *world, most time.Duration) {
	queries := []record.Query{
		{Family: "Smith"}, {Family: "Smith", Given: "Oliver"}, {Given: "Oliver"}, {Family: "Smith", Born: codes.Date{Year: 1960, Month: 5, Day: 6}},
		{Born: codes.Date{Year: 1960, Month: 5, Day: 6}}, {Postcode: "QX4 1AB"}, {Family: "Tans"}, {Number: "9434765919"},
	}
	var times []time.Duration
	for range 13 {
		for _, q := range queries {
			began := time.Now()
			if _, err := Find(context.Background(), w.db, ruth, q); err != nil {
				t.Fatal(err)
			}
			times = append(times, time.Since(began))
		}
	}
	slices.Sort(times)
	p50, p99 := times[len(times)/2], times[len(times)*99/100]
	t.Logf("p50 %v, p99 %v", p50, p99)
	if p99 > most {
		t.Errorf("p99 is %v, more than %v", p99, most)
	}
}

func BenchmarkFindAmong100k(b *testing.B) {
	w := newWorld(b)
	many(w, 100_000)
	slowest(b, w, time.Second)
	b.ResetTimer()
	for range b.N {
		if _, err := Find(context.Background(), w.db, ruth, record.Query{Family: "Smith", Given: "Oliver", Born: codes.Date{Year: 1960, Month: 5, Day: 6}}); err != nil {
			b.Fatal(err)
		}
	}
}
