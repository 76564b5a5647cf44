package directory

import (
	"errors"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// MaxList bounds every list inside one service.
const MaxList = 200

// ListService puts a service on the list, or states the whole of it anew. The
// same words twice make no second fact.
func ListService(e Entry, by access.Caller, s Service, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.KeepServices); err != nil {
		return nil, err
	}
	s.Name = strings.TrimSpace(s.Name)
	if err := sound(s); err != nil {
		return nil, err
	}
	if was, ok := e.Current(); ok && e.Ended == "" && same(was, s) {
		return nil, nil
	}
	return []fact.Draft{fact.Say(e.Subject, ServiceListed{Service: s})}, nil
}

func sound(s Service) error {
	var errs []error
	if s.Name == "" {
		errs = append(errs, refusal.Field("name", "Write the service's name"))
	}
	if s.ODS != "" && !s.ODS.Sound() {
		errs = append(errs, refusal.Field("ods", "An organisation code is 3 to 12 letters and digits, such as Y00042"))
	}
	if len(s.Takes)+len(s.Dx) == 0 {
		errs = append(errs, refusal.Field("takes", "Say which outcomes it takes"))
	}
	if !s.Always && len(s.Hours)+len(s.Special) == 0 {
		errs = append(errs, refusal.Field("hours", "Give its opening hours, or say that it is always open"))
	}
	if !soundHours(s) {
		errs = append(errs, refusal.Field("hours", "Opening hours are clock times of one day, from 00:00 to 24:00"))
	}
	if a := s.Ages; a.FromMonths < 0 || a.UnderMonths < 0 || a.UnderMonths > 0 && a.UnderMonths <= a.FromMonths {
		errs = append(errs, refusal.Field("ages", "The youngest age must lie below the oldest"))
	}
	if s.WaitMinutes < 0 {
		errs = append(errs, refusal.Field("wait", "A wait is in whole minutes from now"))
	}
	for _, n := range []int{len(s.Hours), len(s.Special), len(s.Takes), len(s.Dx), len(s.NotDx), len(s.Problems), len(s.Districts), len(s.Doors)} {
		if n > MaxList {
			errs = append(errs, refusal.Newf(refusal.Invalid, "A list inside a service holds at most %d entries", MaxList))
		}
	}
	return errors.Join(errs...)
}

func soundHours(s Service) bool {
	all := append([]Opening(nil), s.Hours...)
	for _, d := range s.Special {
		if !d.Date.Full() {
			return false
		}
		all = append(all, d.Hours...)
	}
	for _, o := range all {
		if o.From < 0 || o.From >= 24*60 || o.To < 0 || o.To > 24*60 || o.Days > EveryDay {
			return false
		}
	}
	return true
}
