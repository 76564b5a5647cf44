package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/cmd/node"
	"holdfast/web"
)

// sockets asks the operating system where a process takes anything in: its
// listening TCP and Unix sockets and every UDP socket it has bound.
func sockets(t *testing.T, pid int) []string {
	t.Helper()
	own := map[string]bool{}
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		name, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, fd.Name()))
		if inode, ok := strings.CutPrefix(name, "socket:["); ok && err == nil {
			own[strings.TrimSuffix(inode, "]")] = true
		}
	}
	var out []string
	for file, state := range map[string]string{"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"} {
		for _, f := range table(t, pid, file) {
			if len(f) > 9 && f[3] == state && own[f[9]] {
				out = append(out, file[:3]+" "+address(t, f[1]))
			}
		}
	}
	for _, f := range table(t, pid, "unix") {
		const listens = "00010000" // __SO_ACCEPTCON of Linux
		if len(f) > 7 && f[3] == listens && own[f[6]] {
			out = append(out, "unix "+filepath.Base(f[7]))
		}
	}
	slices.Sort(out)
	return out
}

func table(t *testing.T, pid int, file string) [][]string {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, file))
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for _, line := range strings.Split(string(raw), "\n")[1:] {
		out = append(out, strings.Fields(line))
	}
	return out
}

// address reads ADDRESS:PORT as Linux prints it: words of 32 bits in the
// machine's own order.
func address(t *testing.T, s string) string {
	t.Helper()
	host, port, _ := strings.Cut(s, ":")
	ip := make(net.IP, len(host)/2)
	if _, err := fmt.Sscanf(host, "%x", (*[]byte)(&ip)); err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	for i := 0; i+4 <= len(ip); i += 4 {
		slices.Reverse(ip[i : i+4])
	}
	var n int
	if _, err := fmt.Sscanf(port, "%X", &n); err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return net.JoinHostPort(ip.String(), fmt.Sprint(n))
}

// declared asks the running program itself.
func declared(t *testing.T, dir string) ([]node.Listening, []string) {
	t.Helper()
	var s node.Status
	err := node.ErrNobody
	for end := time.Now().Add(10 * time.Second); errors.Is(err, node.ErrNobody) && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		s, err = node.Tell[struct{}, node.Status](t.Context(), dir, "status", struct{}{}) // the address is printed before the socket is there
	}
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range s.Listening {
		if l.Network == "unix" {
			names = append(names, "unix "+filepath.Base(l.Address))
		} else {
			names = append(names, "tcp "+l.Address)
		}
	}
	return s.Listening, names
}

func TestTheSystemShowsEverySocket(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	six, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	defer six.Close()
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	x, err := net.Listen("unix", filepath.Join(t.TempDir(), "x.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	all := sockets(t, os.Getpid())
	for _, want := range []string{"tcp " + l.Addr().String(), "tcp " + six.Addr().String(), "udp " + u.LocalAddr().String(), "unix x.sock"} {
		if !slices.Contains(all, want) {
			t.Errorf("%s is not seen among %v", want, all)
		}
	}
}

// S1: no way in without device and person. The demo, run as a process, has the
// sockets that it declares and no other, and every route behind them turns
// away whoever comes as nobody, with a made-up cookie, with a session that has
// ended, or with one of the other organisation.
func TestEveryDoorOfTheDemoIsShut(t *testing.T) {
	p := startDemo(t, filepath.Join(t.TempDir(), "demo"), "--still")
	var want []string
	for _, o := range p.Organisations {
		_, names := declared(t, filepath.Join(p.Data, o.Kind))
		want = append(want, names...)
	}
	slices.Sort(want)
	if have := sockets(t, p.cmd.Process.Pid); !slices.Equal(have, want) {
		t.Errorf("the process listens at\n  %v\nand declares\n  %v", have, want)
	}
	if len(want) != 8 {
		t.Errorf("%d listeners: %v", len(want), want)
	}
	us, others := p.org("111"), p.org("hours")
	routes := allRoutes(t)
	knocks := []knock{
		{"nobody", nil},
		{"a made-up cookie", &http.Cookie{Name: "holdfast", Value: base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))}},
		{"an unreadable cookie", &http.Cookie{Name: "holdfast", Value: "../../etc"}},
		{"a session that has ended", endedSession(t, us)},
		{"a session of another organisation", openSession(t, others)},
	}
	for _, k := range knocks {
		for _, r := range routes {
			if r.Listener == "pages" {
				k.ask(t, client(t), us.URL, r)
			}
		}
	}
	checkMachines(t, us, others, routes)
	for _, o := range p.Organisations {
		all, _ := declared(t, filepath.Join(p.Data, o.Kind))
		checkDeviceDoor(t, all)
		checkControl(t, filepath.Join(p.Data, o.Kind))
	}
	p.stop()
}

// The same of a site node as it is used for real: TLS, passkeys alone.
func TestEveryDoorOfASiteNodeIsShut(t *testing.T) {
	dir, pass, _ := site(t)
	config := filepath.Join(t.TempDir(), "site.yaml")
	text := "volume: encrypted-by-host\nlisten: 127.0.0.1:0\ndoors: 127.0.0.1:0\ndevices: 127.0.0.1:0\nname: localhost\npassphrase_file: " + pass + "\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	url, pid, stop := servingAs(t, "serve", "--data", dir, "--config", config)
	defer stop()
	all, want := declared(t, dir)
	slices.Sort(want)
	if have := sockets(t, pid); !slices.Equal(have, want) || len(have) != 4 {
		t.Errorf("the process listens at\n  %v\nand declares\n  %v", have, want)
	}
	c := trusting(t, dir)
	for _, k := range []knock{{"nobody", nil}, {"a made-up cookie", &http.Cookie{Name: "__Host-holdfast", Value: base64.RawURLEncoding.EncodeToString(make([]byte, 32))}}} {
		for _, r := range allRoutes(t) {
			if r.Listener == "pages" && r.Pattern != "/in/{token}" && r.Pattern != "/unlock" && r.Pattern != "/authority/demo" { // of demos alone
				k.ask(t, c, url, r)
			}
		}
	}
	if res, _ := get(t, c, url+"/in/"+strings.Repeat("A", 43)); res.StatusCode != http.StatusNotFound {
		t.Errorf("a site node has sign-in links: %d", res.StatusCode)
	}
	trace, err := http.NewRequest(http.MethodTrace, url+"/worklist", nil)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := c.Do(trace); err != nil || res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("TRACE is answered: %v %v", res, err)
	}
	_, answer, err := post(c, url+"/sign-in/begin", nil, nil)
	if err != nil || !strings.Contains(answer, `"userVerification":"required"`) {
		t.Errorf("a passkey is asked for without its second factor: %s %v", answer, err)
	}
	checkDeviceDoor(t, all)
	checkControl(t, dir)
	if old := (&tls.Config{RootCAs: c.Transport.(*http.Transport).TLSClientConfig.RootCAs, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}); dialTLS(strings.TrimPrefix(url, "https://"), old) == nil {
		t.Error("TLS 1.1 is taken")
	}
}

// knock is one way of coming without the right to.
type knock struct {
	as     string
	cookie *http.Cookie
}

func (k knock) ask(t *testing.T, c *http.Client, base string, r web.Route) {
	t.Helper()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	target := base + regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(strings.TrimSuffix(r.Pattern, "{$}"), strings.Repeat("0", 32))
	req, err := http.NewRequest(r.Method, target, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	if r.Method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if k.cookie != nil {
		req.AddCookie(k.cookie)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	where := fmt.Sprintf("%s at %s %s", k.as, r.Method, r.Pattern)
	checkHeaders(t, where, r, res)
	switch r.Door {
	case web.Session:
		sent := res.StatusCode == http.StatusSeeOther && strings.HasPrefix(res.Header.Get("Location"), "/sign-in")
		if !sent && res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d", where, res.StatusCode)
		}
		if sent && len(body) > 200 {
			t.Errorf("%s: %d bytes come with the way to the sign-in page", where, len(body))
		}
	case web.Operator:
		if res.StatusCode != http.StatusForbidden || bytes.Contains(body, []byte("holdfast_")) {
			t.Errorf("%s: %d %s", where, res.StatusCode, body)
		}
	case web.Public:
		if r.Reason == "" {
			t.Errorf("%s stands open and no reason is given", where)
		}
		if res.StatusCode >= 500 || res.Header.Get("Set-Cookie") != "" && r.Pattern != "/in/{token}" {
			t.Errorf("%s: %d, cookie %q", where, res.StatusCode, res.Header.Get("Set-Cookie"))
		}
		for _, c := range res.Cookies() {
			if strings.HasSuffix(c.Name, "holdfast") {
				t.Errorf("%s gives a session away", where)
			}
		}
	default:
		t.Errorf("%s: door %q at the pages", where, r.Door)
	}
}

// checkHeaders holds for every answer of every route: nothing of another site,
// nothing inline, nothing kept.
func checkHeaders(t *testing.T, where string, r web.Route, res *http.Response) {
	t.Helper()
	h := res.Header
	policy := h.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "require-trusted-types-for 'script'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("%s: the policy lacks %s", where, want)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") || strings.Contains(policy, "http") {
		t.Errorf("%s: policy %q", where, policy)
	}
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp",
		"Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY", "Origin-Agent-Cluster": "?1",
	} {
		if h.Get(name) != want {
			t.Errorf("%s: %s is %q", where, name, h.Get(name))
		}
	}
	if h.Get("Server") != "" || h.Get("X-Powered-By") != "" || h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%s says too much: %v", where, h)
	}
	if kept := h.Get("Cache-Control") != "no-store"; kept && (r.Door != web.Public || res.StatusCode >= 300 && res.StatusCode != 304) {
		t.Errorf("%s: a browser may keep it: %q", where, h.Get("Cache-Control"))
	}
}

func allRoutes(t *testing.T) []web.Route {
	t.Helper()
	var out, errOut bytes.Buffer
	if got := run(t.Context(), []string{"routes", "--json"}, &out, &errOut); got != success {
		t.Fatalf("%d %s", got, errOut.String())
	}
	var all []web.Route
	if err := json.Unmarshal(out.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	listeners := map[string]int{}
	for _, r := range all {
		listeners[r.Listener]++
	}
	if len(listeners) != 4 || listeners["pages"] < 100 || listeners["messages"] < 5 || listeners["devices"] != 2 || listeners["control"] < 3 {
		t.Errorf("%v", listeners)
	}
	return all
}

func sessionCookie(t *testing.T, c *http.Client, o printedOrg) *http.Cookie {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, o.URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range c.Jar.Cookies(req.URL) {
		if one.Name == "holdfast" {
			return &http.Cookie{Name: one.Name, Value: one.Value}
		}
	}
	t.Fatal("no session was given")
	return nil
}

func openSession(t *testing.T, o printedOrg) *http.Cookie {
	t.Helper()
	c := client(t)
	get(t, c, o.SignIn["manager"])
	return sessionCookie(t, c, o)
}

func endedSession(t *testing.T, o printedOrg) *http.Cookie {
	t.Helper()
	c := client(t)
	get(t, c, o.SignIn["clinician"])
	cookie := sessionCookie(t, c, o)
	if res, _ := get(t, c, o.URL+"/worklist"); res.StatusCode != 200 || res.Request.URL.Path != "/worklist" {
		t.Fatalf("the session was never open: %s", res.Request.URL)
	}
	if status, _, err := post(c, o.URL+"/sign-out", nil, nil); err != nil || status >= 400 {
		t.Fatalf("%d %v", status, err)
	}
	return cookie
}

// checkMachines knocks at the message doors without a certificate, with one
// that nobody signed, and with one of another organisation.
func checkMachines(t *testing.T, us, others printedOrg, routes []web.Route) {
	t.Helper()
	stranger := machine(t, us, false)
	own := machine(t, us, false)
	own.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{selfMade(t)}
	foreign := machine(t, us, false)
	pair, err := tls.LoadX509KeyPair(others.Partner.Cert, others.Partner.Key)
	if err != nil {
		t.Fatal(err)
	}
	foreign.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{pair}
	base := strings.TrimSuffix(us.BaRS, "/bars")
	asked := 0
	for _, r := range routes {
		if r.Listener != "messages" {
			continue
		}
		asked++
		if r.Door != web.Partner {
			t.Errorf("%s %s: door %s", r.Method, r.Pattern, r.Door)
		}
		for who, c := range map[string]*http.Client{"without a certificate": stranger, "with a certificate of their own making": own, "with another organisation's certificate": foreign} {
			req, err := http.NewRequest(r.Method, base+r.Pattern, nil)
			if err != nil {
				t.Fatal(err)
			}
			if res, err := c.Do(req); err == nil {
				res.Body.Close()
				t.Errorf("%s %s answers %d to somebody %s", r.Method, r.Pattern, res.StatusCode, who)
			}
		}
	}
	if asked < 5 {
		t.Errorf("only %d message routes were asked", asked)
	}
	partner := machine(t, us, true)
	for _, path := range []string{"/", "/metrics", "/debug/pprof/", "/worklist", "/direct/x", "/itk/..%2f", "/bars", "/bars/Patient"} {
		res, err := partner.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusNotFound && res.StatusCode != http.StatusMovedPermanently && res.StatusCode != http.StatusTemporaryRedirect {
			t.Errorf("%s, which no route names, answers a partner %d", path, res.StatusCode)
		}
	}
}

func selfMade(t *testing.T) tls.Certificate {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}
}

func dialTLS(address string, c *tls.Config) error {
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", address, c)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1)) // TLS 1.3 says no after the handshake
	return err
}

// checkDeviceDoor: without a certificate there is no connection; a stranger
// with a key of their own is told the device's card and nothing else, and is
// let go of at the first thing they say.
func checkDeviceDoor(t *testing.T, all []node.Listening) {
	t.Helper()
	i := slices.IndexFunc(all, func(l node.Listening) bool { return l.Listener == "devices" })
	if i < 0 {
		t.Fatal("no device door is declared")
	}
	address := all[i].Address
	if err := dialTLS(address, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}); err == nil {
		t.Error("the device door takes in somebody without a certificate")
	}
	c := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{selfMade(t)}, NextProtos: []string{"h2"}},
	}}
	defer c.CloseIdleConnections()
	if res, err := c.Get("https://" + address + "/status"); err != nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("the device door answers another address: %v %v", res, err)
	}
	res, err := c.Post("https://"+address+"/replicate", "application/octet-stream", strings.NewReader("\x00\x00\x00\x05hello"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if len(said) > 4096 || err != nil && !strings.Contains(err.Error(), "stream error") {
		t.Errorf("a stranger is told %d bytes (%v)", len(said), err)
	}
}

// checkControl: the control socket is for the account that runs the device.
func checkControl(t *testing.T, dir string) {
	t.Helper()
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "control.sock"): 0o600, filepath.Join(dir, "operator.token"): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has the rights %o", filepath.Base(path), info.Mode().Perm())
		}
	}
}

// trusting is a browser that trusts the organisation's own authority.
func trusting(t *testing.T, dir string) *http.Client {
	t.Helper()
	ca, err := os.ReadFile(filepath.Join(dir, "doors", "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		t.Fatal("no certificate")
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 10 * time.Second}
}

// What opens a door in the source stands in these files and nowhere else, so
// that a new listener or a mux of its own can't come unseen.
func TestNothingElseListens(t *testing.T) {
	allowed := map[string]string{
		"net.Listen":          "cmd/holdfast/serve.go cmd/holdfast/demo_org.go cmd/node/control.go",
		"http.NewServeMux":    "cmd/node/machine.go cmd/node/control.go cmd/node/doors.go web/mux.go",
		"http.Server":         "cmd/node/machine.go cmd/node/control.go cmd/node/node.go web/mux.go replicate/carrier/http.go",
		"http.ListenAndServe": "", "http.ListenAndServeTLS": "", "http.Serve": "", "http.ServeTLS": "", "http.Handle": "", "http.HandleFunc": "",
		"http.DefaultServeMux": "", "tls.Listen": "", "net.ListenTCP": "", "net.ListenUDP": "", "net.ListenPacket": "", "net.ListenUnix": "", "net.ListenConfig": "",
	}
	root := filepath.Join("..", "..")
	files := 0
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		rel = filepath.ToSlash(rel)
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "build" || d.Name() == ".git" || rel == "sim") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go") {
			return nil
		}
		files++
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		for _, i := range f.Imports {
			if v := strings.Trim(i.Path.Value, `"`); v == "net/http/pprof" || v == "expvar" {
				t.Errorf("%s imports %s, which opens routes by itself", rel, v)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := s.X.(*ast.Ident)
			if !ok {
				return true
			}
			name := x.Name + "." + s.Sel.Name
			if where, watched := allowed[name]; watched && !slices.Contains(strings.Fields(where), rel) {
				t.Errorf("%s uses %s: every listener and mux is made in %q", rel, name, where)
			}
			return true
		})
		return nil
	})
	if err != nil || files < 300 {
		t.Fatalf("%d files, %v", files, err)
	}
}
