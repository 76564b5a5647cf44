package main

import (
	"context"
	"fmt"

	"holdfast/access"
	"holdfast/record/entry"
)

// mostSeededHomes is how many made-up homes are kept in each organisation.
const mostSeededHomes = 4

// keepHomes keeps how to get into the homes of a few people with open cases.
func (s *seeder) keepHomes(ctx context.Context) error {
	by := s.first(access.Clinician)
	if by.Name == "" {
		return nil
	}
	kept := map[int]bool{}
	for _, c := range s.d.Cases {
		if !s.ours(c) || c.Person < 0 || kept[c.Person] || len(kept) == mostSeededHomes || s.person[c.Person].Zero() {
			continue
		}
		kept[c.Person] = true
		n := len(kept)
		way := entry.Plain{Code: fmt.Sprintf("C%d%d%dX", n, n+3, 9-n), Where: "Behind the downpipe, left of the side door"}
		if n%2 == 0 {
			way.Alarm = fmt.Sprintf("Panel in the hall, %d%d%d%d", n, n, 9-n, n+1)
		}
		if err := s.n.Homes.Keep(ctx, by, s.person[c.Person], nil, way, "Made up for the demo"); err != nil {
			return err
		}
	}
	return nil
}
