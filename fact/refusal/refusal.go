// Package refusal holds the few kinds of error that Holdfast shows to people.
//
// Its law: a refusal is a sentence that a person can act on, and it holds no
// personal data, so that it may be logged. Whatever is not a refusal is shown
// as an internal error and its text stays in the log.
package refusal

import (
	"errors"
	"fmt"
)

// Kind says what sort of refusal it is; doors map it to a status of their own.
type Kind uint8

// The kinds. Their numbers are stable and never reused.
const (
	Invalid     Kind = 1 // what was given must be mended first
	Missing     Kind = 2 // there is no such thing here
	Taken       Kind = 3 // somebody else was first, or the state has moved on
	Forbidden   Kind = 4 // this person may not; the sentence says who may
	Unavailable Kind = 5 // it cannot be done at present; nothing was saved
	Unknown     Kind = 6 // it is not known whether it was done: look before trying again
)

// String gives the kind's name, for logs and tests.
func (k Kind) String() string {
	switch k {
	case Invalid:
		return "invalid"
	case Missing:
		return "missing"
	case Taken:
		return "taken"
	case Forbidden:
		return "forbidden"
	case Unavailable:
		return "unavailable"
	case Unknown:
		return "unknown"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Error is a refusal. Field names the form field to mend, if there is one.
type Error struct {
	Kind     Kind
	Field    string
	Sentence string
	cause    error
}

// Error gives the sentence alone.
func (e *Error) Error() string { return e.Sentence }

// Unwrap gives the cause, which is for the log and never for a page.
func (e *Error) Unwrap() error { return e.cause }

// New makes a refusal.
func New(kind Kind, sentence string) *Error { return &Error{Kind: kind, Sentence: sentence} }

// Newf makes a refusal from a format; its arguments must not be personal data.
func Newf(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Sentence: fmt.Sprintf(format, args...)}
}

// Field makes an Invalid refusal about one field of a form.
func Field(field, sentence string) *Error {
	return &Error{Kind: Invalid, Field: field, Sentence: sentence}
}

// Because adds the cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// KindOf finds the kind of an error, or 0 when it is no refusal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return 0
}

// Is tells whether err is a refusal of this kind.
func Is(err error, kind Kind) bool { return KindOf(err) == kind }

// Fields lists every field refusal inside err, joined errors included, in
// order.
func Fields(err error) []*Error {
	var out []*Error
	var walk func(error)
	walk = func(err error) {
		switch e := err.(type) {
		case nil:
		case *Error:
			if e.Field != "" {
				out = append(out, e)
			}
		case interface{ Unwrap() []error }:
			for _, one := range e.Unwrap() {
				walk(one)
			}
		case interface{ Unwrap() error }:
			walk(e.Unwrap())
		}
	}
	walk(err)
	return out
}
