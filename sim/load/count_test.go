package load

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"holdfast/sim/front"
)

// Every call is accounted for by what its page and the list say; one that is
// open and on no list is nowhere, and so is one without a number.
func TestReconcile(t *testing.T) {
	id := func(n byte) string { return strings.Repeat(fmt.Sprintf("%02x", n), 16) }
	title := map[string]string{id(1): "Closed", id(2): "Handed on", id(3): "Free", id(4): "Free", id(5): "Taken by P. Varma, since 10:00"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/worklist" {
			fmt.Fprintf(w, `<tr id="c-%s"><tr id="c-%s">`, id(3), id(5))
			return
		}
		words, ok := title[strings.TrimPrefix(r.URL.Path, "/case/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		fmt.Fprintf(w, `<section class="panel case-now"> <header class="x"><h2>%s</h2></header>`, words)
	}))
	defer server.Close()
	b, err := front.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	b.Base = server.URL
	w := &day{Day: Day{Houses: []House{{Clinicians: []*front.Browser{b}}}, Say: func(string) {}}, ctx: t.Context(), log: newLedger()}
	for n := byte(1); n <= 6; n++ {
		w.log.cases[id(n)] = taken{b, "referred"}
	}
	w.log.cases["call 7"] = taken{b, "no page"}
	out, err := w.reconcile()
	if err != nil {
		t.Fatal(err)
	}
	if out.Calls != 7 || out.Nowhere != 3 || out.Ended["closed"] != 1 || out.Ended["handed on"] != 1 || out.Ended["on the list: free"] != 1 || out.Ended["on the list: taken"] != 1 {
		t.Fatalf("%+v", out)
	}
	if left, err := w.waiting(); err != nil || left != 2 {
		t.Fatal(left, err)
	}
}
