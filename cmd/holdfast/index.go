package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"holdfast/cmd/node"
	"holdfast/exchange/pds"
	"holdfast/exchange/pds/pdstest"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/sim/people"
)

// indexSettings says which national index of people is asked, and how this
// application shows who it is: application-restricted access by a signed JWT.
type indexSettings struct {
	URL      string `yaml:"url"`       // "https://api.service.nhs.uk/personal-demographics/FHIR/R4"; empty: none is asked
	TokenURL string `yaml:"token_url"` // "https://api.service.nhs.uk/oauth2/token"
	APIKey   string `yaml:"api_key"`
	KeyID    string `yaml:"key_id"`   // of the public key as it was registered
	KeyFile  string `yaml:"key_file"` // RSA private key in PEM, beside this file
	Role     string `yaml:"role"`     // NHSD-Session-URID, where one is asked for
}

// client gives the client of the index, nil when none is asked.
func (s indexSettings) client(dir string, lib *node.Library) (*pds.Client, error) {
	if s.URL == "" {
		return nil, nil
	}
	for name, address := range map[string]string{"url": s.URL, "token_url": s.TokenURL} {
		if u, err := url.Parse(address); err != nil || u.Scheme != "https" || u.Host == "" {
			return nil, fmt.Errorf("%w: national_index: %s must be an https address", errUsage, name)
		}
	}
	if s.APIKey == "" || s.KeyID == "" || s.KeyFile == "" {
		return nil, fmt.Errorf("%w: national_index: api_key, key_id and key_file are needed", errUsage)
	}
	raw, err := os.ReadFile(beside(dir, s.KeyFile))
	if err != nil {
		return nil, err
	}
	key, err := pds.ReadKey(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	// Tokens and circuits go by this machine's time: a rehearsal's clock is not
	// the service's.
	outside := indexHTTP(nil, lib)
	return &pds.Client{
		Base: s.URL, HTTP: outside, Role: s.Role, Most: lib.Who.TraceMost, Now: time.Now,
		Token: &pds.SignedJWT{URL: s.TokenURL, APIKey: s.APIKey, KeyID: s.KeyID, Key: key, HTTP: outside, Now: time.Now},
	}, nil
}

// indexHTTP bounds every request and follows no redirect: the question goes
// nowhere else.
func indexHTTP(transport http.RoundTripper, lib *node.Library) *http.Client {
	return &http.Client{
		Transport: transport, Timeout: lib.Who.TraceWait,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// demoIndex is a made-up index for a demo: it knows the people of the district
// and some more, and lives in this process.
func demoIndex(d people.District, lib *node.Library, clock journal.Clock) *pds.Client {
	if clock == nil {
		clock = time.Now
	}
	var all []record.Identity
	for _, p := range d.People {
		if p.Identity.NHS.Matchable() {
			all = append(all, p.Identity)
		}
	}
	peer := &pdstest.Peer{People: append(all, pdstest.Strangers()...), Now: clock}
	return &pds.Client{Base: "https://index.invalid/personal-demographics/FHIR/R4", HTTP: indexHTTP(peer.Transport(), lib), Most: lib.Who.TraceMost, Now: clock}
}
