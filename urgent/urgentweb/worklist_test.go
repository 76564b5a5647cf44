package urgentweb

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/a-h/templ"

	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
	"holdfast/web"
)

var (
	wilfred = record.Name{Given: "Wilfred", Family: "Tansley"}
	simran  = record.Name{Given: "Simran", Family: "Kaur-Ellis"}
	dolores = record.Name{Given: "Dolores", Family: "Ferriby"}
)

func TestWorklistGroupsByWhatWillBeLateFirst(t *testing.T) {
	d := openDesk(t)
	late := d.call(dolores, codes.Date{Year: 1945, Month: 2, Day: 3}, codes.Female, "Dizzy since new tablets", "Dx34")
	d.later(25 * time.Minute)
	soon := d.call(simran, codes.Date{Year: 1992, Month: 5, Day: 1}, codes.Female, "Headache, 32 weeks", "Dx34")
	d.later(10 * time.Minute)
	d.call(wilfred, codes.Date{Year: 1948, Month: 2, Day: 3}, codes.Male, "Chest infection", "Dx05")
	d.call(record.Name{}, codes.Date{}, "", "No deadline yet", "")
	page := d.get("/worklist").is(t, http.StatusOK)
	page.wants(t, "FERRIBY, Dolores", "5 min late", "81 F", "KAUR-ELLIS, Simran", "20 min left", "TANSLEY, Wilfred", "On a call now", "UNKNOWN", "4 open", "Coldwater")
	at := -1
	for _, text := range []string{`id="grp-late"`, "c-" + late.String(), `id="grp-soon"`, "c-" + soon.String(), `id="grp-ok"`, "TANSLEY", `id="grp-hold"`, "UNKNOWN"} {
		i := strings.LastIndex(page.body, text)
		if i < at {
			t.Errorf("%q stands too early", text)
		}
		at = i
	}
	page.wants(t, `formaction="/case/`+late.String()+`/claim"`, "Take next")
	page.without(t, "grp-due")
}

func TestWorklistFiltersAndSaysWhenNothingFits(t *testing.T) {
	d := openDesk(t)
	d.get("/worklist").is(t, http.StatusOK).wants(t, "No one is waiting.")
	d.call(wilfred, codes.Date{}, codes.Male, "Chest infection", "Dx05")
	d.call(simran, codes.Date{}, codes.Female, "Headache", "Dx34")
	d.get("/worklist?find=tansley").wants(t, "TANSLEY", `value="tansley"`)
	d.get("/worklist?find=tansley").without(t, `class="pt" href="/case/`+"x", ">KAUR-ELLIS, Simran</a>")
	d.get("/worklist?show=speak").without(t, ">TANSLEY, Wilfred</a>")
	d.get("/worklist?mine=yes").wants(t, "Nothing here under this filter.", "2 cases are open in all")
}

func TestTakeNextTakesWhatWillBeLateFirstAndTheRowSaysWho(t *testing.T) {
	d := openDesk(t)
	slow := d.call(wilfred, codes.Date{}, codes.Male, "Chest infection", "Dx05")
	first := d.call(simran, codes.Date{}, codes.Female, "Headache", "Dx34")
	d.get("/worklist").wants(t, "<b>KAUR-ELLIS, Simran, F</b>")
	if got := d.post("/worklist/next", url.Values{}).is(t, http.StatusSeeOther); got.location != "/case/"+first.String() {
		t.Errorf("took %s", got.location)
	}
	d.get("/worklist").wants(t, "You, opened 19:54", `class="mine"`)
	d.as(listDoctor).get("/worklist").wants(t, "P. Varma, nurse, opened 19:54", `class="taken"`)
	d.post("/worklist/next", url.Values{}).is(t, http.StatusNotFound).wants(t, "a call handler is finding a service")
	d.get("/worklist").wants(t, " finds a service</span>")
	d.later(d.app.Cases.Rules.Placing)
	if got := d.post("/worklist/next", url.Values{}); got.location != "/case/"+slow.String() {
		t.Errorf("the second took %s", got.location)
	}
	d.post("/worklist/next", url.Values{}).is(t, http.StatusNotFound).wants(t, "Nobody is waiting for you to take.")
}

func TestChangedRowsAreDrawnWithHeadingsAndNumbers(t *testing.T) {
	d := openDesk(t)
	id := d.call(wilfred, codes.Date{}, codes.Male, "Chest infection", "Dx34")
	d.do(listNurse, "claim a case", id, func(c urgent.Case, _ time.Time) ([]fact.Draft, error) { return urgent.Claim(c, listNurse) })
	frags, err := d.app.drawRows(context.Background(), listNurse, listFilter{}, []web.Change{{Topic: casesTopic, Key: id.String()}})
	if err != nil {
		t.Fatal(err)
	}
	drawn := map[string]string{}
	for _, f := range frags {
		var b strings.Builder
		if f.HTML != nil {
			if err := f.HTML.Render(context.Background(), &b); err != nil {
				t.Fatal(err)
			}
		}
		drawn[f.ID] = b.String() + f.Gone
	}
	if row := drawn["c-"+id.String()]; !strings.Contains(row, "You, opened") {
		t.Errorf("the row: %s", row)
	}
	for _, want := range []string{"wl-sum", "wl-who", "wl-total", "grp-soon"} {
		if drawn[want] == "" {
			t.Errorf("%s is not drawn", want)
		}
	}
	frags, err = d.app.drawRows(context.Background(), listNurse, listFilter{Free: true}, []web.Change{{Topic: casesTopic, Key: id.String()}})
	if err != nil || frags[0].ID != "c-"+id.String() || frags[0].Gone == "" {
		t.Errorf("a row that left its filter: %+v %v", frags, err)
	}
}

func TestListenTellsOpenPagesWhichCaseChanged(t *testing.T) {
	d := openDesk(t)
	stop := d.app.Listen()
	defer stop()
	server := httptest.NewServer(d.mux)
	defer server.Close()
	res, err := http.Get(server.URL + "/worklist/rows")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	id := d.call(wilfred, codes.Date{}, codes.Male, "Chest infection", "Dx34")
	buf, heard := make([]byte, 64<<10), ""
	for !strings.Contains(heard, "c-"+id.String()) {
		n, err := res.Body.Read(buf)
		if err != nil {
			t.Fatalf("the stream ended before the case was said: %v; heard %q", err, heard)
		}
		heard += string(buf[:n])
	}
}

func TestAgesAreShort(t *testing.T) {
	now := time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)
	for want, born := range map[string]codes.Date{
		"78": {Year: 1948, Month: 2, Day: 3}, "2": {Year: 2024, Month: 11, Day: 21}, "23 m": {Year: 2024, Month: 11, Day: 22},
		"11 w": {Year: 2026, Month: 9, Day: 1}, "5 d": {Year: 2026, Month: 11, Day: 16}, "": {}, "77–78": {Year: 1948},
	} {
		if got := shortAge(born, now); got != want {
			t.Errorf("born %v: %q, want %q", born, got, want)
		}
	}
}

// fill puts n waiting cases on the list.
func (d *desk) fill(n int) {
	d.t.Helper()
	dxs := []codes.Dx{"Dx34", "Dx05", "Dx06", "Dx07", "Dx11", "Dx333", "Dx35", "Dx13"}
	for i := range n {
		if i%20 == 0 {
			d.later(time.Minute)
		}
		ref := exchange.Referral{
			ID: fmt.Sprintf("fill-%d", i), Purpose: exchange.ForReferral, From: exchange.Party{Name: "Fellside 111", ODS: "FEL01"},
			Patient:  record.Identity{Name: record.Name{Given: "Wilfred", Family: fmt.Sprintf("Tansley-%d", i)}, Born: codes.Date{Year: 1930 + i%90, Month: 1 + i%12, Day: 1 + i%28}, Sex: codes.Male, NHS: codes.ReceiveNHSNumber("9994120735")},
			Location: codes.Place{Text: "11 Tenter Row, Coldwater", Postcode: "QX4 7TD"}, Callback: codes.ReceivePhone("01632960418"),
			Reason: "Chest infection, more breathless, fever, steroids daily", Dx: codes.ReceiveDx(string(dxs[i%len(dxs)])), Assessed: fact.At(d.clock()),
		}
		d.arrive(ref, "<message/>")
	}
}

func TestRowsBeyondTheListAreCounted(t *testing.T) {
	var b strings.Builder
	if err := listFoot(worklistPage{Beyond: 12, Reports: 3}).Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"12 more cases are not shown here.", "3 reports to GPs still to go."} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// BenchmarkWorklistPage draws the worklist of 500 cases through its handler.
func BenchmarkWorklistPage(b *testing.B) {
	d := openDesk(b)
	d.fill(500)
	for _, packed := range []string{"", "gzip"} {
		name := "plain"
		if packed != "" {
			name = packed
		}
		b.Run(name, func(b *testing.B) {
			bytes, began := 0, cpu(b)
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, "/worklist", nil)
				r.Header.Set("Accept-Encoding", packed)
				w := httptest.NewRecorder()
				d.mux.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
				bytes = w.Body.Len()
			}
			b.ReportMetric(float64(bytes), "bytes/page")
			b.ReportMetric(float64((cpu(b)-began).Microseconds())/1000/float64(b.N), "cpu-ms/page")
		})
	}
	b.Run("reading", func(b *testing.B) {
		began := cpu(b)
		defer func() {
			b.ReportMetric(float64((cpu(b)-began).Microseconds())/1000/float64(b.N), "cpu-ms/page")
		}()
		for b.Loop() {
			if _, err := d.app.Cases.Glance(context.Background(), listNurse, urgentdb.Show{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func TestRowsAreDrawnAsTheSharedPartsAre(t *testing.T) {
	now := time.Date(2026, 11, 21, 19, 54, 0, 0, time.UTC)
	drawn := func(c templ.Component) string {
		var b strings.Builder
		if err := c.Render(context.Background(), &b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for _, left := range []time.Duration{-time.Hour, -time.Second, 0, 5 * time.Minute, 25 * time.Minute, 3 * time.Hour} {
		row := drawn(listRowView(listRow{From: now.Add(-20 * time.Minute), Due: now.Add(left), Priority: 1, Name: "<b>", Why: `"&`}, now))
		for _, part := range []templ.Component{web.TimeLeft(now.Add(left), now), web.TimeUsed(now.Add(-20*time.Minute), now.Add(left), now), web.Priority(1)} {
			if !strings.Contains(row, drawn(part)) {
				t.Errorf("%v: the row is %s and lacks %s", left, row, drawn(part))
			}
		}
		if strings.Contains(row, "<b>") || !strings.Contains(row, "&#34;&amp;") {
			t.Errorf("what was typed is not made harmless: %s", row)
		}
	}
	call := drawn(listRowView(listRow{OnCall: true, From: now.Add(-time.Minute)}, now))
	if !strings.Contains(call, drawn(web.OnCall(now.Add(-time.Minute), now))) {
		t.Errorf("the row is %s", call)
	}
}

// cpu is the processor time that this process has used: other work on the
// machine does not count.
func cpu(t testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
