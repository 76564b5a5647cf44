package main

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// searched tells whether a query is that of a search, whose words stand in its
// address: see docs/security/README.md.
func searched(query string) bool {
	v, err := url.ParseQuery(query)
	if err != nil {
		return false
	}
	for name, values := range v {
		if found(strings.Join(values, " ")) != "" && name != "find" {
			return false
		}
	}
	return true
}

// lookFromOutside asks as nobody and as an operator.
func lookFromOutside(t *testing.T, p *demoProcess) {
	t.Helper()
	for _, o := range p.Organisations {
		token, err := os.ReadFile(filepath.Join(p.Data, o.Kind, "operator.token"))
		if err != nil {
			t.Fatal(err)
		}
		c := client(t)
		for _, path := range []string{"/healthz", "/metrics", "/sign-in", "/emergency", "/nothing?" + mark, "/enrol/" + mark, "/in/" + mark, "/case/" + mark + "?" + mark} {
			res, body := get(t, c, o.URL+path, "Authorization", "Bearer "+strings.TrimSpace(string(token)))
			if what := found(body); what != "" && !strings.Contains(path, mark) {
				t.Errorf("%s says %q to anybody (%d)", path, what, res.StatusCode)
			}
			if path == "/healthz" && body != "ok\n" {
				t.Errorf("/healthz says more than it must: %q", body)
			}
			if path == "/metrics" {
				checkMetrics(t, body)
			}
		}
	}
}

// checkMetrics: figures of this device; labels are of our own making.
func checkMetrics(t *testing.T, body string) {
	t.Helper()
	lines := 0
	for _, line := range strings.Split(strings.TrimSpace(body), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		lines++
		if !regexp.MustCompile(`^holdfast_[a-z_]+(\{lane="(control|care|looks)"\})? [0-9]+$`).MatchString(line) {
			t.Errorf("/metrics says %s", line)
		}
	}
	if lines < 5 {
		t.Errorf("only %d figures", lines)
	}
}

// lookInBrowser opens the pages in Chromium with a profile on the disk.
func lookInBrowser(t *testing.T, p *demoProcess, all []*sweeper) {
	t.Helper()
	type desk struct {
		Origin string   `json:"origin"`
		Cookie string   `json:"cookie"`
		Paths  []string `json:"paths"`
	}
	var desks []desk
	pages := 15
	if everything() {
		pages = 45
	}
	for _, s := range all {
		if s.role == "administrator" || s.role == "clinician" || s.role == "call-handler" {
			desks = append(desks, desk{s.org.URL, sessionCookie(t, s.c, s.org).Value, first(s.paths, pages)})
		}
	}
	profile := t.TempDir()
	in, err := json.Marshal(map[string]any{"profile": profile, "desks": desks})
	if err != nil {
		t.Fatal(err)
	}
	out, err := filepath.Abs(filepath.Join("..", "..", "web", "stories", "sweep.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", out)
	cmd.Stdin = bytes.NewReader(in)
	began := time.Now()
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("the browser: %v\n%s", err, said)
	}
	t.Logf("the browser, %.0f s: %s", time.Since(began).Seconds(), bytes.TrimSpace(said))
	kept, files := 0, 0
	err = filepath.WalkDir(profile, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		rel, _ := filepath.Rel(profile, path)
		for _, one := range traces() {
			wide := regexp.MustCompile(`(.)`).ReplaceAllString(one, "$1\x00")
			if bytes.Contains(raw, []byte(one)) || bytes.Contains(raw, []byte(wide)) {
				t.Errorf("the browser keeps %q in %s", one, rel)
			}
		}
		if strings.Contains(rel, "Cache") {
			for _, u := range regexp.MustCompile(`http://[a-z0-9]+\.localhost:[0-9]+(/[ -~]*)`).FindAllSubmatch(raw, -1) {
				path := string(u[1])
				if strings.HasPrefix(path, "/static/") {
					kept++
				} else if path != "/" && !strings.HasPrefix(path, "/sign-in") && !strings.HasPrefix(path, "/emergency") {
					t.Errorf("the browser's cache holds %s", path)
				}
			}
		}
		return nil
	})
	if err != nil || kept == 0 || files < 10 {
		t.Errorf("%d files, %d of ours in the cache, %v: the cache was not looked into", files, kept, err)
	}
}
