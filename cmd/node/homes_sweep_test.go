package node_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/codes"
	"holdfast/export"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
	"holdfast/web"
)

// heard is a log that tests read.
type heard struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (h *heard) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.b.Write(b)
}

// sweepers is a demo node with pages, and people who are signed in.
type sweepers struct {
	t     *testing.T
	n     *node.Node
	place node.Place
	log   *heard
	as    map[access.Role]*http.Client
	who   fact.Subject // the patient
	cases []fact.Subject
	seen  func(where string, b []byte) // every answer but those that show a way in
}

func newSweepers(t *testing.T) *sweepers {
	t.Helper()
	lib := library(t)
	s := &sweepers{t: t, place: found(t, lib, "Fellside 111", "ZZ111"), log: &heard{}, as: map[access.Role]*http.Client{}}
	var err error
	s.n, err = node.Open(t.Context(), node.Config{
		Place: s.place, Library: lib, Host: "a.localhost", Pages: listen(t), Machines: listen(t), Devices: listen(t), Version: "test",
		Log: slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range access.Roles() {
		if _, err := s.n.Gate.AddStaff(t.Context(), s.n.Device, access.PersonAdded{Name: "One " + string(role)}, []access.Role{role}); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the staff is listed", func() bool { _, _, behind := s.n.Journal.ViewsAt(); return behind == 0 })
	s.n.Start()
	s.signIn()
	return s
}

// signIn signs one of each role in.
func (s *sweepers) signIn() {
	s.t.Helper()
	for _, role := range access.Roles() {
		s.as[role] = browser(s.t)
		link, err := s.n.Link(s.t.Context(), role)
		if err != nil {
			s.t.Fatal(err)
		}
		if status, _ := s.get(role, strings.TrimPrefix(link, s.n.URL())); status != http.StatusOK && !(role == access.Commissioner && status == http.StatusServiceUnavailable) { // figures are made at site nodes
			s.t.Fatalf("%s is not signed in: %d", role, status)
		}
	}
}

// browser keeps cookies and knows names below localhost.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		var d net.Dialer
		return d.DialContext(ctx, network, "127.0.0.1:"+port)
	}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: tr, Timeout: 20 * time.Second}
}

func (s *sweepers) get(as access.Role, path string) (int, []byte) { return s.send(as, path, nil) }

func (s *sweepers) send(as access.Role, path string, form url.Values) (int, []byte) {
	s.t.Helper()
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.n.URL()+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := s.as[as].Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if at := res.Request.URL.Path; !strings.HasSuffix(at, "/shown") && s.seen != nil {
		var head bytes.Buffer
		_ = res.Header.Write(&head)
		s.seen(fmt.Sprintf("%s %s as %s", method, at, as), append(head.Bytes(), b...))
	}
	return res.StatusCode, b
}

// patient registers somebody and takes calls about them.
func (s *sweepers) patient() {
	s.t.Helper()
	_, err := s.n.Journal.Do(s.t.Context(), s.n.Device.Author(), nil, func(tx *journal.Tx) (out []fact.Draft, err error) {
		if s.who, err = tx.NewSubject(); err != nil {
			return nil, err
		}
		return record.Register(record.Person{Subject: s.who}, s.n.Device, record.Registration{
			Identity: record.Identity{Name: record.Name{Given: "Wilfred", Family: "Tansley"}}, Source: record.FromMadeUp,
		}, tx.Now())
	})
	if err != nil {
		s.t.Fatal(err)
	}
	by := access.Caller{Person: fact.Subject{9}, Name: "R. Ashdown", Role: access.CallHandler, ODS: "ZZ111"}
	who := urgent.PatientDescribed{Identity: record.Identity{Name: record.Name{Given: "Wilfred", Family: "Tansley"}}, Record: s.who, MayLook: urgent.Yes}
	for _, dx := range []codes.Dx{"Dx06", "Dx0111"} {
		id, err := s.n.Cases.NewCase()
		if err != nil {
			s.t.Fatal(err)
		}
		s.cases = append(s.cases, id)
		for _, verb := range []urgentdb.Verb{
			func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
				return urgent.TakeCall(c, by, codes.ReceivePhone("01632 960377"), now)
			},
			func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
				return urgent.Describe(c, by, urgent.Description{Patient: &who})
			},
			func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
				return urgent.SetDisposition(c, by, s.n.Cases.Rules, dx, "", now)
			},
		} {
			if _, err := s.n.Cases.Do(s.t.Context(), by, access.TakeCall, id, nil, verb); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}

// flow keeps ways in, opens them for a visit and in an emergency, changes and
// doubts them, by the pages; it fails if whoever may open is not shown them.
func (s *sweepers) flow() {
	s.t.Helper()
	home, visit := "/homes/"+s.who.String(), "/case/"+s.cases[0].String()
	ok := func(what string, status int, body []byte) {
		s.t.Helper()
		if status != http.StatusOK {
			s.t.Fatalf("%s: %d %s", what, status, said(body))
		}
	}
	m := marks()
	if _, body := s.get(access.Clinician, home+"/keep"); !bytes.Contains(body, []byte("data-unkept")) {
		s.t.Error("a code that is half-typed is kept when the screen locks")
	}
	status, body := s.send(access.Clinician, home+"/keep", url.Values{"code": {m[0]}, "where": {m[1]}, "alarm": {m[2]}, "other": {m[3]}})
	ok("keep", status, body)
	if status, _ := s.send(access.Clinician, home+"/open", url.Values{}); status != http.StatusForbidden {
		s.t.Fatalf("it opens without a visit: %d", status)
	}
	status, body = s.send(access.Clinician, visit+"/consult", url.Values{"do": {"start"}, "mode": {"home"}})
	ok("the visit", status, body)
	status, body = s.send(access.Clinician, home+"/open", url.Values{})
	ok("open", status, body)
	for _, one := range m[:4] {
		if !bytes.Contains(body, []byte(one)) {
			s.t.Fatalf("who may open it is not shown %s: %s", one, said(body))
		}
	}
	if status, body := s.get(access.Manager, home+"/shown"); status != http.StatusOK || bytes.Contains(body, []byte(m[0])) {
		s.t.Fatal("somebody else is shown it")
	}
	s.pages() // while it is open
	status, body = s.send(access.Clinician, home+"/cover", url.Values{})
	ok("cover", status, body)
	if _, body = s.get(access.Clinician, home+"/shown"); bytes.Contains(body, []byte(m[0])) {
		s.t.Fatal("it is shown though it is covered")
	}
	status, body = s.send(access.CallHandler, home+"/open", url.Values{"emergency": {"yes"}, "reason": {"Crew at the door"}})
	ok("emergency", status, body)
	if !bytes.Contains(body, []byte(m[0])) {
		s.t.Fatal("in an emergency it is not shown")
	}
	for path, form := range map[string]url.Values{"/doubt": {"doubt_why": {"he knows 471"}}, "/none": {"none_why": {"it was 471"}}, "/keep": {"code": {"x"}, "why": {"it was 471"}}} {
		if status, body := s.send(access.Dispatcher, home+path, form); status != http.StatusUnprocessableEntity || !bytes.Contains(body, []byte("write no code and no longer number here")) {
			s.t.Errorf("%s comes back without a word of what to mend: %d %s", path, status, said(body))
		}
	}
	status, body = s.send(access.Dispatcher, home+"/doubt", url.Values{"doubt_why": {"The note was lost"}})
	ok("doubt", status, body)
	status, body = s.send(access.Manager, home+"/keep", url.Values{"code": {m[4]}, "why": {"Changed"}})
	ok("change", status, body)
	status, body = s.send(access.Clinician, home+"/open", url.Values{})
	ok("open again", status, body)
	if !bytes.Contains(body, []byte(m[4])) || bytes.Contains(body, []byte(m[0])) {
		s.t.Fatal("the old way in is shown, or the new one is not")
	}
	s.send(access.Clinician, visit+"/note", url.Values{"words": {"At the door"}})
	s.send(access.Clinician, visit+"/report", url.Values{})
	s.pages()
}

func said(page []byte) string {
	_, rest, _ := strings.Cut(string(page), "<main")
	return rest[:min(len(rest), 600)]
}

// pages asks for every page that there is, as every role, with every subject
// that it may be about.
func (s *sweepers) pages() {
	s.t.Helper()
	about := append([]fact.Subject{s.who, s.n.Homes.CodeOf(s.who)}, s.cases...)
	for _, r := range s.n.Mux.Routes() {
		if r.Door != web.Session || r.Method != http.MethodGet || r.Stream || strings.HasSuffix(r.Pattern, "/shown") {
			continue
		}
		paths := []string{r.Pattern}
		if strings.Contains(r.Pattern, "{") {
			paths = nil
			for _, id := range about {
				paths = append(paths, filled(r.Pattern, id.String()))
			}
		}
		for _, role := range access.Roles() {
			for _, path := range paths {
				if status, _ := s.get(role, path); status >= 500 && status != http.StatusServiceUnavailable { // what only a site node can do is said at a desk
					s.t.Errorf("%s as %s: %d", path, role, status)
				}
			}
		}
	}
}

// filled puts one id into every gap of a pattern.
func filled(pattern, id string) string {
	pattern = strings.ReplaceAll(pattern, "{$}", "")
	for {
		before, rest, ok := strings.Cut(pattern, "{")
		if !ok {
			return pattern
		}
		_, after, _ := strings.Cut(rest, "}")
		pattern = before + id + after
	}
}

// everywhere hands over all that lies on the disk and all that the keys of the
// records open: every file of the folder and of an export with keys, every body
// of every fact, the log.
func (s *sweepers) everywhere(see func(where string, b []byte)) (files, bodies int) {
	s.t.Helper()
	out := filepath.Join(s.t.TempDir(), "export")
	source, err := journal.OpenExport(s.t.Context(), s.place.Dir, journal.Options{Demo: true})
	if err == nil {
		_, err = export.Write(s.t.Context(), source, out, export.Options{Clock: time.Now, Random: rand.Reader, Passphrase: []byte("a passphrase for the keys")})
		err = firstOf(err, source.Close())
	}
	if err != nil {
		s.t.Fatal(err)
	}
	for _, dir := range []string{s.place.Dir, filepath.Dir(out)} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			b, err := os.ReadFile(path)
			if err == nil {
				files++
				see(path, b)
			}
			return err
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
	subjects, err := s.n.Journal.Subjects(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, one := range subjects {
		h, err := s.n.Journal.History(s.t.Context(), one)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, f := range h.WithHeld().Facts() {
			bodies++
			see(fmt.Sprintf("the body of a fact of kind %d", f.Body.Kind), f.Body.Content)
		}
	}
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	see("the log", s.log.b.Bytes())
	return files, bodies
}
