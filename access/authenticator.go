package access

import (
	"crypto/subtle"
	"encoding/base32"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// AuthenticatorEnrolled gives a person the second choice: a password with the
// codes of an authenticator, never one without the other. One without a sign-in
// name takes it away.
type AuthenticatorEnrolled struct {
	Login    string `cbor:"1,keyasint,omitempty"` // as typed at the door, in lower case
	Password Hashed `cbor:"2,keyasint"`
	Secret   []byte `cbor:"3,keyasint,omitempty"` // shared with the authenticator (RFC 6238); sealed as every body is
	Step     uint64 `cbor:"4,keyasint,omitempty"` // of the code that confirmed it; spent with it
}

// FactKind is kind 36.
func (AuthenticatorEnrolled) FactKind() fact.Kind {
	return kind(36, fact.Control, "authenticator-enrolled", fact.Grow)
}

// CodeSpent says that a one-time code was used: of the authenticator or of the
// recovery paper. Its subject is the person.
type CodeSpent struct {
	Step uint64      `cbor:"1,keyasint,omitempty"` // the authenticator's: its 30 seconds since 1970 UTC, by number
	Set  []byte      `cbor:"2,keyasint,omitempty"` // the paper's
	Sum  []byte      `cbor:"3,keyasint,omitempty"` // which of its codes
	Link fact.Hash   `cbor:"4,keyasint,omitempty"` // the enrolment link that a recovery code opened
	At   fact.Millis `cbor:"5,keyasint,omitempty"` // of a recovery code, by the clock of the device
}

// FactKind is kind 37.
func (CodeSpent) FactKind() fact.Kind { return kind(37, fact.Control, "code-spent", fact.Grow) }

// SignInSlowed says that so many wrong tries were made at a person's account in
// a row that further ones wait as long as they ever do. Its subject is the person.
type SignInSlowed struct {
	Wrong uint32      `cbor:"1,keyasint"`
	At    fact.Millis `cbor:"2,keyasint"`
}

// FactKind is kind 41.
func (SignInSlowed) FactKind() fact.Kind { return kind(41, fact.Control, "sign-in-slowed", fact.Grow) }

// stepLasts is the life of a code (RFC 6238, section 5.2).
const stepLasts = 30

// SecretSize is that of the secret shared with an authenticator, in bytes: of the HMAC (RFC 4226, section 4, R6: at least 16 bytes).
const SecretSize = 20

// CodeStep gives the step of a code that is good now, one step early or one late
// (RFC 6238, section 5.2). It costs the same whether it is good or not.
func CodeStep(secret []byte, code string, now time.Time) (uint64, bool) {
	code = strings.ReplaceAll(code, " ", "")
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	at := uint64(now.Unix()) / stepLasts
	found, step := 0, uint64(0)
	for s := at - 1; s <= at+1; s++ {
		want, err := hotp.GenerateCodeCustom(text, s, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return 0, false
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			found, step = 1, s
		}
	}
	return step, found == 1
}

// Authenticator gives the one in use; false for none. Of two that were enrolled
// apart neither opens anything: one of them may be a stranger's.
func (s Staff) Authenticator() (AuthenticatorEnrolled, bool) {
	a := s.Authenticators
	if len(a) != 1 || a[0].Login == "" {
		return AuthenticatorEnrolled{}, false
	}
	return a[0], true
}

// CleanLogin gives a sign-in name as it is kept: lower case, single blanks.
func CleanLogin(login string) string {
	return strings.Join(strings.Fields(strings.ToLower(login)), " ")
}

// EnrolAuthenticator gives the person a password with an authenticator, confirmed
// by its first code. Only somebody who came in by a passkey may; in a demo, by
// a link.
func EnrolAuthenticator(s Staff, session Session, p Policy, a AuthenticatorEnrolled, code string, now time.Time) ([]fact.Draft, error) {
	switch {
	case !p.SecondChoice:
		return nil, refusal.New(refusal.Forbidden, "This organisation signs in by passkeys alone.")
	case len(session.Opened) != 1 || session.Opened[0].Person != s.Person || !ByOwnDevice(session.Opened[0].Way):
		return nil, refusal.New(refusal.Forbidden, "Sign in by your passkey to do this.")
	case len(a.Secret) != SecretSize || len(a.Password.Sums) != 1 || !a.Password.sound():
		return nil, refusal.New(refusal.Invalid, "The password and the authenticator belong together. Begin again.")
	}
	if a.Login = CleanLogin(a.Login); a.Login == "" {
		return nil, refusal.Field("login", "Choose the name that you will type at the door.")
	}
	step, ok := CodeStep(a.Secret, code, now)
	if !ok {
		return nil, refusal.Field("code", "This is not the code of now. Wait for the next one and type it.")
	}
	a.Step = step
	return []fact.Draft{fact.Say(s.Person, a)}, nil
}

// DropAuthenticator takes the second choice away.
func DropAuthenticator(s Staff) ([]fact.Draft, error) {
	if len(s.Authenticators) == 0 || len(s.Authenticators) == 1 && s.Authenticators[0].Login == "" {
		return nil, refusal.New(refusal.Missing, "There is no authenticator on record.")
	}
	return []fact.Draft{fact.Say(s.Person, AuthenticatorEnrolled{})}, nil
}

// The ways in, as sessions name them.
const (
	WayPasskey = "passkey"
	WayLink    = "link" // in demo and rehearsal folders
	WayCode    = "code" // password with an authenticator's code

	WayProvider = "provider" // an account at an identity provider
)

// ByOwnDevice tells whether a way in shows something that only the person has and
// that no other service can give away: by such alone ways in are changed and
// browsers become known. In a demo a link stands for it.
func ByOwnDevice(way string) bool { return way == WayPasskey || way == WayLink }

// OpenByCode opens a session after password and code were checked; the code is
// spent with it and all before it are.
func OpenByCode(s Staff, p Policy, o SessionOpened, step uint64, session fact.Subject, now time.Time) ([]fact.Draft, error) {
	a, ok := s.Authenticator()
	if !ok || !p.SecondChoice || step <= a.Step || step <= s.Step {
		return nil, refusal.New(refusal.Forbidden, "This code has been used. Wait for the next one.")
	}
	o.Way = WayCode
	out, err := open(s, p, o, session, now)
	if err != nil {
		return nil, err
	}
	return append(out, fact.Say(s.Person, CodeSpent{Step: step})), nil
}

// Slowed is for the record: who answers for people's accounts sees it.
func Slowed(s Staff, t Tries) []fact.Draft {
	return []fact.Draft{fact.Say(s.Person, SignInSlowed{Wrong: uint32(t.Wrong), At: fact.At(t.Last)})}
}
