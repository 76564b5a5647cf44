package accessdb

import (
	"context"
	"time"

	"holdfast/fact"
)

// OpenHere lists, for this device itself, the records and cases that somebody
// looked at since a moment, on any device whose looks are here. A page may still
// show them for as long as a session lasts.
func (g *Gate) OpenHere(ctx context.Context, since time.Time) ([]fact.Subject, error) {
	return g.subjects(ctx, `SELECT DISTINCT about FROM access_look WHERE at >= ?`, since.UnixMilli())
}

// PeopleHere lists, for this device itself, who opened a session since a moment.
func (g *Gate) PeopleHere(ctx context.Context, since time.Time) ([]fact.Subject, error) {
	return g.subjects(ctx, `SELECT DISTINCT s.person FROM access_session s JOIN access_desk d ON d.session = s.session WHERE d.opened >= ?`, since.UnixMilli())
}
