// Package record is the one record of a person: who they are, what to know
// before one acts, and when they were in contact.
//
// Its law: a person's record is the fold of the facts about one random
// subject. What two people wrote apart stands side by side until somebody who
// has seen both decides; an allergy, a danger or a decision is never removed
// by silence, by age or by another's "none known"; and "not asked", "not
// known" and "none known" are three different things. Verbs decide on folded
// state and take the caller and the time as arguments.
package record

import (
	"time"

	"holdfast/fact"
)

func kind(number uint32, name string, join fact.Join) fact.Kind {
	return fact.Kind{Number: number, Version: 1, Lane: fact.Care, Name: name, Join: join}
}

// Kinds lists the kinds of fact that this package writes and folds.
func Kinds() []fact.Kind {
	return append([]fact.Kind{
		PersonRegistered{}.FactKind(), IdentityAmended{}.FactKind(), ContactNoted{}.FactKind(),
		AlertAdded{}.FactKind(), AlertEnded{}.FactKind(), AlertAnswered{}.FactKind(), AlertConfirmed{}.FactKind(),
		EntryKept{}.FactKind(),
		IdentitiesLinked{}.FactKind(), IdentitiesUnlinked{}.FactKind(), TraceAnswered{}.FactKind(), TraceJudged{}.FactKind(),
	}, knownKinds()...)
}

// Source says where something was heard. Its numbers are stable.
type Source uint8

// The sources.
const (
	FromNobody   Source = 0 // not said
	FromCaller   Source = 1 // the person, or somebody ringing for them
	FromStaff    Source = 2 // seen or measured by the writer
	FromTrace    Source = 3 // a national index answered
	FromRecord   Source = 4 // another care record, such as the GP's
	FromMessage  Source = 5 // a message from another organisation
	FromPaper    Source = 6 // a form or a letter in the writer's hands
	FromMadeUp   Source = 7 // demo and rehearsal
	sourcesCount        = 8
)

// String says the source in words.
func (s Source) String() string {
	names := [sourcesCount]string{
		"source not given", "the caller", "seen by staff", "national index", "another record", "a message", "paper", "made up",
	}
	if int(s) < len(names) {
		return names[s]
	}
	return "another source"
}

// Answer is what was said to a question that takes yes or no. The empty value
// means it was not asked, which is not no. Its numbers are stable.
type Answer uint8

// The answers.
const (
	NotAsked Answer = 0
	Yes      Answer = 1
	No       Answer = 2
	Unsure   Answer = 3
)

// String gives the answer in words.
func (a Answer) String() string {
	switch a {
	case Yes:
		return "yes"
	case No:
		return "no"
	case Unsure:
		return "not sure"
	}
	return "not asked"
}

// Verb is a verb about one record with its request bound.
type Verb = func(p Person, now time.Time) ([]fact.Draft, error)

// PairVerb is a verb about two records with its request bound.
type PairVerb = func(a, b Person) ([]fact.Draft, error)
