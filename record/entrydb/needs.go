package entrydb

import (
	"context"
	"errors"
	"time"

	"holdfast/access"
	"holdfast/fact/refusal"
)

// What a site wants of the caller before it goes on; a desk asks them for it.
const (
	needsProof  = 1 // to show again who they are
	needsReason = 2 // to say why
)

// needsOf tells what an error asks the caller for; 0: nothing.
func needsOf(err error) uint8 {
	switch {
	case errors.Is(err, access.ErrProve):
		return needsProof
	case errors.Is(err, access.ErrSayWhy):
		return needsReason
	}
	return 0
}

// wanting gives a refusal of the site what it asks for, so that the page asks
// the caller here.
func (q question) wanting(no *refusal.Error, needs uint8) error {
	switch needs {
	case needsProof:
		return no.Because(access.ErrProve)
	case needsReason:
		act := access.OpenEntry
		if q.Do != askOpen && q.Do != askCover {
			act = access.KeepEntry
		}
		return &access.NeedsReason{Act: act, About: q.Person, Err: no.Because(access.ErrSayWhy)}
	}
	return no
}

const (
	saidLately = 2 * time.Minute        // within it the site may not have heard yet what the caller said here
	askAgain   = 250 * time.Millisecond // until it has
)

// askHeard asks a site node, and again for a while when it wants what the caller
// has shown or said here a moment ago: that is on its way there.
func (s *Homes) askHeard(ctx context.Context, by access.Caller, q question) (reply, error) {
	ctx, stop := context.WithTimeout(ctx, siteWait)
	defer stop()
	for {
		r, err := s.ask(ctx, q)
		now := s.Clock()
		_, said := by.ReasonFor(now, q.Person)
		switch needs := needsOf(err); {
		case needs == needsProof && now.Sub(by.Proved) < saidLately:
		case needs == needsReason && said:
		default:
			return r, err
		}
		select {
		case <-ctx.Done():
			return r, refusal.New(refusal.Unavailable, "The site has not heard yet of what you showed or said here. Try again in a moment; if somebody is in danger ring the coordinator, who opens it at the site.").Because(err)
		case <-time.After(askAgain):
		}
	}
}
