// Package accessweb is the pages of the door: signing in and out, one-time
// links, passkeys, and the list of people who may come in.
//
// Its law: it lets nobody in by itself: accessdb does. A token stands in a
// page once, when it is made, and in a cookie that no script can read; it is
// never logged and never kept. No page of the door says anything about any
// patient.
package accessweb

import (
	"crypto/rand"
	"io"
	"net/http"

	"holdfast/access/accessdb"
	"holdfast/web"
)

// Pages serves the door of one organisation on one device.
type Pages struct {
	Shell        *web.Shell
	Gate         *accessdb.Gate
	Passkeys     *accessdb.Passkeys // nil: this device takes no passkeys
	Organisation string
	Desk         string            // which machine this is, for sessions opened here
	Links        bool              // one-time links sign in: demo and rehearsal folders only
	Here         func() []web.Pair // what this machine can say about itself
	Tonight      func() []Notice   // what to know before the first call
	Random       io.Reader         // nil: crypto/rand
	Trust        *Trust            // nil: no pages about trust and erasure
	Devices      DevicesOf         // nil: no page of devices
	Evidence     EvidenceOf
	Readable     ReadableOf          // nil: what could be read on desks is not shown
	HeldBy       HeldBy              // nil: what people hold is not listed
	Looking      *Looking            // nil: no pages about who looked
	Providers    *accessdb.Providers // nil: nobody signs in by an identity provider
	Authority    *Authority          // nil: no page about the authority of desks
}

// Notice is one thing to know before the first call.
type Notice struct{ What, More string }

// Register adds the routes of the door. Those at which nobody is signed in
// yet are public; each checks a token or a passkey itself.
func (p *Pages) Register(m *web.Mux) {
	m.Handle(web.Public, http.MethodGet, "/sign-in", p.signIn)
	m.Add(web.Route{Door: web.Public, Method: http.MethodGet, Pattern: "/emergency", AtOnce: true}, p.emergency)
	if p.Links {
		m.Handle(web.Public, http.MethodGet, "/in/{token}", p.useLink)
	}
	if p.Passkeys != nil {
		p.registerPasskeys(m)
	}
	m.Handle(web.Session, http.MethodGet, "/session", p.session)
	m.Handle(web.Session, http.MethodPost, "/session/end", p.endOthers)
	m.Handle(web.Session, http.MethodPost, "/sign-out", p.signOut)
	m.Handle(web.Session, http.MethodGet, "/staff", p.staff)
	m.Handle(web.Session, http.MethodPost, "/staff", p.addStaff)
	m.Handle(web.Session, http.MethodPost, "/staff/{person}/link", p.makeLink)
	m.Handle(web.Session, http.MethodGet, "/staff/link", p.shownLink)
	p.registerWays(m)
	p.registerPeople(m)
	p.registerTrust(m)
	p.registerDevices(m)
	p.registerAsk(m)
	p.registerLock(m)
	p.registerLooking(m)
	p.registerProviders(m)
	p.registerAuthority(m)
}

func (p *Pages) registerPasskeys(m *web.Mux) {
	m.Handle(web.Public, http.MethodGet, "/enrol/{token}", p.enrol)
	for pattern, h := range map[string]web.Handler{
		"/sign-in/begin": p.beginSignIn, "/sign-in/finish": p.finishSignIn,
		"/enrol/{token}/begin": p.beginEnrol, "/enrol/{token}/finish": p.finishEnrol,
	} {
		m.Add(web.Route{Door: web.Public, Method: http.MethodPost, Pattern: pattern, MaxBody: 64 << 10, Refuse: refuseJSON}, h)
	}
}

func (p *Pages) random() io.Reader {
	if p.Random == nil {
		return rand.Reader
	}
	return p.Random
}
