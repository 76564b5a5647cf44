package urgentweb

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/record"
)

func TestARecordIsLinkedByAPersonWhoCompared(t *testing.T) {
	d := openDesk(t)
	id := d.arrive(referral("m-1"), "<soap/>")
	if body := d.get("/case/"+id.String()).is(t, http.StatusOK).body; strings.Contains(body, "The same person") {
		t.Error("nobody was found, and somebody is offered")
	}
	known := fact.Subject{77}
	d.found = []record.Match{{Person: known, Called: "TANSLEY, Wilfred", Born: codes.Date{Year: 1948, Month: 2, Day: 3}, On: "All four", All: true}}
	d.get("/case/"+id.String()).is(t, http.StatusOK).wants(t, "The same person", "3 Feb 1948", "All four", "No record is linked")
	d.post("/case/"+id.String()+"/link", url.Values{"record": {"nonsense"}}).is(t, http.StatusUnprocessableEntity)
	d.post("/case/"+id.String()+"/link", url.Values{"record": {known.String()}}).is(t, http.StatusSeeOther)
	if body := d.get("/case/" + id.String()).body; strings.Contains(body, "The same person") {
		t.Error("a linked case still asks")
	}
}
