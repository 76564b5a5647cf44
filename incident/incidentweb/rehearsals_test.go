package incidentweb

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/incident"
	"holdfast/web"
)

var now = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

// signedIn lets one person in at every request.
type signedIn struct{}

func (signedIn) Caller(*http.Request) (web.Caller, error) {
	return web.Caller{Person: fact.Subject{1}, Session: fact.Subject{2}, Name: "Moira Frame", Role: access.Manager}, nil
}

// shown draws the page with what was rehearsed.
func shown(t *testing.T, all []incident.Rehearsal, refused error) (int, string) {
	t.Helper()
	shell, err := web.NewShell(web.Config{
		Organisation: "Cumbria 111", Now: func() time.Time { return now }, Session: signedIn{}, State: web.SavedHere,
		Places: func(web.Caller) []web.Place { return nil }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := web.NewMux(shell)
	Pages{Shell: shell, Rehearsals: func(_ context.Context, by web.Caller) ([]incident.Rehearsal, error) {
		if by.Role != access.Manager {
			return nil, errors.New("somebody else asks")
		}
		return all, refused
	}}.Register(mux)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/drills", nil))
	return w.Code, w.Body.String()
}

func TestThePageSaysWhatWasRehearsedWhenAndHowItWent(t *testing.T) {
	all := []incident.Rehearsal{
		{Number: 1, Name: "kill", About: "The program is killed", Hazard: "H-001", Expected: "It opens again", Seen: "none lost", Pass: true, At: now.Add(-time.Hour), Figures: map[string]float64{"kills": 65}},
		{Number: 8, Name: "loss", About: "A disk is lost", Expected: "Nothing is lost", Seen: "two calls are <gone>", At: now.Add(-40 * 24 * time.Hour)},
	}
	status, page := shown(t, all, nil)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, page)
	}
	for _, want := range []string{
		"The program is killed", "passed", "25 Nov 2026 08:00", "none lost", "It opens again", "H-001", "65",
		"A disk is lost", "NOT PASSED", "two calls are &lt;gone&gt;", "more than a month ago: rehearse again",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Count(page, "more than a month ago") != 1 {
		t.Error("a fresh rehearsal is called old")
	}
}

func TestThePageSaysThatNothingWasRehearsed(t *testing.T) {
	status, page := shown(t, nil, nil)
	if status != http.StatusOK || !strings.Contains(page, "holdfast drill") {
		t.Errorf("%d: it does not say how to rehearse", status)
	}
	if strings.Contains(strings.ToLower(page), "passed") {
		t.Error("nothing was rehearsed and something passed")
	}
}

func TestWhoMayNotSeeRehearsalsIsRefused(t *testing.T) {
	status, page := shown(t, nil, refusal.New(refusal.Forbidden, "Your role does not see rehearsals."))
	if status != http.StatusForbidden || !strings.Contains(page, "Your role does not see rehearsals.") {
		t.Errorf("%d %s", status, page)
	}
}
