package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// mostPrinted bounds a timeline; a subject has about 2,000 facts at most.
const mostPrinted = 100_000

// classEntry marks keys of entry codes to homes.
const classEntry = 1

// timeline is everything about one subject.
type timeline struct {
	subject [16]byte
	entry   bool // entry codes may be printed
	moments []moment
	left    int // facts that had no room
}

type moment struct {
	place  string
	id     hash
	header header
	body   body
	class  byte
}

func (t *timeline) add(m moment) {
	if len(t.moments) >= mostPrinted {
		t.left++
		return
	}
	t.moments = append(t.moments, m)
}

// print writes one line of JSON for each fact, by the time of recording. That
// is for reading only: what came before what is said by "seen" and, within a
// feed, by the sequence.
func (t *timeline) print(w io.Writer) error {
	slices.SortStableFunc(t.moments, func(a, b moment) int {
		return cmp.Or(cmp.Compare(a.header.recorded, b.header.recorded), slices.Compare(a.header.feed[:], b.header.feed[:]),
			cmp.Compare(a.header.seq, b.header.seq), slices.Compare(a.id[:], b.id[:]))
	})
	for _, m := range t.moments {
		if _, err := w.Write(m.json(t.entry)); err != nil {
			return err
		}
	}
	if t.left > 0 {
		return fmt.Errorf("%d facts more than fit are not printed", t.left)
	}
	return nil
}

func (m moment) json(entry bool) []byte {
	out := append([]byte(`{"place":`), appendText(nil, m.place)...)
	out = fmt.Appendf(out, `,"id":"%x","recorded":%d`, m.id, m.header.recorded)
	names := map[uint64]string{
		2: "kind", 3: "version", 4: "happened", 5: "person", 6: "role", 7: "session", 8: "seen", 9: "access",
		10: "must", 11: "attachments", 12: "confirmation", 13: "content",
	}
	for _, e := range m.body.fields.of {
		key, _ := e.key.(uint64)
		name, known := names[key]
		if !known && key <= knownKeys {
			continue // the salt: it would prove the content to others
		}
		if !known {
			name = "field " + strconv.FormatUint(key, 10)
		}
		if m.class == classEntry && !entry && (key > 9) {
			out = append(append(append(out, ','), appendText(nil, name)...), `:"an entry code: --entry-codes prints it"`...)
			continue
		}
		v := e.value
		if key == 11 {
			v = withoutKeys(v)
		}
		out = append(append(append(out, ','), appendText(nil, name)...), ':')
		out = appendJSON(out, v)
	}
	return append(out, "}\n"...)
}

// withoutKeys leaves the keys of attachments out of what is printed.
func withoutKeys(v value) value {
	var out list
	all, _ := v.(list)
	for _, one := range all {
		if pointer, ok := one.(list); ok && len(pointer) == 3 {
			out = append(out, pointer[:2])
		}
	}
	return out
}
