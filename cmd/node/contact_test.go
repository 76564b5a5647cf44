package node_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"holdfast/cmd/node"
)

// The organisation's own address stands there, never one that nobody reads.
func TestWhereWeaknessesAreReported(t *testing.T) {
	lib := library(t)
	place := found(t, lib, "Fellside 111", "ZZ111")
	ask := func(contact string) *httptest.ResponseRecorder {
		t.Helper()
		n, err := node.Open(t.Context(), node.Config{Place: place, Library: lib, Host: "a.localhost", Version: "test", SecurityContact: contact})
		if err != nil {
			t.Fatal(err)
		}
		defer closed(t, n)
		w := httptest.NewRecorder()
		n.Mux.ServeHTTP(w, httptest.NewRequest("GET", "/.well-known/security.txt", nil))
		return w
	}
	if w := ask(""); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "Contact:") || !strings.Contains(w.Body.String(), "Fellside 111") {
		t.Errorf("none is configured, and it says %d %s", w.Code, w.Body)
	}
	w := ask("mailto:security@fellside.invalid")
	body := w.Body.String()
	expires := regexp.MustCompile(`(?m)^Expires: (\S+)$`).FindStringSubmatch(body)
	if w.Code != 200 || !strings.HasPrefix(body, "Contact: mailto:security@fellside.invalid\n") || expires == nil || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Fatalf("%d %s", w.Code, body)
	}
	until, err := time.Parse(time.RFC3339, expires[1])
	if err != nil || time.Until(until) < 24*time.Hour || time.Until(until) > 365*24*time.Hour {
		t.Errorf("expires %s, %v", expires[1], err)
	}
	for _, bad := range []string{"security@fellside.invalid", "http://fellside.invalid/", "mailto:x", "mailto:a@b.invalid\nContact: mailto:c@d.invalid"} {
		if n, err := node.Open(t.Context(), node.Config{Place: place, Library: lib, Host: "a.localhost", Version: "test", SecurityContact: bad}); err == nil {
			closed(t, n)
			t.Errorf("%q is taken for an address", bad)
		}
	}
	for _, path := range []string{"../../SECURITY.md", "../../docs/security/README.md"} {
		raw, err := os.ReadFile(path)
		if err != nil || strings.Contains(string(raw), "holdfast.example") || !strings.Contains(string(raw), "security_contact") {
			t.Errorf("%s does not say where the address comes from, or names one that nobody reads: %v", path, err)
		}
	}
}
