package directorydb

import (
	"database/sql"
	"errors"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"holdfast/access"
	"holdfast/directory"
	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
)

type held map[fact.Subject][]fact.Fact

func (h held) History(s fact.Subject) (fact.History, error) {
	if s == (fact.Subject{0xff}) {
		return fact.History{}, errors.New("no key")
	}
	return fact.NewHistory(h[s]), nil
}

func TestDirectoryView(t *testing.T) {
	db, err := sql.Open("sqlite", t.TempDir()+"/views.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	now := time.Date(2026, 11, 21, 19, 52, 0, 0, time.UTC)
	keeper := access.Caller{Role: access.Administrator}
	s := directory.Service{
		Name: "Aldermoor base", DoS: "2000000002", ODS: "Y90002", Always: true, Takes: []directory.Taking{{Group: "primary-care"}},
		Doors: []directory.Door{{Route: directory.RouteDirect}},
	}
	service, org := fact.Subject{1}, fact.Subject{2}
	w := facttest.NewWriter("a", fact.At(now))
	facts := held{}
	say := func(about fact.Subject, drafts []fact.Draft, err error) []fact.Fact {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		made := w.State(t, keeper.Author(), fact.NewHistory(facts[about]).Frontier(), drafts...)
		facts[about] = append(facts[about], made...)
		return made
	}
	drafts, err := directory.ListService(directory.Entry{Subject: service}, keeper, s, now)
	made := say(service, drafts, err)
	drafts, err = directory.ListOrganisation(directory.Entry{Subject: org}, keeper, directory.OrganisationListed{ODS: "Y90002", Name: "Tarn Valley"}, now)
	made = append(made, say(org, drafts, err)...)

	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := (View{}).Create(tx); err != nil {
		t.Fatal(err)
	}
	if err := (View{}).Apply(tx, facts, append(made, made...)); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	all, err := Entries(t.Context(), db, keeper)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d entries, %v", len(all), err)
	}
	want, _ := fact.StateHash(directory.Fold(service, fact.NewHistory(facts[service])))
	if got, _ := fact.StateHash(all[0]); got != want {
		t.Error("the view holds another state than the fold gives")
	}
	if r := directory.Search(all, directory.Need{Group: "primary-care", At: now}); len(r) != 1 || r[0].Blocked() {
		t.Errorf("%+v", r)
	}
	if got, err := ByDoS(t.Context(), db, keeper, "2000000002"); err != nil || len(got) != 1 {
		t.Errorf("by service number: %v, %v", got, err)
	}
	if got, err := ByDoS(t.Context(), db, keeper, ""); err != nil || len(got) != 0 {
		t.Errorf("an empty number found %v, %v", got, err)
	}
	if got, err := ByODS(t.Context(), db, access.Caller{Role: access.Device}, "Y90002"); err != nil || len(got) != 2 {
		t.Errorf("by organisation: %v, %v", got, err)
	}
	if e, ok, err := One(t.Context(), db, keeper, org); err != nil || !ok || e.Subject != org {
		t.Errorf("%+v %v %v", e, ok, err)
	}
	if _, err := Entries(t.Context(), db, access.Caller{}); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("nobody may read: %v", err)
	}
}

func TestApplySaysWhatFailed(t *testing.T) {
	f := facttest.NewWriter("a", 1).State(t, fact.Author{}, nil, fact.Say(fact.Subject{0xff}, directory.ServiceEnded{Why: "x"}))
	if err := (View{}).Apply(nil, held{}, f); err == nil {
		t.Error("a history that cannot be read was passed over")
	}
}
