// Package incident is what an organisation knows of its own readiness: which
// faults were rehearsed here, when, and how it went.
//
// Its law: what was never rehearsed is said to be so; an old success is never
// shown without its date.
package incident

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"sort"
	"time"
)

// RehearsalsFile is where a data folder keeps the last result of each drill.
const RehearsalsFile = "drills.json"

// Rehearsal is the last result of one drill.
type Rehearsal struct {
	Number   int                `json:"number"`
	Name     string             `json:"drill"`
	About    string             `json:"about"` // what it rehearses, in plain words
	Hazard   string             `json:"hazard"`
	Expected string             `json:"expected"`
	At       time.Time          `json:"at"`
	Seed     uint64             `json:"seed"`
	Pass     bool               `json:"pass"`
	Seen     string             `json:"seen"`
	Seconds  float64            `json:"seconds"`
	Figures  map[string]float64 `json:"figures"`
}

// Figure is one number of a rehearsal.
type Figure struct {
	Name  string // "acts answered"
	Value float64
}

// Sorted gives the figures by name.
func (r Rehearsal) Sorted() []Figure {
	var out []Figure
	for name, v := range r.Figures {
		out = append(out, Figure{words(name), v})
	}
	sort.Slice(out, func(i, k int) bool { return out[i].Name < out[k].Name })
	return out
}

func words(name string) string {
	return string(bytes.ReplaceAll([]byte(name), []byte("_"), []byte(" ")))
}

// ReadRehearsals reads the file's bytes; none are no rehearsals.
func ReadRehearsals(raw []byte) ([]Rehearsal, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, nil
	}
	var all []Rehearsal
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(&all); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more behind the list")
	}
	sort.SliceStable(all, func(i, k int) bool { return all[i].Number < all[k].Number })
	return all, nil
}

// Latest puts a result in the place of the older one of the same drill.
func Latest(all []Rehearsal, one Rehearsal) []Rehearsal {
	out := []Rehearsal{one}
	for _, r := range all {
		if r.Name != one.Name {
			out = append(out, r)
		}
	}
	sort.SliceStable(out, func(i, k int) bool { return out[i].Number < out[k].Number })
	return out
}
