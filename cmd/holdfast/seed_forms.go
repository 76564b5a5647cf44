package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/share"
	"holdfast/stock"
	"holdfast/stock/stockdb"
)

// receiveForms makes two ranges of numbered forms: one with shares handed out
// to cars and some used, one that is all in a car which does not answer.
func (s *seeder) receiveForms(ctx context.Context) error {
	forms := &stockdb.Forms{Journal: s.n.Journal, Gate: s.n.Gate, Device: s.n.Device}
	manager, clinician := s.first(access.Manager), s.first(access.Clinician)
	if manager.Name == "" || clinician.Name == "" {
		return nil
	}
	cars := madeUpCars()
	pad, err := forms.Receive(ctx, manager, stock.Receiving{What: "FP10SS pads, treatment room", First: 42010001, Last: 42010050})
	if err != nil {
		return err
	}
	bag, err := forms.Receive(ctx, manager, stock.Receiving{What: "FP10SS pads, home visits", First: 42020001, Last: 42020010})
	if err != nil {
		return err
	}
	hand := func(id fact.Subject, first, last uint64, to stock.Device) error {
		return forms.Do(ctx, manager, access.KeepForms, id, func(r stock.Range, here stock.Device, now time.Time) ([]fact.Draft, error) {
			return stock.HandOut(r, manager, here, share.Some(first, last), to, now)
		})
	}
	use := func(id fact.Subject, u stock.Using) error {
		return forms.Do(ctx, clinician, access.UseForm, id, func(r stock.Range, here stock.Device, now time.Time) ([]fact.Draft, error) {
			return stock.UseForm(r, clinician, here, u, now)
		})
	}
	return errors.Join(
		hand(pad, 42010021, 42010030, cars[0]), hand(pad, 42010031, 42010040, cars[1]),
		use(pad, stock.Using{Units: share.One(42010001), How: stock.Issued}), use(pad, stock.Using{Units: share.One(42010002), How: stock.Issued}),
		use(pad, stock.Using{Units: share.One(42010003), How: stock.Spoiled, Note: "Tea spilt over it"}),
		hand(bag, 42020001, 42020010, cars[0]),
		use(bag, stock.Using{Units: share.One(42020004), How: stock.Issued, Asks: "Car 1 has no signal in the valley"}),
	)
}

// madeUpCars are devices of the demo that are always out of reach.
func madeUpCars() (out []stock.Device) {
	for _, name := range []string{"Car 1", "Car 2"} {
		label := fact.Labelled("holdfast/demo-car/1", []byte(name))
		out = append(out, stock.Device{ID: fact.Subject(label[:16]), Name: name})
	}
	return out
}

// first gives the first member of staff, by name, who works in a role.
func (s *seeder) first(role access.Role) access.Caller {
	var names []string
	for name, by := range s.staff {
		if by.Role == role {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return access.Caller{}
	}
	return s.staff[slices.Min(names)]
}
