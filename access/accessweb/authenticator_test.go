package accessweb_test

import (
	"bytes"
	"net/http"
	"testing"

	"holdfast/sim/passkey"
)

const theirOrigin = "http://111.localhost:8111"

// authenticator is a security key in software; what fails fails the test.
type authenticator struct {
	t testing.TB
	*passkey.Key
}

func newAuthenticator(t testing.TB) *authenticator {
	t.Helper()
	key, err := passkey.New(theirOrigin)
	if err != nil {
		t.Fatal(err)
	}
	return &authenticator{t, key}
}

// create answers the options of an enrolment.
func (a *authenticator) create(options string) []byte {
	a.t.Helper()
	return a.must(a.Create([]byte(options)))
}

// get answers the options of a sign-in or a confirmation.
func (a *authenticator) get(options string) []byte {
	a.t.Helper()
	return a.must(a.Get([]byte(options)))
}

func (a *authenticator) must(answer []byte, err error) []byte {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
	return answer
}

func (b *browser) send(path string, body []byte) (int, string) {
	b.o.t.Helper()
	res, err := b.client.Post(b.o.server.URL+path, "application/json", bytes.NewReader(body))
	return b.read(res, err)
}

// enrol makes a passkey by a one-time link.
func (b *browser) enrol(token string) *authenticator {
	b.o.t.Helper()
	a := newAuthenticator(b.o.t)
	status, body := b.send("/enrol/"+token+"/begin", nil)
	want(b.o.t, status, body, http.StatusOK, "publicKey")
	status, body = b.send("/enrol/"+token+"/finish", a.create(body))
	want(b.o.t, status, body, http.StatusOK, "next")
	return a
}

// signIn signs in by passkey.
func (b *browser) signIn(a *authenticator) (int, string) {
	b.o.t.Helper()
	status, body := b.send("/sign-in/begin", nil)
	want(b.o.t, status, body, http.StatusOK, "publicKey")
	return b.send("/sign-in/finish", a.get(body))
}
