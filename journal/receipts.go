package journal

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"holdfast/fact"
)

// receipts is what other devices have confirmed: for each feed and holder the
// furthest receipt. It is derived from signed bytes kept in the file.
type receipts struct {
	mu        sync.Mutex
	far       map[fact.FeedID]map[fact.Subject]confirmed
	unwritten map[receiptPlace]receiptRow
	writing   map[receiptPlace]int64 // sizes of those in the transaction under way
}

type confirmed struct {
	size   uint64
	domain string
	at     fact.Millis
}

// given remembers receipts that were signed here, so that one is signed only
// when something moved.
type given struct {
	mu sync.Mutex
	by map[int64]givenReceipt
}

type givenReceipt struct {
	size   uint64
	holder fact.FeedID
	signed []byte
}

// Domain is this device's failure domain: what would be lost together with it.
func (j *Journal) Domain() string {
	card := j.papers.card
	if e, ok := j.house.Load().Devices[card.Device]; ok && e.Domain != "" {
		return e.Domain
	}
	return card.Name
}

// Receipts gives the newest receipts of this device about other devices'
// feeds: everything below is flushed here, with keys and attachments. A feed of
// which something is still missing is confirmed up to there.
func (j *Journal) Receipts(ctx context.Context) ([][]byte, error) {
	short, err := j.shortOf()
	if err != nil {
		return nil, err
	}
	var out [][]byte
	h := j.hand.Load()
	for _, b := range j.branches.list() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if b.part || b.broken || b.size == 0 || j.branches.isOwn(b.feed) {
			continue
		}
		size := b.size
		if at, ok := short[b.num]; ok {
			size = min(size, at)
		}
		signed, err := j.receiptOf(h, b, size)
		if err != nil {
			return nil, err
		}
		if signed != nil {
			out = append(out, signed)
		}
	}
	return out, nil
}

// shortOf tells for each branch the first sequence that lacks something.
func (j *Journal) shortOf() (map[int64]uint64, error) {
	out := map[int64]uint64{}
	house := j.house.Load()
	err := j.file.Load().read(func(c *sqlConn) error {
		return c.each("SELECT feed, seq, sort, what FROM waiting", func(v []driverValue) error {
			if what := v[3].([]byte); v[2].(int64) == needKey {
				if _, gone := house.Erased[fact.Subject(what[:16])]; gone {
					return nil
				}
			}
			num, seq := v[0].(int64), uint64(v[1].(int64))
			if at, ok := out[num]; !ok || seq < at {
				out[num] = seq
			}
			return nil
		})
	})
	for _, one := range j.lostNow() {
		for _, b := range j.branches.of(one.Feed) {
			if at, ok := out[b.num]; !ok || one.Seq < at {
				out[b.num] = one.Seq
			}
		}
	}
	return out, err
}

func (j *Journal) lostNow() []Lost {
	all, _ := j.Lost(context.Background())
	return all
}

func (j *Journal) receiptOf(h *hand, b *branch, size uint64) ([]byte, error) {
	if size == 0 {
		return nil, nil
	}
	holder := h.feeds[fact.Control]
	j.given.mu.Lock()
	old, ok := j.given.by[b.num]
	j.given.mu.Unlock()
	if ok && old.size == size && old.holder == holder {
		return old.signed, nil
	}
	root, err := j.rootAt(b, size)
	if err != nil {
		return nil, err
	}
	last := b.prev
	if size < b.size {
		if last, err = j.idAt(b, size-1); err != nil {
			return nil, err
		}
	}
	r := fact.Receipt{
		Head:   fact.Head{Org: j.papers.org, Feed: b.feed, Size: size, Root: root, LastID: last, Time: fact.At(j.o.Clock())},
		Holder: holder, Domain: j.Domain(),
	}
	signed := r.Sign(h.key)
	j.given.mu.Lock()
	j.given.by[b.num] = givenReceipt{size: size, holder: holder, signed: signed}
	j.given.mu.Unlock()
	j.keepReceipt(r, signed)
	return signed, nil
}

func (j *Journal) idAt(b *branch, seq uint64) (fact.ID, error) {
	var id fact.ID
	err := j.file.Load().read(func(c *sqlConn) error {
		return j.eachRow(c, b, seq, seq+1, "id", func(v []driverValue) error {
			copy(id[:], v[0].([]byte))
			return nil
		})
	})
	return id, err
}

// TakeReceipt keeps another device's receipt. It is believed when an enrolled
// device's present or earlier key signed it and it agrees with what is held
// here. That of a device that is cut off is kept, and counts when it is
// readmitted.
func (j *Journal) TakeReceipt(ctx context.Context, signed []byte) error {
	if len(signed) < 180 {
		return bad("a receipt of %d bytes", len(signed))
	}
	var holder fact.FeedID
	copy(holder[:], signed[148:])
	c, known := j.branches.cert(holder)
	if !known {
		return ErrPaper
	}
	r, err := fact.OpenReceipt(signed, c.key)
	if err != nil || r.Head.Org != j.papers.org || c.lane != fact.Control {
		return bad("a receipt that its holder did not sign")
	}
	if b, err := j.holding(Place{Feed: r.Head.Feed, Size: r.Head.Size, Root: r.Head.Root}); err != nil {
		return err
	} else if b == nil {
		return nil // about facts, or a history, that is not here yet: it will come again
	}
	if far, ok := j.receipts.of(r.Head.Feed)[c.device]; ok && far.size >= r.Head.Size {
		return ctx.Err()
	}
	j.keepReceipt(r, signed)
	j.receipts.note(r, c.device)
	return nil
}

// keepReceipt keeps one receipt a minute for each feed and holder: they date
// what was there when. It is written with the next commit: a receipt that is
// lost comes again.
func (j *Journal) keepReceipt(r fact.Receipt, signed []byte) {
	j.receipts.mu.Lock()
	defer j.receipts.mu.Unlock()
	if j.receipts.unwritten == nil {
		j.receipts.unwritten = map[receiptPlace]receiptRow{}
	}
	at := receiptPlace{r.Head.Feed, r.Holder, int64(r.Head.Time) / 60_000}
	if old := j.receipts.unwritten[at]; int64(r.Head.Size) >= old.size {
		j.receipts.unwritten[at] = receiptRow{int64(r.Head.Size), signed}
	}
}

type receiptPlace struct {
	feed, holder fact.FeedID
	minute       int64
}

type receiptRow struct {
	size   int64
	signed []byte
}

// write writes the receipts that wait, inside a transaction.
func (r *receipts) write(c *sqlConn) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.writing == nil {
		r.writing = map[receiptPlace]int64{}
	}
	places := slices.SortedFunc(maps.Keys(r.unwritten), func(a, b receiptPlace) int {
		return cmp.Or(bytes.Compare(a.feed[:], b.feed[:]), bytes.Compare(a.holder[:], b.holder[:]), cmp.Compare(a.minute, b.minute))
	})
	clear(r.writing)
	for _, at := range places { // in order, so that the same work writes the same bytes
		row := r.unwritten[at]
		r.writing[at] = row.size
		if err := c.exec(`INSERT INTO receipts(feed, holder, size, minute, receipt) VALUES(?, ?, ?, ?, ?)
			ON CONFLICT(feed, holder, minute) DO UPDATE SET size=excluded.size, receipt=excluded.receipt WHERE excluded.size>=size`,
			at.feed[:], at.holder[:], row.size, at.minute, row.signed); err != nil {
			return err
		}
	}
	return nil
}

// written forgets what was written; it is called after the commit that wrote it.
// What came while it was under way waits for the next.
func (r *receipts) written() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for at, size := range r.writing {
		if r.unwritten[at].size == size {
			delete(r.unwritten, at)
		}
	}
	clear(r.writing)
}

// FlushReceipts writes the receipts that wait for a commit.
func (j *Journal) FlushReceipts(ctx context.Context) error {
	return j.control1(ctx, func(w *writer) error {
		_, err := w.transaction(w.receipts.write)
		if err == nil {
			w.receipts.written()
		}
		return err
	})
}

func (r *receipts) of(feed fact.FeedID) map[fact.Subject]confirmed {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[fact.Subject]confirmed{}
	for d, c := range r.far[feed] {
		out[d] = c
	}
	return out
}

func (r *receipts) note(one fact.Receipt, device fact.Subject) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.far == nil {
		r.far = map[fact.FeedID]map[fact.Subject]confirmed{}
	}
	if r.far[one.Head.Feed] == nil {
		r.far[one.Head.Feed] = map[fact.Subject]confirmed{}
	}
	if old := r.far[one.Head.Feed][device]; one.Head.Size > old.size {
		r.far[one.Head.Feed][device] = confirmed{size: one.Head.Size, domain: one.Domain, at: one.Head.Time}
	}
}

// loadReceipts reads the furthest receipt of each holder and checks it again.
func (j *Journal) loadReceipts(c *sqlConn) error {
	own := j.papers.card.Device
	return c.each("SELECT holder, receipt, max(size) FROM receipts GROUP BY feed, holder", func(v []driverValue) error {
		known, ok := j.branches.cert(fact.FeedID(v[0].([]byte)))
		if !ok || known.device == own {
			return nil
		}
		if r, err := fact.OpenReceipt(v[1].([]byte), known.key); err == nil {
			j.receipts.note(r, known.device)
		} else {
			j.o.Log.Error("a receipt kept here does not hold", "err", err)
		}
		return nil
	})
}

// safeSize tells up to where facts of a feed are held in another failure
// domain than the one that wrote them.
func (j *Journal) safeSize(feed fact.FeedID) uint64 {
	c, ok := j.branches.cert(feed)
	if !ok {
		return 0
	}
	house := j.house.Load()
	domain := domainOf(house, c.device)
	var size uint64
	own := j.papers.card.Device
	if c.device != own && domain != j.Domain() {
		for _, b := range j.branches.of(feed) { // it stands here as well
			size = max(size, b.size)
		}
	}
	for holder, r := range j.receipts.of(feed) {
		if holder != c.device && r.domain != domain && !house.CutOff(holder) {
			size = max(size, r.size)
		}
	}
	return size
}

func domainOf(h *house, device fact.Subject) string {
	e := h.Devices[device]
	if e.Domain != "" {
		return e.Domain
	}
	return e.Card.Name
}

// Safe tells whether a fact is held in another failure domain as well.
func (j *Journal) Safe(f fact.Fact) bool { return j.safeSize(f.Header.Feed) > f.Header.Seq }

// Safety says how many facts of this device are not safe yet.
type Safety struct {
	Others int       // other devices of the organisation in other failure domains that hold whole feeds
	Unsafe int       // facts of this device that only this failure domain holds
	Oldest time.Time // when the oldest of them was recorded; zero when there is none
}

// Safety counts over all lanes and incarnations of this device.
func (j *Journal) Safety(context.Context) (Safety, error) {
	var out Safety
	house := j.house.Load()
	for id, e := range house.Devices {
		if id != j.papers.card.Device && e.Card.Kind == fact.SiteNode && domainOf(house, id) != j.Domain() && !house.CutOff(id) {
			out.Others++
		}
	}
	for _, b := range j.branches.list() {
		if b.device != j.papers.card.Device || b.part {
			continue
		}
		safe := max(j.safeSize(b.feed), b.base)
		if safe >= b.size {
			continue
		}
		out.Unsafe += int(b.size - safe)
		at, err := j.recordedAt(b, safe)
		if err != nil {
			return out, err
		}
		if out.Oldest.IsZero() || at.Before(out.Oldest) {
			out.Oldest = at
		}
	}
	return out, nil
}

func (j *Journal) recordedAt(b *branch, seq uint64) (time.Time, error) {
	var at time.Time
	err := j.file.Load().read(func(c *sqlConn) error {
		return j.eachRow(c, b, seq, seq+1, "header", func(v []driverValue) error {
			h, err := fact.ParseHeader(v[0].([]byte))
			at = h.Recorded.Time()
			return err
		})
	})
	if err != nil {
		err = fmt.Errorf("when fact %d of feed %s was recorded: %w", seq, b.feed.Short(), err)
	}
	return at, err
}

// LastHeard gives for each device the newest time in what it signed and what has
// come here, by the device's own clock: a head of its feeds, or a receipt. A
// device of which nothing has come is left out.
func (j *Journal) LastHeard() (map[fact.Subject]time.Time, error) {
	out := map[fact.Subject]time.Time{}
	heard := func(device fact.Subject, at fact.Millis) {
		if t := at.Time(); t.After(out[device]) {
			out[device] = t
		}
	}
	for _, b := range j.branches.list() {
		if head, err := fact.OpenHead(b.signed, b.key); err == nil {
			heard(b.device, head.Time)
		}
	}
	err := j.file.Load().read(func(c *sqlConn) error {
		return c.each("SELECT holder, receipt FROM receipts r WHERE minute=(SELECT max(minute) FROM receipts WHERE holder=r.holder)", func(v []driverValue) error {
			if by, ok := j.branches.cert(fact.FeedID(v[0].([]byte))); ok {
				if r, err := fact.OpenReceipt(v[1].([]byte), by.key); err == nil {
					heard(by.device, r.Head.Time)
				}
			}
			return nil
		})
	})
	return out, err
}

// DatedBefore tells for each feed of a device how far it had come at a moment,
// by the receipts that other devices dated: the device's own clock is not
// asked. A feed that nobody dated had come nowhere.
func (j *Journal) DatedBefore(device fact.Subject, moment time.Time) ([]fact.After, error) {
	var out []fact.After
	own := map[fact.FeedID]bool{}
	err := j.file.Load().read(func(c *sqlConn) error {
		return c.each("SELECT feed, holder, receipt FROM receipts WHERE minute<=? ORDER BY feed, size DESC", func(v []driverValue) error {
			feed := fact.FeedID(v[0].([]byte))
			of, ok := j.branches.cert(feed)
			by, ok2 := j.branches.cert(fact.FeedID(v[1].([]byte)))
			if !ok || !ok2 || of.device != device || by.device == device || own[feed] {
				return nil
			}
			r, err := fact.OpenReceipt(v[2].([]byte), by.key)
			if err != nil || r.Head.Time > fact.At(moment) || j.house.Load().CutOff(by.device) {
				return nil
			}
			own[feed] = true
			out = append(out, fact.After{Feed: feed, Size: r.Head.Size, Root: r.Head.Root})
			return nil
		}, moment.UnixMilli()/60_000)
	})
	return out, err
}

// SafeUpTo tells up to where facts of a feed are held in another failure domain
// than the one that wrote them.
func (j *Journal) SafeUpTo(feed fact.FeedID) uint64 { return j.safeSize(feed) }

// DeviceOf names the device whose feed this is.
func (j *Journal) DeviceOf(feed fact.FeedID) (fact.Subject, bool) {
	c, ok := j.branches.cert(feed)
	return c.device, ok
}

// Waiting counts what facts kept here need and what is not here yet: keys and
// attachments.
func (j *Journal) Waiting(context.Context) (int, error) {
	var n int64
	err := j.file.Load().read(func(c *sqlConn) (err error) {
		n, err = c.oneInt("SELECT count(*) FROM waiting")
		return err
	})
	return int(n), err
}
