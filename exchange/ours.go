package exchange

import (
	"context"
	"slices"

	"holdfast/codes"
)

// Ours says who this organisation is at its machine doors.
type Ours struct {
	ODS      codes.ODS
	Name     string
	Also     []codes.ODS // further codes under which it is addressed: sites, services
	Services []Service
}

// Service is one of our services in the Directory of Services.
type Service struct {
	ID       codes.DoSID
	Name     string
	ODS      codes.ODS // of the site, when it has one of its own
	UseCases []string  // BaRS use cases that it takes
	CAD      bool      // a computer-aided dispatch of an ambulance service
}

// Is tells whether an organisation code is ours.
func (o Ours) Is(ods codes.ODS) bool {
	if ods == "" {
		return false
	}
	return ods == o.ODS || slices.Contains(o.Also, ods) ||
		slices.ContainsFunc(o.Services, func(s Service) bool { return s.ODS == ods })
}

// Service finds one of our services.
func (o Ours) Service(id codes.DoSID) (Service, bool) {
	for _, s := range o.Services {
		if id != "" && s.ID == id {
			return s, true
		}
	}
	return Service{}, false
}

// Takes tells whether the service takes a use case.
func (s Service) Takes(useCase string) bool { return slices.Contains(s.UseCases, useCase) }

// Seen tells whether a message with this key (of Arrival.Keys) was filed. It
// is asked before a message is read; what counts in the end is Receive, which
// files nothing twice. An error means that it is not known.
type Seen interface {
	Seen(ctx context.Context, key string) (bool, error)
}
