package node

import (
	"holdfast/access"
	"holdfast/access/accessweb"
	"holdfast/content"
	"holdfast/record"
	"holdfast/record/entry"
	"holdfast/triage"
	"holdfast/urgent"
	"holdfast/urgent/urgentweb"
)

// Library is the reviewed content, read once and shared by every node of a
// process: nothing in it ever changes.
type Library struct {
	Set    *content.Set
	Triage *triage.Content
	Rules  *urgent.Rules
	Call   *urgentweb.CallRules
	Keep   []content.RetentionRule
	SignIn access.Policy
	Erase  content.ErasureDays
	Tell   content.Disclosure
	Entry  entry.Rules
	Look   Looking
	Who    record.IdentityRules

	Authority content.Authority
	Desk      content.Desk
}

// Shipped reads the content that comes with the program, with the approvals
// of the clinical safety officer who answers for it here, if there are any.
func Shipped(approvals ...content.Approval) (*Library, error) {
	set, err := content.Shipped()
	if err != nil {
		return nil, err
	}
	l := &Library{Set: set.WithApprovals(approvals...)}
	for _, one := range l.chapters() {
		if err := one.load(); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// chapter is one of the things that the program reads from content when it starts.
type chapter struct {
	property, where string
	load            func() error
}

func read[T any](to *T, from func() (T, error)) func() error {
	return func() (err error) {
		*to, err = from()
		return err
	}
}

// chapters lists all that a program needs of content, in the order in which it is
// read: what comes later may need what came before.
func (l *Library) chapters() []chapter {
	s := l.Set
	return []chapter{
		{"triage", "triage", read(&l.Triage, func() (*triage.Content, error) { return triage.Load(s) })},
		{"urgent", "urgent", read(&l.Rules, func() (*urgent.Rules, error) { return urgent.LoadRules(s, l.Triage) })},
		{"calls", "urgent", read(&l.Call, func() (*urgentweb.CallRules, error) { return urgentweb.LoadCallRules(s, l.Triage) })},
		{"retention", "retention.csv", read(&l.Keep, func() ([]content.RetentionRule, error) { return content.Retention(s) })},
		{"erasure", "erasure.csv", read(&l.Erase, func() (content.ErasureDays, error) { return content.Erasure(s, access.LeastErasureDays) })},
		{"disclosure", "disclosure.csv", read(&l.Tell, func() (content.Disclosure, error) { return content.LoadDisclosure(s) })},
		{"homes", "entry.csv", read(&l.Entry, func() (entry.Rules, error) { return entry.LoadRules(s) })},
		{"sign-in", "signin.csv", read(&l.SignIn, func() (access.Policy, error) { return accessweb.LoadPolicy(s) })},
		{"authority", "authority.csv", read(&l.Authority, func() (content.Authority, error) { return content.LoadAuthority(s) })},
		{"desks", "desk.csv", read(&l.Desk, func() (content.Desk, error) { return content.LoadDesk(s) })},
		{"identity", "identity.csv", read(&l.Who, func() (record.IdentityRules, error) { return record.LoadIdentityRules(s) })},
		{"looking", "looking.csv", read(&l.Look, func() (Looking, error) { return lookingOf(s) })},
	}
}

// Unfit is a part of content with which no program starts.
type Unfit struct {
	Property, Where string
	Err             error
}

// CheckLibrary reads content as the program does when it starts, and lists every
// part with which it would not start. What the questions of triage are wanted
// for is not looked at when they can't be read.
func CheckLibrary(set *content.Set) (out []Unfit) {
	l := &Library{Set: set}
	for _, one := range l.chapters() {
		if l.Triage == nil && (one.property == "urgent" || one.property == "calls") {
			continue
		}
		if err := one.load(); err != nil {
			out = append(out, Unfit{one.property, one.where, err})
		}
	}
	return out
}

// MayAsk tells whether the triage content may be shown to an audience here:
// outside a demo only what the safety officer has signed.
func (n *Node) MayAsk(audience content.Audience) error {
	_, err := n.config.Library.Triage.MayRun(audience, n.config.Library.Rules.Nation, n.demo)
	return err
}
