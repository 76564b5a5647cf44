package urgentweb

import (
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"
)

// TestShowCall serves the pages of a call to a browser, for looking at them:
//
//	SHOW_CALL=127.0.0.1:8099 go test -run ShowCall -timeout 1h ./urgent/urgentweb
//
// It prints where to look.
func TestShowCall(t *testing.T) {
	at := os.Getenv("SHOW_CALL")
	if at == "" {
		t.Skip("set SHOW_CALL to an address to look at the pages of a call in a browser")
	}
	d := openCall(t)
	d.runs = time.Now()
	t.Cleanup(d.app.Listen())
	_, full := d.newCall()
	f := d.tansleyForm(full)
	d.post("/call/"+full+"/life", url.Values{"case": {full}, "awake": {"yes"}, "breathing": {"yes"}, "bleeding": {"no"}})
	d.post("/call", with(f, "ring_back", "07700 9005", "do", "look"))
	t.Log("call", "/call/"+full)
	_, threat := d.newCall()
	a := d.post("/call/"+threat+"/life", url.Values{"case": {threat}, "awake": {"no"}, "breathing": {"no"}})
	t.Log("arrest", a.location)
	_, ask := d.begun("with", "no", "why", "Fell and banged head on the door")
	path := "/call/" + ask + "/ask"
	for range 9 {
		page := d.get(path)
		if len(page.keys()) == 3 {
			break
		}
		d.post(path, d.answers(page, map[string]string{"record/steroids/steroids": "takes", "core/contacts/contacts": "second"}))
	}
	t.Log("questions", path)
	_, choose := d.begun("why", "Feels odd")
	t.Log("choose", "/call/"+choose+"/ask")
	_, out := d.disposed("Dx05")
	t.Log("outcome", out+"/outcome")
	_, sent := d.disposed("Dx05")
	d.post(sent+"/refer", url.Values{"service": {service(1)}})
	t.Log("sent", sent+"/outcome")
	t.Log("mine", "/mycalls")
	server := d.mux.Server()
	server.Addr = at
	if err := server.ListenAndServe(); err != nil && err != http.ErrServerClosed {
		t.Fatal(err)
	}
}
