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
	LetGo   int            `json:"let_go"`  // that could be read before, and the desk itself says it let go of
	Heard   time.Time      `json:"heard"`   // until when what the desk itself says is here; zero: nothing is. What it has not said here counts as held
	Lines   []ManifestLine `json:"lines"`
}

// ManifestLine is one subject.
type ManifestLine struct {
	Subject string    `json:"subject"`
	Sort    string    `json:"sort"` // case, record, other
	Since   time.Time `json:"since"`
	Written bool      `json:"written"` // at the desk itself

	Again *time.Time `json:"again,omitempty"`  // when it was last given anew after the desk had let go of it
	LetGo *time.Time `json:"let_go,omitempty"` // when the desk let go of it, as the desk itself says by its own clock; none: it could be read
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
	for _, h := range n.Gate.LooksHere() {
		if h.Device == desk {
			out.Heard = h.Until
		}
	}
	for _, l := range lines {
		sort, err := n.sortOf(ctx, l.Subject)
		if err != nil {
			return out, err
		}
		out.count(sort, l.LetGo != 0)
		out.Lines = append(out.Lines, ManifestLine{
			Subject: l.Subject.String(), Sort: sort, Since: l.Since.Time(), Written: l.Written, Again: moment(l.Again), LetGo: moment(l.LetGo),
		})
	}
	return out, nil
}

func (m *Manifest) count(sort string, gone bool) {
	switch {
	case gone:
		m.LetGo++
	case sort == "case":
		m.Cases++
	case sort == "record":
		m.Records++
	default:
		m.Others++
	}
}

func moment(at fact.Millis) *time.Time {
	if at == 0 {
		return nil
	}
	t := at.Time()
	return &t
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
		`SELECT (SELECT count(*) FROM urgent_case WHERE id = ?1), (SELECT count(*) FROM record_person WHERE subject = ?1) + (SELECT count(*) FROM urgent_about WHERE record = ?1)`, s[:]).Scan(&cases, &records)
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
