package urgent

import (
	"slices"
	"strings"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Bounds of what an exchange may say.
const (
	MaxTelephoneID   = 100 // bytes of a number that the exchange gives
	MaxExtension     = 20
	MaxRecording     = 200
	mostEventsOfCall = 500
)

// Hear states one event of a call. Heard before it states nothing, whatever
// order events come in.
func Hear(c Call, by access.Caller, e TelephoneEvent) ([]fact.Draft, error) {
	if err := by.May(access.HearTelephone); err != nil {
		return nil, err
	}
	if err := e.sound(); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(c.Events, func(was CallEvent) bool { return was.Event == e.Event }) {
		return nil, nil
	}
	if len(c.Events) >= mostEventsOfCall {
		return nil, refusal.Newf(refusal.Invalid, "A call has at most %d events.", mostEventsOfCall)
	}
	return []fact.Draft{fact.Say(c.ID, e)}, nil
}

func (e TelephoneEvent) sound() error {
	plain := func(name, s string, most int, needed bool) error {
		if s == "" && needed {
			return refusal.Newf(refusal.Invalid, "%s is missing.", name)
		}
		if len(s) > most || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return refusal.Newf(refusal.Invalid, "%s is longer than %d bytes, or is no plain text.", name, most)
		}
		return nil
	}
	for _, one := range []struct {
		name, s string
		most    int
		needed  bool
	}{
		{"exchange", e.Exchange, MaxTelephoneID, true}, {"call", e.Call, MaxTelephoneID, true}, {"event", e.Event, MaxTelephoneID, true},
		{"extension", e.Extension, MaxExtension, e.What == Answered || e.What == Joined || e.What == Left}, {"to", e.To, MaxTelephoneID, e.What == Transferred},
		{"dialled", e.Dialled, MaxTelephoneID, false}, {"recording", e.Recording, MaxRecording, e.What == Recorded}, {"number", e.From.Number, MaxTelephoneID, false},
	} {
		if err := plain(one.name, one.s, one.most, one.needed); err != nil {
			return err
		}
	}
	switch {
	case rankOf(e.What) < 0:
		return refusal.Newf(refusal.Invalid, "what is %q: docs/telephone.md lists what may happen to a call.", e.What)
	case e.At <= 0:
		return refusal.New(refusal.Invalid, "at is missing.")
	}
	return nil
}
