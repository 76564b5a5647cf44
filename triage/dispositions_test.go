package triage

import (
	"encoding/csv"
	"os"
	"testing"
	"time"

	"holdfast/content"
	"holdfast/fact/refusal"
)

func TestDeadlines(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	d := shipped(t).Dispositions()
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", s, london)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		dx         Dx
		from, want string
		nation     content.Nation
		disputed   bool
	}{
		{"Dx05", "2026-11-21 19:47", "2026-11-21 21:47", content.England, false},
		{"Dx011", "2026-11-21 19:47", "2026-11-21 20:05", content.England, false},
		{"Dx010", "2026-11-21 19:47", "2026-11-21 19:54", content.England, false},
		{"Dx01125", "2026-11-21 19:47", "2026-11-21 20:05", content.England, false}, // no category: taken as 2
		{"Dx012", "2026-11-21 19:47", "2026-11-21 21:47", content.England, false},
		{"Dx013", "2026-11-21 19:47", "2026-11-21 22:47", content.England, false},
		{"Dx0162", "2026-11-21 19:47", "2026-11-21 20:47", content.England, false},
		{"Dx32", "2026-11-21 19:47", "2026-11-21 19:47", content.England, false},
		{"Dx92", "2026-11-21 19:47", "2026-11-21 20:47", content.England, true},
		{"Dx94", "2026-11-21 19:47", "2026-11-21 20:47", content.England, true},
		{"Dx118", "2026-11-21 19:47", "2026-11-21 20:47", content.England, true},
		{"Dx329", "2026-11-21 19:47", "2026-11-21 19:47", content.England, true},
		{"Dx333", "2026-11-21 19:47", "2026-11-21 20:07", content.England, true},
		{"Dx08", "2026-10-24 14:00", "2026-10-25 13:00", content.England, false},   // 24 hours, though the clocks go back
		{"Dx75", "2026-11-20 09:00", "2026-11-25 18:30", content.England, false},   // Friday to Wednesday
		{"Dx115", "2026-11-20 23:50", "2026-11-23 18:30", content.England, false},  // Friday night to Monday
		{"Dx115", "2026-12-24 10:00", "2026-12-29 18:30", content.England, false},  // over Christmas and its substitute day
		{"Dx115", "2026-12-31 10:00", "2027-01-04 18:30", content.England, false},  // New Year
		{"Dx115", "2026-12-31 10:00", "2027-01-05 18:00", content.Scotland, false}, // and 2 January's substitute
		{"Dx22", "2026-12-23 10:00", "2026-12-30 10:00", content.England, true},    // 7 days are shorter than 3 working days here
		{"Dx22", "2026-11-16 10:00", "2026-11-19 18:30", content.England, true},    // and longer here
		{"Dx115", "2030-12-24 10:00", "2030-12-25 18:30", content.England, false},  // beyond the list: shorter, never longer
	} {
		got, err := d.Deadline(c.dx, at(c.from), c.nation)
		if err != nil || !got.Due.Equal(at(c.want)) || got.Disputed != c.disputed {
			t.Errorf("%s from %s: %v disputed %v, %v; want %s", c.dx, c.from, got.Due, got.Disputed, err, c.want)
		}
		inUTC, _ := d.Deadline(c.dx, at(c.from).UTC(), c.nation)
		if !inUTC.Due.Equal(got.Due) {
			t.Errorf("%s: another zone of the same moment gives %v", c.dx, inUTC.Due)
		}
	}
	for _, dx := range []Dx{"Dx09", "Dx10", "Dx38", "Dx31", "Dx82"} {
		if got, err := d.Deadline(dx, at("2026-11-21 19:47"), content.England); err != nil || !got.None() || got.AtOnce() {
			t.Errorf("%s: %+v %v", dx, got, err)
		}
	}
	if got, _ := d.Deadline("Dx32", at("2026-11-21 19:47"), content.England); !got.AtOnce() {
		t.Error("Dx32 is at once")
	}
	if _, err := d.Deadline("Dx9999", at("2026-11-21 19:47"), content.England); !refusal.Is(err, refusal.Missing) {
		t.Errorf("an unknown code has no deadline of its own: %v", err)
	}
}

func TestDispositionTableIsTheSpecificationsList(t *testing.T) {
	f, err := os.Open("../../shared/spec/dispositions.csv")
	if err != nil {
		t.Skip("SKIPPED: the specification's dispositions.csv is not beside the repository, so the copy is not compared with it")
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	d := shipped(t).Dispositions()
	if len(d.All()) != len(rows)-1 {
		t.Fatalf("%d codes, the specification has %d", len(d.All()), len(rows)-1)
	}
	for _, r := range rows[1:] {
		got, err := d.Lookup(Dx(r[0]))
		if err != nil || got.Name != r[1] || string(got.Mode) != r[2] || string(got.Time.Kind) != r[3] || string(got.Group) != r[5] ||
			got.Category != r[6] || got.Check != (r[8] == "yes") || got.Conflict != r[9] {
			t.Errorf("%s differs: %+v %v", r[0], got, err)
		}
	}
}

func TestSelfCareNeverQueriesDoS(t *testing.T) {
	for _, row := range shipped(t).Dispositions().All() {
		want := row.Dx != "Dx38" && row.Dx != "Dx39" && row.Dx != "Dx46"
		if row.QueriesDoS() != want {
			t.Errorf("%s: %v", row.Dx, row.QueriesDoS())
		}
	}
}
