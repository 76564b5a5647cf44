package node_test

import (
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestWhereWeaknessesAreReported(t *testing.T) {
	lib := library(t)
	n, _ := open(t, lib, found(t, lib, "Fellside 111", "ZZ111"))
	defer closed(t, n)
	w := httptest.NewRecorder()
	n.Mux.ServeHTTP(w, httptest.NewRequest("GET", "/.well-known/security.txt", nil))
	body := w.Body.String()
	contact := regexp.MustCompile(`(?m)^Contact: mailto:(\S+)$`).FindStringSubmatch(body)
	expires := regexp.MustCompile(`(?m)^Expires: (\S+)$`).FindStringSubmatch(body)
	if w.Code != 200 || contact == nil || expires == nil || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Fatalf("%d %s", w.Code, body)
	}
	until, err := time.Parse(time.RFC3339, expires[1])
	if err != nil || time.Until(until) < 24*time.Hour || time.Until(until) > 365*24*time.Hour {
		t.Errorf("expires %s, %v", expires[1], err)
	}
	for _, path := range []string{"../../SECURITY.md", "../../docs/security/README.md"} {
		raw, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(raw), contact[1]) {
			t.Errorf("%s does not name %s: %v", path, contact[1], err)
		}
	}
}
