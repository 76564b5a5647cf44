package task

import (
	"strings"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// GiveBack puts what somebody who has gone still holds back on its list: the
// caller takes it over and lets go of it, in one act.
func GiveBack(t Task, by access.Caller, gone fact.Subject, why string) ([]fact.Draft, error) {
	if err := by.May(access.HandOver); err != nil {
		return nil, err
	}
	if why = strings.TrimSpace(why); why == "" {
		return nil, refusal.Field("why", "Say why it is given back for them.")
	}
	if len(why) > MaxText {
		return nil, refusal.Field("why", "This is too long to be kept: shorten it")
	}
	holders := t.Holders()
	if !t.Open() || len(holders) != 1 || holders[0].Person != gone {
		return nil, nil // nothing of theirs, or a colleague has it too and goes on
	}
	return []fact.Draft{fact.Say(t.Subject, Taken{Says: by.Says(), Why: why}), fact.Say(t.Subject, Released{Why: why})}, nil
}
