package accessweb

import (
	"context"
	"fmt"
	"net/http"

	"holdfast/web"
)

// Devices is what the page of devices shows: figures and names of devices,
// nothing about any person.
type Devices struct {
	Kept     web.Kept // how safe this device's entries are
	Lines    []DeviceLine
	Forks    []ForkLine
	Noticed  []string // about other devices' histories, newest last
	Damaged  int      // facts found damaged here that no other device has mended yet
	Waiting  int      // keys and attachments on their way here
	MayHold  bool     // the reader may hold entries back
	Evidence bool     // forks can be taken along as a file
	Root     Root
}

// DeviceLine is one enrolled device.
type DeviceLine struct {
	Name, Kind, Place string
	Link              string // "Linked, level", "Not linked", "This device"
	Heard             string // when it last signed something that has come here, by its own clock; empty: this device, or nothing has come
	CutOff            bool
	Program           string // version of the program that it runs, or why that is not known
	Differs           bool   // it runs another than this device
	Readable          string // where it is shown what could be read there; empty: nowhere, or not to this reader
}

// Root is who holds the organisation's keys.
type Root struct {
	One   bool // nobody but one device or person: the record can't be brought back without it
	Pages []RootPages
}

// RootPages is one set of pages that stands: the only one, or one of several that
// were exchanged apart.
type RootPages struct {
	Number  int    // 0: those of the founding
	Day     string // printed on them
	Since   string // in force
	Needed  int    // how many must agree
	Of      int
	Unknown bool // who holds them is not known here
	Holders []RootLine
}

// RootLine is one holder.
type RootLine struct {
	Number     int
	Name, Sort string
}

// ForkLine is a feed with two histories.
type ForkLine struct {
	Device, Feed string
	From         uint64 // the first fact in which they differ
	Ours, Also   string // ids of those two facts, shortened
}

type devicesView struct {
	Frame web.Frame
	Devices
}

func (p *Pages) registerDevices(m *web.Mux) {
	if p.Devices == nil {
		return
	}
	m.Handle(web.Session, http.MethodGet, "/devices", p.devices)
	m.Handle(web.Session, http.MethodGet, "/devices/evidence", p.evidence)
	if p.Readable != nil {
		m.Handle(web.Session, http.MethodGet, "/devices/{device}/readable", p.readable)
	}
}

func (p *Pages) devices(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	all, err := p.Devices(r.Context(), by)
	if err != nil {
		return err
	}
	v := devicesView{Frame: p.Shell.Frame(r, by, "Devices"), Devices: all}
	v.Frame.Here = "/devices"
	return web.Render(w, r, http.StatusOK, devicesPage(v))
}

// evidence gives the proof of every fork as a file that anyone can check:
// docs/format.md says how.
func (p *Pages) evidence(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	raw, err := p.Evidence(r.Context(), by)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `attachment; filename="forks.json"`)
	_, err = w.Write(raw)
	return err
}

// DevicesOf reads what the page shows; it lets the caller in first.
type DevicesOf func(ctx context.Context, by web.Caller) (Devices, error)

// EvidenceOf gives the evidence of forks as JSON; it lets the caller in first.
type EvidenceOf func(ctx context.Context, by web.Caller) ([]byte, error)

func rootWords(r Root) string {
	if r.One {
		return "held by one"
	}
	if len(r.Pages) != 1 {
		return "exchanged apart"
	}
	return fmt.Sprintf("any %d of %d, since %s", r.Pages[0].Needed, r.Pages[0].Of, r.Pages[0].Since)
}

// pagesWords says which pages these are.
func pagesWords(p RootPages) string {
	if p.Number == 0 {
		return "These pages bear the date " + p.Day + ", when the organisation was founded."
	}
	return "These pages bear the date " + p.Day + "; they are the " + ordinal(p.Number) + " exchange, and every page made before is void and should be destroyed."
}

func ordinal(n int) string {
	if small := []string{"", "first", "second", "third", "fourth", "fifth"}; n < len(small) {
		return small[n]
	}
	return fmt.Sprintf("%dth", n)
}
