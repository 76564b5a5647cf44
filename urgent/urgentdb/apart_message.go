package urgentdb

import (
	"strings"

	"holdfast/access"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/urgent"
)

// settleMessage says which of the cases goes on under which one message was
// filed apart. Every number of the message is filed under it, and the other
// cases are closed with the reason; one that somebody has is closed by them.
func (s *Cases) settleMessage(tx *journal.Tx, h fact.History, by access.Caller, req fact.Settling) ([]fact.Draft, error) {
	if req.Why = strings.TrimSpace(req.Why); req.Why == "" {
		return nil, refusal.Field("why", "Say why this case goes on. The other stays readable.")
	}
	if len(urgent.Filed(h)) < 2 {
		return nil, refusal.New(refusal.Taken, "Nothing disagrees here any more: somebody has settled it. Look at what stands now.")
	}
	chosen, others, ok := urgent.FiledUnder(h, req.Choice)
	if !ok {
		return nil, refusal.Field("choice", "Choose which case goes on.")
	}
	c, err := fold(tx, chosen.Case)
	if err != nil {
		return nil, err
	}
	var out []fact.Draft
	keys := messageKeys(c)
	for _, other := range others {
		o, err := fold(tx, other.Case)
		if err != nil {
			return nil, err
		}
		closing, err := urgent.Close(o, by, "The same message as case "+chosen.Number+", which goes on. "+req.Why)
		if err != nil {
			return nil, err
		}
		keys, out = append(keys, messageKeys(o)...), append(out, closing...)
	}
	again, err := s.refile(tx, keys, chosen)
	return append(out, again...), err
}

// refile files under one case every number that is filed under several.
func (s *Cases) refile(tx *journal.Tx, keys []messageKey, as urgent.ArrivalFiled) ([]fact.Draft, error) {
	var out []fact.Draft
	done := map[fact.Subject]bool{}
	for _, key := range keys {
		at := Receiver{s}.subjectOf(key.route, key.key)
		if done[at] {
			continue
		}
		done[at] = true
		h, err := tx.History(at)
		if err != nil {
			return nil, err
		}
		if len(urgent.Filed(h)) > 1 {
			out = append(out, fact.Say(at, as))
		}
	}
	return out, nil
}

type messageKey struct {
	route exchange.Route
	key   string
}

// messageKeys lists the numbers under which a case's messages are found.
func messageKeys(c urgent.Case) []messageKey {
	var out []messageKey
	for _, m := range c.Messages {
		for _, key := range m.What.Keys {
			out = append(out, messageKey{m.What.Route, key})
		}
		for _, a := range c.Arrived {
			if a.What.Set != "" {
				out = append(out, messageKey{m.What.Route, seriesKey(m.What.Sender, a.What.Set)})
			}
		}
	}
	return out
}
