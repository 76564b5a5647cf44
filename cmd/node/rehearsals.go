package node

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/incident"
	"holdfast/web"
)

// rehearsals lets the caller in and reads what holdfast drill recorded here.
func (n *Node) rehearsals(ctx context.Context, by web.Caller) ([]incident.Rehearsal, error) {
	if err := n.Gate.Enter(ctx, by, access.SeeRehearsals, fact.Subject{}); err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(filepath.Join(n.config.Dir, incident.RehearsalsFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return incident.ReadRehearsals(raw)
}
