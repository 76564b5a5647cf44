package main

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"holdfast/web"
)

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
