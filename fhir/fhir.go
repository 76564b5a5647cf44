// Package fhir reads and writes FHIR R4, in JSON and in XML.
//
// Its law: it translates and decides nothing. Whatever it reads it keeps,
// also what it does not understand; reading is tolerant of odd values,
// writing is strict. What is broken, too large, too deep or ambiguous (a key
// twice) is a Problem, which names the place and never repeats a value, so
// that it may stand in an answer or a log. No network, no disk, no clock.
package fhir

import (
	"errors"
	"fmt"
)

// Limits bounds what is read. Zero fields mean the defaults.
type Limits struct {
	Bytes int // default 5 MB, the most that a message door accepts
	Depth int // default 64 nested objects, arrays or elements
	Nodes int // default 200,000 values
}

// MaxBytes is the default size limit of a message.
const MaxBytes = 5 << 20

func (l Limits) orDefault() Limits {
	if l.Bytes == 0 {
		l.Bytes = MaxBytes
	}
	if l.Depth == 0 {
		l.Depth = 64
	}
	if l.Nodes == 0 {
		l.Nodes = 200_000
	}
	return l
}

// Problem says what is wrong with a message and where. It holds no values.
type Problem struct {
	Where    string // element path such as "Bundle.entry[2].resource.status"; empty for the whole
	What     string
	TooLarge bool // the size limit was passed
}

// Error gives the place and the complaint.
func (p *Problem) Error() string {
	if p.Where == "" {
		return p.What
	}
	return p.Where + ": " + p.What
}

func problem(where, format string, args ...any) error {
	return &Problem{Where: where, What: fmt.Sprintf(format, args...)}
}

// AsProblem finds the Problem inside an error, or nil.
func AsProblem(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return nil
}
