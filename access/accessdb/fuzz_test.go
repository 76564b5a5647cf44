package accessdb

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/fact/refusal"
)

// A token stands for one hash and no other text for the same.
func FuzzToken(f *testing.F) {
	f.Add("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB")
	f.Add("AAAA\nAAAA")
	c := newChallenges()
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := hashToken(s); err == nil {
			raw, err := base64.RawURLEncoding.DecodeString(s)
			if err != nil || base64.RawURLEncoding.EncodeToString(raw) != s {
				t.Errorf("%q is another writing of the same token", s)
			}
		}
		if _, err := c.read(s, time.Now()); err == nil {
			t.Errorf("%q is a challenge that nobody made", s)
		}
	})
}

// Whatever a browser answers, nobody comes in without a passkey that is enrolled,
// and whoever is refused gets a sentence.
func FuzzPasskeyAnswers(f *testing.F) {
	gate := open(f)
	p, err := NewPasskeys(gate.Gate, "111.localhost", []string{"https://111.localhost:8443"})
	if err != nil {
		f.Fatal(err)
	}
	options, err := p.BeginSignIn()
	if err != nil {
		f.Fatal(err)
	}
	client := func(kind string) string {
		raw, err := json.Marshal(map[string]any{"type": kind, "challenge": options.Response.Challenge.String(), "origin": "https://111.localhost:8443"})
		if err != nil {
			f.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	handle := base64.RawURLEncoding.EncodeToString(gate.person[:])
	f.Add([]byte(`{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"clientDataJSON":"` + client("webauthn.get") + `","authenticatorData":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAFAAAAAA","signature":"MEQ","userHandle":"` + handle + `"}}`))
	f.Add([]byte(`{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"clientDataJSON":"` + client("webauthn.create") + `","attestationObject":"o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVg"}}`))
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"response":null,"id":1}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		token, _, err := p.FinishSignIn(t.Context(), answer, access.Clinician, strings.Repeat("A", 43), "desk")
		if err == nil || token != "" {
			t.Fatalf("let in by %q", answer)
		}
		if refusal.KindOf(err) == 0 {
			t.Errorf("%v is no refusal", err)
		}
		if err := p.FinishEnrol(t.Context(), answer); err == nil || refusal.KindOf(err) == 0 {
			t.Errorf("enrolled by %q: %v", answer, err)
		}
	})
}
