package node

import (
	"net"
	"net/http"
	"path/filepath"

	"holdfast/access/accessdb"
	"holdfast/urgent/urgentweb"
	"holdfast/web"
)

// Listening is one place at which this device takes connections in. Status
// tells all of them, so that they can be compared with what the operating
// system says of the process: there is no other way in.
type Listening struct {
	Listener string `json:"listener"` // as in Route: pages, messages, devices, control
	Network  string `json:"network"`  // tcp or unix
	Address  string `json:"address"`
	Needs    string `json:"needs"` // what whoever knocks must show before anything is read
}

// The listeners of a device.
const (
	pagesListener    = "pages"
	messagesListener = "messages"
	devicesListener  = "devices"
	controlListener  = "control"
)

func (n *Node) listening() []Listening {
	out := []Listening{{controlListener, "unix", filepath.Join(n.config.Dir, controlSocket), "the account that runs this device"}}
	add := func(l net.Listener, name, needs string) {
		if l != nil {
			out = append(out, Listening{name, "tcp", l.Addr().String(), needs})
		}
	}
	add(n.config.Pages, pagesListener, "a session, but for the public routes")
	if n.site() {
		add(n.config.Machines, messagesListener, "a certificate of this organisation's authority")
	}
	add(n.config.Devices, devicesListener, "the key of a device card that the organisation signed")
	return out
}

// whyPublic says of each route that anybody may ask why it has to be so. A
// public route without a reason here fails the test of the doors.
func whyPublic() map[string]string {
	return map[string]string{
		"/sign-in":                  "nobody is signed in yet; says how the machine stands, and nothing about any person",
		"/sign-in/begin":            "gives a fresh challenge for a passkey, and no names",
		"/sign-in/finish":           "checks the passkey's answer: the door itself",
		"/sign-in/code":             "checks a password with an authenticator's code: the door itself; wrong tries wait longer and longer",
		"/sign-in/with/{provider}":  "leads from the sign-in page to an identity provider of the configuration, on a browser that is known; nothing while none is configured",
		"/sign-in/from/{provider}":  "takes in whoever comes back from it: checks that the same browser set out, asks the provider who it is, and looks for them on the staff list",
		"/recover":                  "takes a code of a recovery paper from somebody who lost their passkey; says nothing about any person",
		"/emergency":                "what to do about a call that comes before anybody is signed in; fixed text",
		"/enrol/{token}":            "the page on which a new passkey is made; the token is judged when it is used",
		"/enrol/{token}/begin":      "needs a one-time enrolment token that an administrator made",
		"/enrol/{token}/finish":     "needs the same token and the answer to its challenge",
		"/in/{token}":               "demo folders only: a one-time link that opens one browser; a site node has no such route",
		"/unlock":                   "demo folders only: a button that stands for the passkey at a locked screen; a site node has no such route",
		"/screen/typed":             "keeps what is half-typed on a page whose session was locked by another page of the browser; needs that session, and gives nothing",
		"/static/{name}":            "style, script and mark of every page, the same for everybody",
		"/.well-known/security.txt": "where weaknesses are reported (RFC 9116)",
		"/healthz":                  "a monitor asks whether this device can save; says ok or not, and nothing else",
	}
}

// signIn tells the gate how people sign in here. A demo shows the second choice
// and takes providers; elsewhere content or the configuration allows them.
func (n *Node) signIn() {
	n.Gate.Policy = n.config.Library.SignIn
	n.Gate.Policy.SecondChoice = n.Gate.Policy.SecondChoice || n.config.SecondChoice || n.demo
	n.Gate.Policy.ByProvider = n.Gate.Policy.ByProvider || n.config.ByProvider || n.demo
}

// providers prepares the identity providers of the configuration. None is asked
// for anything until somebody presses its button.
func (n *Node) providers() (*accessdb.Providers, error) {
	if len(n.config.Providers) == 0 {
		return nil, nil
	}
	return accessdb.NewProviders(n.Gate, n.URL(), n.config.Providers, n.demo, n.log)
}

// Routes lists every way in with its listener and door, and a public one with
// its reason.
func (n *Node) Routes() []web.Route {
	out, why := n.Mux.Routes(), whyPublic()
	for i := range out {
		out[i].Listener = pagesListener
		if out[i].Door == web.Public {
			out[i].Reason = why[out[i].Pattern]
		}
	}
	for _, r := range machineRoutes() {
		r.Listener = messagesListener
		switch r.Door {
		case web.Account:
			r.Listener = controlListener
		case web.Sister:
			r.Listener = devicesListener
		}
		out = append(out, r)
	}
	return out
}

// partnersOnly turns away, before any handler reads a byte of it, a request
// whose connection no partner of this organisation holds, and one for an
// address that is not among the routes. The TLS layer has refused strangers
// already; this holds if that is ever loosened.
func partnersOnly(next http.Handler) http.Handler {
	known := http.NewServeMux()
	for _, r := range machineRoutes() {
		if r.Door == web.Partner {
			known.Handle(r.Pattern, next) // of any method: each language refuses a wrong one in its own words
		}
	}
	known.HandleFunc("/bars/", func(w http.ResponseWriter, r *http.Request) { // any other: BaRS refuses it in its own words
		other := r.Clone(r.Context())
		other.URL.Path, other.URL.RawPath = "/bars/nothing-here", ""
		next.ServeHTTP(w, other)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		if r.URL.Path == urgentweb.PhoneDoorPath {
			next.ServeHTTP(w, r) // which asks for a certificate of its own
			return
		}
		if _, err := partnerOf(r.TLS); err != nil {
			http.Error(w, "A client certificate of this organisation's authority is needed.", http.StatusForbidden)
			return
		}
		known.ServeHTTP(w, r)
	})
}
