package web

import (
	"errors"
	"net/http"

	"holdfast/access"
)

// Caller is who is asking, as the doors hand it over.
type Caller = access.Caller

// ErrNoSession is what Sessions answers when the request carries no session at
// all, or one that has ended. It is not a refusal: the person is sent to sign
// in.
var ErrNoSession = errors.New("web: nobody is signed in")

// Sessions finds who is asking. It returns ErrNoSession when nobody is, a
// refusal when somebody is and may not come in here, and any other error when
// it could not be found out. It must be safe for use by many requests at once.
type Sessions interface {
	Caller(r *http.Request) (Caller, error)
}

// NoSessions is a door that nobody can pass.
type NoSessions struct{}

// Caller answers ErrNoSession, always.
func (NoSessions) Caller(*http.Request) (Caller, error) { return Caller{}, ErrNoSession }
