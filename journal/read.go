package journal

import (
	"context"
	"fmt"
	"slices"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/fact/seal"
)

// History gives all facts about a subject that are kept here. A body that
// can't be opened or was set aside is there as a fact of kind 0: something is
// not shown.
func (j *Journal) History(ctx context.Context, s fact.Subject) (fact.History, error) {
	e, err := j.cached(ctx, s)
	return e.history, err
}

func (j *Journal) cached(ctx context.Context, s fact.Subject) (cached, error) {
	if err := ctx.Err(); err != nil {
		return cached{}, err
	}
	return j.cache.get(s, func() ([]placed, error) { return j.readSubject(j.file.Load(), s) })
}

type storedFact struct {
	pos, num     int64
	header, body []byte
}

func (j *Journal) readSubject(f *dbFile, s fact.Subject) ([]placed, error) {
	return j.readFacts(f, "SELECT pos, feed, header, body FROM facts WHERE subject=(SELECT num FROM subjects WHERE subject=?) ORDER BY pos", s[:])
}

// readFacts reads rows first and opens bodies when the connection is given
// back.
func (j *Journal) readFacts(f *dbFile, query string, args ...driverValue) ([]placed, error) {
	var rows []storedFact
	err := f.read(func(c *sqlConn) error {
		return c.each(query, func(v []driverValue) error {
			rows = append(rows, storedFact{v[0].(int64), v[1].(int64), v[2].([]byte), v[3].([]byte)})
			return nil
		}, args...)
	})
	if err != nil {
		return nil, fmt.Errorf("read facts: %w", err)
	}
	out := make([]placed, 0, len(rows))
	for _, r := range rows {
		p, err := j.openStored(f, r)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// openStored opens a fact. What does not open stays as a fact of kind 0; only
// a failing disk is an error.
func (j *Journal) openStored(f *dbFile, r storedFact) (placed, error) {
	h, err := fact.ParseHeader(r.header)
	if err != nil {
		j.o.Log.Error("a stored header does not hold: run holdfast verify", "pos", r.pos)
		var id fact.ID = [32]byte(fact.Labelled("holdfast/unreadable/1", r.header))
		return placed{pos: r.pos, header: r.header, fact: fact.Fact{ID: id}}, nil
	}
	p := placed{pos: r.pos, num: r.num, header: r.header, fact: fact.Fact{ID: h.ID(), Header: h}}
	if _, err := j.subjects.keyset(f, h.Subject, false); err != nil {
		return placed{}, err
	}
	body, err := j.subjects.open(f, h, r.body)
	if err == nil {
		p.fact.Body = body
	} else if !j.shut(h.Subject) {
		j.noteUnopened(r, h)
		j.o.Log.Warn("a stored body does not open", "pos", r.pos, "err", err)
	}
	j.house.Load().judge.mark(r.num, &p.fact)
	return p, nil
}

// Attachment gives an attachment's plain bytes.
func (j *Journal) Attachment(ctx context.Context, a fact.Attachment) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var sealed []byte
	err := j.file.Load().read(func(c *sqlConn) error {
		var err error
		sealed, err = c.oneBytes("SELECT sealed FROM attachments WHERE hash=?", a.Hash[:])
		return err
	})
	if err != nil {
		return nil, err
	}
	if sealed == nil {
		return nil, refusal.New(refusal.Missing, "This attachment is not kept on this device.")
	}
	return seal.OpenAttachment(a, sealed)
}

// noteUnopened remembers a fact whose bytes are changed, so that it is mended
// from another device.
func (j *Journal) noteUnopened(r storedFact, h fact.Header) {
	if b := j.branches.get(r.num); b != nil && (int(h.BodyLen) != len(r.body) || fact.BodyHashOf(r.body) != h.BodyHash) {
		j.lost.add(Lost{Feed: b.feed, Seq: h.Seq})
	}
}

// Subjects lists every subject that has facts here.
func (j *Journal) Subjects(ctx context.Context) ([]fact.Subject, error) {
	var out []fact.Subject
	err := j.file.Load().read(func(c *sqlConn) error {
		return c.each("SELECT subject FROM subjects ORDER BY num", func(v []driverValue) error {
			out = append(out, fact.Subject(v[0].([]byte)))
			return ctx.Err()
		})
	})
	return out, err
}

// HeldDigest sums up what is cut off, so that states are compared only where
// the same facts are held.
func (j *Journal) HeldDigest() fact.Hash {
	h := j.house.Load()
	var parts [][]byte
	for _, c := range h.Cuts {
		parts = append(parts, append([]byte(nil), c.ID[:]...), []byte{boolByte(c.Over)})
		back := make([][]byte, 0, len(c.Back))
		for id := range c.Back {
			back = append(back, append([]byte(nil), id[:]...))
		}
		slices.SortFunc(back, slices.Compare)
		parts = append(parts, back...)
	}
	erased := make([][]byte, 0, len(h.Erased))
	for s := range h.Erased {
		erased = append(erased, append([]byte(nil), s[:]...))
	}
	slices.SortFunc(erased, slices.Compare)
	return fact.Labelled("holdfast/held/1", append(parts, erased...)...)
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}
