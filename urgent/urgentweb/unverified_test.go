package urgentweb

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/urgent"
)

// cut holds back everything that one person said.
func (d *desk) cut(person fact.Subject) {
	d.t.Helper()
	j := d.app.Cases.Journal
	since := fact.At(d.clock().Add(-10 * time.Minute))
	_, err := j.Do(context.Background(), fact.Author{Role: "administrator"}, nil, func(*journal.Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(j.OrgSubject(), journal.CutMade{Person: person, Since: since, Why: "phished"})}, nil
	})
	d.must(err)
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if list := d.as(listNurse).get("/worklist"); strings.Contains(list.body, "Unverified since") {
			return
		}
	}
	d.t.Fatal("the worklist never says that a case is not verified")
}

func TestAHeldCaseIsMarkedEverywhereAndCanBeWorked(t *testing.T) {
	d := openDesk(t)
	id := d.call(wilfred, codes.Date{Year: 1948, Month: 2, Day: 3}, codes.Male, "Chest infection", "Dx05")
	d.cut(listHandler.Person)
	words := unverifiedWords(fact.At(d.clock().Add(-10*time.Minute)), d.clock(), codes.London())
	d.as(listNurse)
	d.get("/worklist").is(t, 200).wants(t, words, "TANSLEY")
	page := d.get("/case/"+id.String()).is(t, 200)
	page.wants(t, words, "This whole case is not verified", "held back: not verified", "Chest infection", "TANSLEY")
	d.post("/case/"+id.String()+"/claim", url.Values{"seen": {page.seen()}}).is(t, 303)
	page = d.get("/case/"+id.String()).is(t, 200)
	page.wants(t, "Yours", "Rests on entries that are held back")
	d.get("/board").is(t, 200).wants(t, "TANSLEY")
	d.post("/case/"+id.String()+"/close", url.Values{"seen": {page.seen()}, "close_why": {"rang back: a hoax"}}).is(t, 303)
	h, err := d.app.Cases.Journal.History(t.Context(), id)
	d.must(err)
	if c := urgent.Fold(id, h); !c.Closed() {
		t.Errorf("stage %q after a trusted person closed it", c.Stage())
	}
}

// A note of any length is either saved whole or comes back whole.
func TestAHugeNoteIsRefusedAndNothingTypedIsLost(t *testing.T) {
	d := openDesk(t)
	id := d.call(wilfred, codes.Date{}, codes.Male, "Chest infection", "Dx05")
	at := "/case/" + id.String() + "/note"
	d.as(listNurse)
	for _, letter := range []string{"a", "é", "😀"} {
		d.post(at, url.Values{"words": {strings.Repeat(letter, 15_000)}}).is(t, 303)
		back := d.post(at, url.Values{"words": {strings.Repeat(letter, 15_001)}}).is(t, 422)
		back.wants(t, strings.Repeat(letter, 15_001), "1 character too many")
	}
	h, err := d.app.Cases.Journal.History(t.Context(), id)
	d.must(err)
	if c := urgent.Fold(id, h); len(c.Notes) != 3 {
		t.Errorf("%d notes saved", len(c.Notes))
	}
}
