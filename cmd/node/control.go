package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/replicate"
)

// The control socket lies in the data folder, where only the account that runs
// the device can reach it. Through it the commands of this machine ask a device
// that is at work.
const controlSocket = "control.sock"

// controlBytes bounds a request, and controlAnswer an answer: a report of who
// looked may be long.
const (
	controlBytes  = 4 << 20
	controlAnswer = 64 << 20
)

// shortly names the socket by way of an open folder, because a socket's name
// may be 108 bytes long at most and a folder's can be longer.
func shortly(dir string) (*os.File, string, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, "", err
	}
	return f, fmt.Sprintf("/proc/self/fd/%d/%s", f.Fd(), controlSocket), nil
}

func listenControl(dir string) (net.Listener, error) {
	f, path, err := shortly(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := os.Remove(filepath.Join(dir, controlSocket)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err // left by a process that was killed; the folder's lock is ours
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	return l, os.Chmod(filepath.Join(dir, controlSocket), 0o600)
}

// control answers at the control socket until the context is done.
func (n *Node) control(ctx context.Context) error {
	l, err := listenControl(n.config.Dir)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /enrol", answer(n.enrol))
	mux.HandleFunc("POST /manifest", answer(n.Manifest))
	mux.HandleFunc("POST /card", answer(n.Offer))
	mux.HandleFunc("POST /enrol-signed", answer(n.EnrolOffer))
	mux.HandleFunc("POST /holders", answer(func(ctx context.Context, _ struct{}) ([]HeldPages, error) { return n.Holders(ctx) }))
	mux.HandleFunc("POST /exchange", answer(n.DrawExchange))
	mux.HandleFunc("POST /adopt", answer(n.AdoptRoots))
	mux.HandleFunc("POST /status", answer(func(ctx context.Context, _ struct{}) (Status, error) { return n.Status(ctx) }))
	mux.HandleFunc("POST /link", answer(n.link))
	mux.HandleFunc("POST /looks", answer(n.LooksReport))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	return errors.Join(serving(server, l)(ctx), removeSocket(n.config.Dir))
}

func removeSocket(dir string) error {
	if err := os.Remove(filepath.Join(dir, controlSocket)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// answer turns a function into a handler of JSON.
func answer[In, Out any](do func(context.Context, In) (Out, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in In
		d := json.NewDecoder(io.LimitReader(r.Body, controlBytes))
		d.DisallowUnknownFields()
		out, err := *new(Out), d.Decode(&in)
		if err == nil {
			out, err = do(r.Context(), in)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(out) // whoever asked is gone
	}
}

// ErrNobody says that no device is at work in a folder.
var ErrNobody = errors.New("no device is at work in this folder")

// Tell asks the device that is at work in a folder; ErrNobody when there is
// none.
func Tell[In, Out any](ctx context.Context, dir, what string, in In) (Out, error) {
	var out Out
	f, path, err := shortly(dir)
	if err != nil {
		return out, err
	}
	defer f.Close()
	client := &http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}
	body, err := json.Marshal(in)
	if err != nil {
		return out, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://device/"+what, bytes.NewReader(body))
	if err != nil {
		return out, err
	}
	resp, err := client.Do(req)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "dial" {
			return out, ErrNobody
		}
		return out, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, controlAnswer))
	if err != nil {
		return out, err
	}
	if resp.StatusCode != http.StatusOK {
		return out, refusal.New(refusal.Invalid, string(bytes.TrimSpace(raw)))
	}
	return out, json.Unmarshal(raw, &out)
}

// enrol admits a device to the organisation.
func (n *Node) enrol(ctx context.Context, r journal.Request) (journal.Admission, error) {
	return n.Journal.Enrol(ctx, n.Device.Author(), r)
}

// LinkWanted asks for a sign-in link at a demo's device.
type LinkWanted struct {
	Role access.Role `json:"role"`
	Nth  int         `json:"nth,omitempty"` // the first is 0
}

// LinkGiven is a link's address.
type LinkGiven struct {
	URL string `json:"url"`
}

func (n *Node) link(ctx context.Context, want LinkWanted) (LinkGiven, error) {
	url, err := n.linkFor(ctx, want)
	return LinkGiven{URL: url}, err
}

// Link makes a sign-in link for the first member of staff with a role. Only a
// demo has such links.
func (n *Node) Link(ctx context.Context, role access.Role) (string, error) {
	return n.linkFor(ctx, LinkWanted{Role: role})
}

func (n *Node) linkFor(ctx context.Context, want LinkWanted) (string, error) {
	if !n.demo {
		return "", refusal.New(refusal.Forbidden, "Sign-in links are for demos. Sign in with a passkey.")
	}
	list, err := n.Gate.StaffList(ctx, n.Device)
	if err != nil {
		return "", err
	}
	for _, p := range list {
		if len(p.Staff.Holds(want.Role, n.clock())) == 0 {
			continue
		}
		if want.Nth > 0 {
			want.Nth--
			continue
		}
		token, err := n.Gate.MakeLink(ctx, n.Device, p.Person, want.Role, access.ForSignIn, linkLasts)
		return n.URL() + "/in/" + token, err
	}
	return "", refusal.New(refusal.Missing, "Nobody here has this role.")
}

// linkLasts is how long a demo's sign-in links work.
const linkLasts = 7 * 24 * time.Hour

// Status is what a device says of itself: figures and names of devices, nothing
// about any person.
type Status struct {
	Organisation string          `json:"organisation"`
	Device       string          `json:"device"` // id
	Name         string          `json:"name"`
	Kind         fact.DeviceKind `json:"kind"`
	Domain       string          `json:"domain"`
	Incarnation  uint32          `json:"incarnation"`
	HeldByOne    bool            `json:"held_by_one"` // the root key lies with one device
	Saving       bool            `json:"saving"`
	Sentence     string          `json:"sentence"`
	Facts        uint64          `json:"facts"` // in feeds held whole
	Vector       string          `json:"vector"`
	State        string          `json:"state"` // hash of all folded states; empty until all were folded once
	Held         string          `json:"held"`  // hash of what is cut off and erased
	Unsafe       int             `json:"unsafe"`
	Others       int             `json:"others"` // other places that keep whole copies
	Lost         int             `json:"lost"`   // facts found damaged or missing here
	Waiting      int             `json:"waiting"`
	ViewsBehind  int             `json:"views_behind"`
	Feeds        []StatusFeed    `json:"feeds"`
	Forks        []StatusFork    `json:"forks"`
	Sisters      []StatusSister  `json:"sisters"`
	Devices      []StatusDevice  `json:"devices"`
	Listening    []Listening     `json:"listening"`
	Found        []string        `json:"found"` // what was noticed about other devices' histories, newest last
}

// StatusFeed is how far a feed has come.
type StatusFeed struct {
	Feed   string `json:"feed"`
	Lane   string `json:"lane"`
	Device string `json:"device"`
	Size   uint64 `json:"size"`
	Root   string `json:"root"`
	Safe   bool   `json:"safe"`
}

// StatusFork names a feed that has two histories and where they part.
type StatusFork struct {
	Feed string `json:"feed"`
	Seq  uint64 `json:"seq"`
}

// StatusDevice is an enrolled device.
type StatusDevice struct {
	Device string          `json:"device"`
	Name   string          `json:"name"`
	Kind   fact.DeviceKind `json:"kind"`
	Domain string          `json:"domain"`
	CutOff bool            `json:"cut_off"`

	Program string `json:"program"` // version that it runs, as it said last when it was linked to this one; empty: it said none
	Linked  bool   `json:"linked"`  // it was linked to this one since this one began
}

// StatusSister is another device of the organisation that this one talks to.
type StatusSister struct {
	Device    string          `json:"device"`
	Name      string          `json:"name"`
	Kind      fact.DeviceKind `json:"kind"`
	Domain    string          `json:"domain"`
	Connected bool            `json:"connected"`
	Behind    uint64          `json:"behind"`
	Ahead     uint64          `json:"ahead"`
}

// Status says how this device stands.
func (n *Node) Status(ctx context.Context) (Status, error) {
	j, h, house := n.Journal, n.Journal.Health(), n.Journal.House()
	card := j.Device().Card()
	s := Status{
		Organisation: n.Us.Name, Device: card.Device.String(), Name: card.Name, Kind: card.Kind, Domain: j.Domain(),
		Incarnation: h.Incarnation, HeldByOne: h.HeldByOne, Saving: h.Saving, Sentence: h.Sentence, Held: j.HeldDigest().String(),
		Feeds: []StatusFeed{}, Forks: []StatusFork{}, Sisters: []StatusSister{}, Devices: []StatusDevice{}, Found: n.found.list(),
	}
	var vector [][]byte
	for _, t := range j.Tips() {
		device, _ := j.DeviceOf(t.Feed)
		s.Facts += t.Size
		s.Feeds = append(s.Feeds, StatusFeed{
			Feed: t.Feed.String(), Lane: t.Lane.String(), Device: device.String(), Size: t.Size, Root: t.Root.String(), Safe: j.SafeUpTo(t.Feed) >= t.Size,
		})
		vector = append(vector, append([]byte(nil), t.Root[:]...))
	}
	s.Vector = fact.Labelled("holdfast/vector/1", vector...).String()
	for id, d := range house.Devices {
		one := StatusDevice{Device: id.String(), Name: d.Card.Name, Kind: d.Card.Kind, Domain: d.Domain, CutOff: house.CutOff(id)}
		if one.Program, one.Linked = n.carrier.Program(id); id == card.Device {
			one.Program, one.Linked = n.config.Version, true
		}
		s.Devices = append(s.Devices, one)
	}
	sortBy(s.Devices, func(d StatusDevice) string { return d.Device })
	s.Sisters = n.sisters()
	s.Listening = n.listening()
	return s, errors.Join(n.statusCounts(ctx, &s))
}

func (n *Node) statusCounts(ctx context.Context, s *Status) error {
	safety, err := n.Journal.Safety(ctx)
	if err != nil {
		return err
	}
	s.Unsafe, s.Others = safety.Unsafe, safety.Others
	lost, err := n.Journal.Lost(ctx)
	if err != nil {
		return err
	}
	s.Lost = len(lost)
	if s.Waiting, err = n.Journal.Waiting(ctx); err != nil {
		return err
	}
	_, _, s.ViewsBehind = n.Journal.ViewsAt()
	forks, err := n.Journal.Forks(ctx)
	if err != nil {
		return err
	}
	for _, f := range forks {
		s.Forks = append(s.Forks, StatusFork{Feed: f.Feed.String(), Seq: f.Seq})
	}
	state, err := n.folded.hash(ctx)
	if errors.Is(err, replicate.ErrNotYet) {
		return nil
	}
	s.State = state.String()
	return err
}
