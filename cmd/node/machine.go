package node

import (
	"context"
	"crypto/tls"
	"net/http"
	"time"

	"holdfast/codes"
	"holdfast/directory"
	"holdfast/directory/directorydb"
	"holdfast/exchange"
	"holdfast/exchange/bars"
	"holdfast/exchange/exchangedb"
	"holdfast/exchange/itk"
	"holdfast/replicate/carrier"
	"holdfast/urgent/urgentdb"
	"holdfast/urgent/urgentweb"
	"holdfast/web"
)

// machineServer answers other organisations' machines: mutual TLS, one
// handler for each language.
func (n *Node) machineServer() (*http.Server, error) {
	config, err := n.doorTLS()
	if err != nil {
		return nil, err
	}
	config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, n.Authority.Pool()
	receiver, seen := urgentdb.Receiver{Cases: n.Cases}, exchangedb.Seen{Journal: n.Journal}
	envelopes, err := n.directDoor(receiver)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/bars/", http.StripPrefix("/bars", bars.Handler(bars.Config{
		Ours: n.ours, Receiver: receiver, Seen: seen, Partner: partner, Now: n.clock, Base: n.MachineURL() + "/bars", Version: n.config.Version,
	})))
	mux.Handle("/itk", itk.Handler(itk.Config{
		Ours: n.ours, Receiver: receiver, Partner: partner, Now: n.clock,
	}))
	mux.Handle("/direct", envelopes)
	mux.Handle(urgentweb.PhoneDoorPath, n.telephoneDoor())
	return &http.Server{
		Handler: partnersOnly(mux), TLSConfig: config, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: n.serverLog(),
	}, nil
}

func partner(r *http.Request) (exchange.Partner, error) { return partnerOf(r.TLS) }

// machineRoutes are the ways in at the message doors.
func machineRoutes() []web.Route {
	at := func(method, pattern string) web.Route {
		return web.Route{Door: web.Partner, Method: method, Pattern: pattern}
	}
	return []web.Route{
		at(http.MethodGet, "/bars/metadata"), at(http.MethodGet, "/bars/MessageDefinition"), at(http.MethodPost, "/bars/$process-message"),
		at(http.MethodGet, "/bars/Slot"), at(http.MethodGet, "/bars/Appointment"), at(http.MethodGet, "/bars/Appointment/{id}"), // answered "not offered"
		at(http.MethodGet, "/bars/ServiceRequest"), at(http.MethodGet, "/bars/ServiceRequest/{id}"),
		at(http.MethodPost, "/direct"), at(http.MethodPost, "/itk"),
		at(http.MethodPost, urgentweb.PhoneDoorPath), // with a telephone exchange's certificate, and no other
		{Door: web.Sister, Method: http.MethodPost, Pattern: carrier.Path},
		{Door: web.Sister, Method: http.MethodPost, Pattern: carrier.AskPath},
		{Door: web.Account, Method: http.MethodPost, Pattern: controlSocket + "/enrol"},
		{Door: web.Account, Method: http.MethodPost, Pattern: controlSocket + "/card"},
		{Door: web.Account, Method: http.MethodPost, Pattern: controlSocket + "/manifest"},
		{Door: web.Account, Method: http.MethodPost, Pattern: controlSocket + "/enrol-signed"},
		{Door: web.Account, Method: http.MethodPost, Pattern: controlSocket + "/link"},
		{Door: web.Account, Method: http.MethodPost, Pattern: controlSocket + "/looks"},
		{Door: web.Account, Method: http.MethodPost, Pattern: controlSocket + "/status"},
	}
}

// ours says who we are at the message doors: our code, and the services that
// the directory lists as ours.
func (n *Node) ours(ctx context.Context) (exchange.Ours, error) {
	out := exchange.Ours{ODS: n.Us.ODS, Name: n.Us.Name}
	entries, err := directorydb.ByODS(ctx, n.Journal.Views(), n.Device, n.Us.ODS)
	if err != nil {
		return out, err
	}
	for _, e := range entries {
		if s, ok := e.Current(); ok && e.Ended == "" && s.DoS != "" {
			out.Services = append(out.Services, exchange.Service{ID: s.DoS, Name: s.Name, ODS: s.ODS, UseCases: useCases(s.Type)})
		}
	}
	return out, nil
}

// useCases are those of BaRS that a service of this sort takes (NHS England,
// BaRS, use-case categories): 999 to a clinical assessment service as referral
// and as validation; 111 and CAS to treatment centres and departments.
func useCases(t directory.Type) []string {
	switch t {
	case directory.ClinicianQueue:
		return []string{"a3t1", "a4t1"}
	case directory.TreatmentCentre, directory.UrgentTreatment:
		return []string{"a1t2", "a1t4"}
	case directory.EmergencyDept:
		return []string{"a1t1", "a1t3"}
	}
	return nil
}

// phone finds the number to ring about an envelope that does not arrive.
func (n *Node) phone(ctx context.Context, to exchange.Party) codes.Phone {
	if to.Phone.Present() {
		return to.Phone
	}
	find := func(entries []directory.Entry, err error) codes.Phone {
		if err != nil {
			n.log.Error("the directory can't be read", "err", err)
		}
		for _, e := range entries {
			if s, _ := e.Current(); s.Phone.Present() {
				return s.Phone
			}
			if o, ok := e.Organisation.Get(); ok && o.Phone.Present() {
				return o.Phone
			}
		}
		return codes.Phone{}
	}
	if p := find(directorydb.ByDoS(ctx, n.Journal.Views(), n.Device, to.Service)); p.Present() {
		return p
	}
	return find(directorydb.ByODS(ctx, n.Journal.Views(), n.Device, to.ODS))
}
