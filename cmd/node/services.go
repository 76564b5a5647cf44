package node

import (
	"context"

	"holdfast/access"
	"holdfast/directory"
	"holdfast/directory/directorydb"
	"holdfast/fact"
	"holdfast/urgent/urgentweb"
)

// services reads the directory for the pages of urgent care.
type services struct{ *Node }

var _ urgentweb.Services = services{}

// All lets the caller in and gives every entry, ready for directory.Search.
func (s services) All(ctx context.Context, by access.Caller) ([]directory.Entry, error) {
	if err := s.Gate.Enter(ctx, by, access.SeeServices, fact.Subject{}); err != nil {
		return nil, err
	}
	return directorydb.Entries(ctx, s.Journal.Views(), by)
}
