package drill

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"sync"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// entry is one answer of the program, as the ledger keeps it.
type entry struct {
	Founded bool     `json:"founded,omitempty"` // the organisation was founded
	Subject string   `json:"subject,omitempty"`
	Facts   []string `json:"facts,omitempty"` // answered as saved
	Words   string   `json:"words,omitempty"` // what was written, whatever became of it
	Refused string   `json:"refused,omitempty"`
	Doubt   bool     `json:"doubt,omitempty"` // it was not known whether it was saved
	Banner  string   `json:"banner,omitempty"`
	Reads   bool     `json:"reads,omitempty"` // what was saved before could be read at that moment
}

// ledgerFile is written by a helper, one line for one answer.
type ledgerFile struct {
	mu sync.Mutex
	to io.Writer
}

func (l *ledgerFile) add(e entry) error {
	raw, err := json.Marshal(e)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err = l.to.Write(append(raw, '\n'))
	return err
}

func (l *ledgerFile) close() error {
	if f, ok := l.to.(*os.File); ok && f != os.Stdout {
		return f.Close()
	}
	return nil
}

// readEntries reads whole lines; a line cut short was never an answer.
func readEntries(raw []byte) []entry {
	var out []entry
	for {
		line, rest, whole := bytes.Cut(raw, []byte("\n"))
		if !whole {
			return out
		}
		var e entry
		if json.Unmarshal(line, &e) == nil {
			out = append(out, e)
		}
		raw = rest
	}
}

func answered(words string, facts []fact.Fact, err error) entry {
	e := entry{Words: words}
	switch kind := refusal.KindOf(err); {
	case err == nil:
		e.Subject = facts[0].Header.Subject.String()
		for _, f := range facts {
			e.Facts = append(e.Facts, f.ID.String())
		}
	case kind == 0:
		e.Refused = "not a refusal: " + err.Error()
	default:
		e.Refused, e.Doubt = err.Error(), kind == refusal.Unknown
	}
	return e
}

// saved counts the entries that were answered as saved.
func saved(all []entry) int {
	n := 0
	for _, e := range all {
		if len(e.Facts) > 0 {
			n++
		}
	}
	return n
}
