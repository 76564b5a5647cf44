package urgentweb

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/directory"
	"holdfast/fact"
	"holdfast/fact/facttest"
)

func TestBoardCountsByPriorityAndHowLate(t *testing.T) {
	d := openDesk(t)
	d.call(dolores, codes.Date{}, codes.Female, "Dizzy", "Dx34")
	d.later(35 * time.Minute)
	d.call(simran, codes.Date{}, codes.Female, "Headache", "Dx34")
	d.call(wilfred, codes.Date{}, codes.Male, "Chest", "Dx05")
	d.tasks = []TaskLine{{ID: fact.Subject{1}, What: "Ring", Due: d.clock().Add(-time.Minute)}, {ID: fact.Subject{2}, What: "Ask", Due: d.clock().Add(time.Hour)}}
	page, err := d.app.boardOf(t.Context(), listManager)
	if err != nil {
		t.Fatal(err)
	}
	page.countTasks(d.tasks)
	want := boardPage{Total: 3, Late: 1, Free: 3, FreeP1: 2, Tasks: 2, TaskDue: 1}
	if page.Total != want.Total || page.Late != want.Late || page.Free != want.Free || page.FreeP1 != want.FreeP1 || page.Tasks != 2 || page.TaskDue != 1 || page.waited() != "35 min" {
		t.Errorf("%+v", page)
	}
	if p1 := page.Rows[0]; p1 != (boardRow{Late: 1, Soon: 1}) {
		t.Errorf("P1: %+v", p1)
	}
	shown := d.as(listManager).get("/board").is(t, http.StatusOK)
	shown.wants(t, "Open cases", "of which 1 late", "FERRIBY, Dolores", "5 min late", "No one has it", "longest wait of a free case", "<details", "35 min")
	d.as(listHandler).get("/board").is(t, http.StatusForbidden)
}

func TestTasksAreTakenAndEndedWithAnOutcome(t *testing.T) {
	d := openDesk(t)
	d.get("/tasks").is(t, http.StatusOK).wants(t, "No task is open.")
	id := fact.Subject{7}
	d.tasks = []TaskLine{{ID: id, What: "No receipt from the community team", About: fact.Subject{8}, Due: d.clock().Add(-2 * time.Minute), First: true}}
	d.get("/tasks").wants(t, "No receipt from the community team", "2 min late", "First", `href="/case/`+fact.Subject{8}.String())
	d.post("/tasks/"+id.String()+"/take", url.Values{}).is(t, http.StatusSeeOther)
	d.get("/tasks").wants(t, "P. Varma, nurse", `class="mine"`)
	d.post("/tasks/"+id.String()+"/done", url.Values{}).is(t, http.StatusUnprocessableEntity)
	d.post("/tasks/"+id.String()+"/done", url.Values{"outcome": {"reached"}}).is(t, http.StatusSeeOther)
	if len(d.done) != 1 || d.done[0] != id.String()+" reached" {
		t.Errorf("done: %v", d.done)
	}
}

func TestServicesSayWhatIsOpenNow(t *testing.T) {
	d := openDesk(t)
	entry := func(n byte, s directory.Service) directory.Entry {
		w, id := facttest.NewWriter(string(rune('a'+n)), fact.At(d.clock())), fact.Subject{n}
		facts := w.State(t, listManager.Author(), nil, fact.Say(id, directory.ServiceListed{Service: s}))
		return directory.Fold(id, fact.NewHistory(facts))
	}
	d.services = []directory.Entry{
		entry(1, directory.Service{Name: "Aldermoor base", Type: directory.TreatmentCentre, Hours: []directory.Opening{{Days: directory.EveryDay, From: 18 * 60, To: 22 * 60}}}),
		entry(2, directory.Service{Name: "Millrace Practice", Type: directory.GPPractice, Phone: codes.ReceivePhone("01632960377"), Hours: []directory.Opening{{Days: directory.Weekdays, From: 8 * 60, To: 18 * 60}}}),
		entry(3, directory.Service{Name: "Fells Hospital", Type: directory.EmergencyDept, Always: true}),
	}
	page := d.get("/services").is(t, http.StatusOK)
	page.wants(t, "Open until 22:00", "Opens Mon 23 Nov 08:00", "Open day and night", "01632 960 377", "3 in the directory")
	d.get("/services?find=millrace").without(t, "Aldermoor base")
	d.get("/services?find=nothing").wants(t, "No service fits these words.")
}

func TestHomeIsByRole(t *testing.T) {
	d := openDesk(t)
	for by, want := range map[*access.Caller]string{&listHandler: "/call", &listNurse: "/worklist", &listManager: "/board"} {
		if got := d.as(*by).get("/"); got.location != want {
			t.Errorf("%s goes to %s", by.Role, got.location)
		}
	}
}
