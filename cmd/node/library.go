package node

import (
	"holdfast/access"
	"holdfast/access/accessweb"
	"holdfast/content"
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
	Desk   content.Desk
}

// Shipped reads the content that comes with the program, with the approvals
// of the clinical safety officer who answers for it here, if there are any.
func Shipped(approvals ...content.Approval) (*Library, error) {
	set, err := content.Shipped()
	if err != nil {
		return nil, err
	}
	set = set.WithApprovals(approvals...)
	questions, err := triage.Load(set)
	if err != nil {
		return nil, err
	}
	rules, err := urgent.LoadRules(set, questions)
	if err != nil {
		return nil, err
	}
	call, err := urgentweb.LoadCallRules(set, questions)
	if err != nil {
		return nil, err
	}
	keep, err := content.Retention(set)
	if err != nil {
		return nil, err
	}
	erase, err := content.Erasure(set, access.LeastErasureDays)
	if err != nil {
		return nil, err
	}
	tell, err := content.LoadDisclosure(set)
	if err != nil {
		return nil, err
	}
	homes, err := entry.LoadRules(set)
	if err != nil {
		return nil, err
	}
	signIn, err := accessweb.LoadPolicy(set)
	if err != nil {
		return nil, err
	}
	desk, err := content.LoadDesk(set)
	if err != nil {
		return nil, err
	}
	look, err := lookingOf(set)
	return &Library{Desk: desk, Set: set, Triage: questions, Rules: rules, Call: call, Keep: keep, SignIn: signIn, Erase: erase, Tell: tell, Entry: homes, Look: look}, err
}

// MayAsk tells whether the triage content may be shown to an audience here:
// outside a demo only what the safety officer has signed.
func (n *Node) MayAsk(audience content.Audience) error {
	_, err := n.config.Library.Triage.MayRun(audience, n.config.Library.Rules.Nation, n.demo)
	return err
}
