package node_test

import (
	"bytes"
	"testing"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/fact"
	"holdfast/journal"
)

// The page of devices says which version of the program each runs, marks those
// that run another than this one, remembers what a device said last when it is
// gone, and says of one that was never linked that it is not known.
func TestWhichProgramEachDeviceRuns(t *testing.T) {
	lib := library(t)
	site, err := node.Open(t.Context(), node.Config{Place: found(t, lib, "Fellside 111", "ZZ111"), Library: lib, Host: "a.localhost", Devices: listen(t), Version: "1.2.0"})
	if err != nil {
		t.Fatal(err)
	}
	site.Start()
	t.Cleanup(func() { closed(t, site) })
	h := serve(t, site)
	h.sign(access.Administrator)
	page := func() []byte {
		_, body := h.page(access.Administrator, "/devices")
		return body
	}
	const mark, unknown = "Other version than here", "not linked since this device was started"
	enrolDesk(t, site.Journal)
	if body := page(); !bytes.Contains(body, []byte("1.2.0")) || bytes.Contains(body, []byte(mark)) || bytes.Count(body, []byte(unknown)) != 1 {
		t.Errorf("before anybody is linked: %s", body)
	}
	for name, version := range map[string]string{"one": "1.1.0", "two": "1.2.0", "three": ""} {
		place := node.Place{Dir: t.TempDir(), Demo: true}
		ask, err := journal.Ask(t.Context(), journal.Options{Dir: place.Dir, Demo: true}, fact.Desk, "desk "+name, "floor")
		if err != nil {
			t.Fatal(err)
		}
		admission, err := site.Journal.Enrol(t.Context(), boss.Author(), ask)
		if err != nil {
			t.Fatal(err)
		}
		if err := journal.Join(t.Context(), journal.Options{Dir: place.Dir, Demo: true}, admission); err != nil {
			t.Fatal(err)
		}
		d, err := node.Open(t.Context(), node.Config{Place: place, Library: lib, Host: "b.localhost", Sisters: []string{site.DeviceAddress()}, Version: version})
		if err != nil {
			t.Fatal(err)
		}
		d.Start()
		until(t, "the desk is linked", func() bool { return bytes.Count(page(), []byte(unknown)) == 1 })
		closed(t, d)
	}
	body := page() // all are gone, and what they said stands
	if bytes.Count(body, []byte(mark)) != 2 || !bytes.Contains(body, []byte("1.1.0")) || bytes.Count(body, []byte("1.2.0")) != 2 || !bytes.Contains(body, []byte("older than this one")) {
		t.Errorf("%s", body)
	}
}
