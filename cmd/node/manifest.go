package node

import (
	"context"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// ManifestWanted names a desk, by name or id, and a moment; the zero moment is
// now.
type ManifestWanted struct {
	Device string    `json:"device"`
	At     time.Time `json:"at"`
}

// Manifest is what could be read on a desk at a moment: ids, no personal data.
type Manifest struct {
	Device  string         `json:"device"`
	Name    string         `json:"name"`
	At      time.Time      `json:"at"` // UTC
	CutOff  bool           `json:"cut_off"`
	Cases   int            `json:"cases"`
	Records int            `json:"records"` // of patients
	Others  int            `json:"others"`  // staff, sessions, services, tasks
	Lines   []ManifestLine `json:"lines"`
}

// ManifestLine is one subject.
type ManifestLine struct {
	Subject string    `json:"subject"`
	Sort    string    `json:"sort"` // case, record, other
	Since   time.Time `json:"since"`
	Written bool      `json:"written"` // at the desk itself
}

// Manifest lists what could be read on a desk.
func (n *Node) Manifest(ctx context.Context, want ManifestWanted) (Manifest, error) {
	if want.At.IsZero() {
		want.At = n.clock()
	}
	out := Manifest{At: want.At.UTC(), Lines: []ManifestLine{}}
	desk, err := n.deskCalled(want.Device)
	if err != nil {
		return out, err
	}
	house := n.Journal.House()
	out.Device, out.Name, out.CutOff = desk.String(), house.Devices[desk].Card.Name, house.CutOff(desk)
	lines, err := n.Journal.Manifest(ctx, desk, fact.At(want.At))
	if err != nil {
		return out, err
	}
	for _, l := range lines {
		sort, err := n.sortOf(ctx, l.Subject)
		if err != nil {
			return out, err
		}
		switch sort {
		case "case":
			out.Cases++
		case "record":
			out.Records++
		default:
			out.Others++
		}
		out.Lines = append(out.Lines, ManifestLine{Subject: l.Subject.String(), Sort: sort, Since: l.Since.Time(), Written: l.Written})
	}
	return out, nil
}

func (n *Node) deskCalled(name string) (fact.Subject, error) {
	var found []fact.Subject
	for id, d := range n.Journal.House().Devices {
		if d.Card.Kind == fact.Desk && (id.String() == name || d.Card.Name == name) {
			found = append(found, id)
		}
	}
	switch len(found) {
	case 0:
		return fact.Subject{}, refusal.New(refusal.Missing, "There is no desk of this name. holdfast org status lists the devices.")
	case 1:
		return found[0], nil
	}
	return fact.Subject{}, refusal.New(refusal.Invalid, "Several desks have this name. Name it by its id: holdfast org status --json lists them.")
}

// sortOf tells what a subject is, by the views.
func (n *Node) sortOf(ctx context.Context, s fact.Subject) (string, error) {
	var cases, records int
	err := n.Journal.Views().QueryRowContext(ctx,
		`SELECT (SELECT count(*) FROM urgent_case WHERE id = ?1), (SELECT count(*) FROM urgent_case WHERE record = ?1)`, s[:]).Scan(&cases, &records)
	switch {
	case err != nil:
		return "", err
	case cases > 0:
		return "case", nil
	case records > 0:
		return "record", nil
	}
	return "other", nil
}
