package urgent

import (
	"holdfast/fact"
)

// Known is what of a case concerns what was known before it: repeat callers,
// national services that were asked, and ways to reach the patient that a
// colleague took against their word.
type Known struct {
	Sorts     fact.Register[ContactSorted] `cbor:"1,keyasint"`
	Repeats   []RepeatMade                 `cbor:"2,keyasint,omitempty"`
	Questions []Question                   `cbor:"3,keyasint,omitempty"`
	Overrides []Override                   `cbor:"4,keyasint,omitempty"`
}

// RepeatMade is one finding that somebody is a repeat caller.
type RepeatMade struct {
	Fact       fact.ID     `cbor:"1,keyasint"`
	At         fact.Millis `cbor:"2,keyasint"`
	Says       RepeatFound `cbor:"3,keyasint"`
	Overridden string      `cbor:"4,keyasint,omitempty"` // why; empty: it stands
	By         string      `cbor:"5,keyasint,omitempty"` // who overrode it
	over       bool
}

// Override is one way that was taken although the patient said no to it.
type Override struct {
	Fact fact.ID           `cbor:"1,keyasint"`
	At   fact.Millis       `cbor:"2,keyasint"`
	Says ContactOverridden `cbor:"3,keyasint"`
	at   int
}

// knownKinds are the kinds of fact that Known is folded from.
func knownKinds() []fact.Kind {
	return []fact.Kind{
		ContactSorted{}.FactKind(), RepeatFound{}.FactKind(), RepeatOverridden{}.FactKind(), QuestionPut{}.FactKind(),
		QuestionAnswered{}.FactKind(), ContactOverridden{}.FactKind(),
	}
}

// applyKnown folds the kinds of knownKinds; ours is false for any other.
func (c *folding) applyKnown(i int, f fact.Fact) (ours bool, err error) {
	at := f.Body.Happened.From
	switch f.Body.Kind {
	case 224:
		return true, take(f, func(v ContactSorted) { c.Sorts.Set(c.h, i, v) })
	case 225:
		return true, take(f, func(v RepeatFound) { c.Repeats = append(c.Repeats, RepeatMade{Fact: f.ID, At: at, Says: v}) })
	case 226:
		return true, take(f, func(v RepeatOverridden) { c.overrode = append(c.overrode, v) })
	case 227:
		return true, take(f, func(v QuestionPut) { c.Questions = asked(c.Questions, Question{Fact: f.ID, At: at, Put: v}) })
	case 228:
		return true, take(f, func(v QuestionAnswered) {
			c.answers = append(c.answers, QuestionReply{Fact: f.ID, At: at, Says: v, Original: f.Body.Attachments})
		})
	case 229:
		return true, take(f, func(v ContactOverridden) {
			c.Overrides = append(c.Overrides, Override{Fact: f.ID, At: at, Says: v, at: i})
		})
	}
	return false, nil
}

// gathered is what the fold gathers before it can be judged.
type gathered struct {
	overrode []RepeatOverridden
	answers  []QuestionReply
}

// settleKnown says which findings stand and what became of each question. An
// override ends when the patient says anew how they may be reached.
func (c *folding) settleKnown() {
	for _, o := range c.overrode {
		for i := range c.Repeats {
			r := &c.Repeats[i]
			if r.Fact == o.Found && (!r.over || o.Why+o.By < r.Overridden+r.By) {
				r.Overridden, r.By, r.over = o.Why, o.By, true
			}
		}
	}
	for _, a := range c.answers {
		for i := range c.Questions {
			if c.Questions[i].Put.ID == a.Says.Question {
				c.Questions[i].Replies = append(c.Questions[i].Replies, a)
			}
		}
	}
	kept := c.Overrides[:0:0]
	for _, o := range c.Overrides {
		anew := false
		for _, v := range c.Contact.Values {
			anew = anew || c.h.Before(o.at, v.Place)
		}
		if !anew {
			kept = append(kept, o)
		}
	}
	c.Overrides = kept
}

// carefulKnown: a finding counts when anybody speaks of it and is overridden
// only by what is verified; so is a way that was taken against their word.
func carefulKnown(verified, whole Known) Known {
	k := whole
	k.Sorts = fact.Both(verified.Sorts, whole.Sorts)
	k.Repeats = append([]RepeatMade(nil), whole.Repeats...)
	for i := range k.Repeats {
		k.Repeats[i].Overridden, k.Repeats[i].By = "", ""
		for _, v := range verified.Repeats {
			if v.Fact == k.Repeats[i].Fact {
				k.Repeats[i].Overridden, k.Repeats[i].By = v.Overridden, v.By
			}
		}
	}
	k.Overrides = verified.Overrides
	return k
}
