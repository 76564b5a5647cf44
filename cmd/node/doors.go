package node

import (
	"context"

	"holdfast/fact"
)

// signIn tells the gate how people sign in here and what work they hold. A demo
// shows the second choice; elsewhere content or the configuration allows it.
func (n *Node) signIn() {
	n.Gate.Policy = n.config.Library.SignIn
	n.Gate.Policy.SecondChoice = n.Gate.Policy.SecondChoice || n.config.SecondChoice || n.demo
	n.Gate.OpenWork = func(ctx context.Context, person fact.Subject) ([]fact.Subject, error) {
		return n.Cases.HeldBy(ctx, person)
	}
}
