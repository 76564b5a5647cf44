package accessdb

import (
	"crypto/rand"
	"encoding/base64"
	"testing"
	"time"
)

func TestAChallengeProvesItself(t *testing.T) {
	c, other, now := newChallenges(), newChallenges(), time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	raw, err := c.make(rand.Reader, now)
	if err != nil {
		t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString(raw)
	one, err := c.read(text, now.Add(challengeLasts))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.read(text, now.Add(challengeLasts+time.Second)); err == nil {
		t.Error("it serves for ever")
	}
	if _, err := c.read(text, now.Add(-time.Hour)); err == nil {
		t.Error("it serves before it was made")
	}
	if _, err := other.read(text, now); err == nil {
		t.Error("another process made it")
	}
	for i := range raw {
		bent := append([]byte(nil), raw...)
		bent[i] ^= 1
		if _, err := c.read(base64.RawURLEncoding.EncodeToString(bent), now); err == nil {
			t.Errorf("byte %d was changed", i)
		}
	}
	for _, s := range []string{"", "AAAA", text + "A", text[:len(text)-1]} {
		if _, err := c.read(s, now); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
	if !c.spend(one, now) || c.spend(one, now.Add(time.Minute)) {
		t.Error("an answer serves twice, or never")
	}
	if c.spend(one, now.Add(challengeLasts+2*time.Minute)); len(c.spent) != 1 {
		t.Errorf("%d are remembered", len(c.spent))
	}
}

// However many challenges strangers ask for, nothing is kept, and the one that a
// colleague was given still holds.
func TestNobodyIsCrowdedOutOfSigningIn(t *testing.T) {
	c, now := newChallenges(), time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	colleague, err := c.make(rand.Reader, now)
	if err != nil {
		t.Fatal(err)
	}
	for range 100_000 {
		if _, err := c.make(rand.Reader, now); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.spent) != 0 {
		t.Errorf("%d are kept", len(c.spent))
	}
	if _, err := c.read(base64.RawURLEncoding.EncodeToString(colleague), now.Add(time.Minute)); err != nil {
		t.Error(err)
	}
}
