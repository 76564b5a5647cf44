package replicate

import (
	"context"
	"sort"

	"holdfast/fact"
)

const (
	paperNamesPage = 4096
	papersPage     = 256
	papersMost     = 1 << 16
	greetingMost   = 1 << 20 // bytes of exchanges of roots in a greeting
)

// paperSort tells papers apart.
type paperSort byte

const (
	paperOfRoots paperSort = iota
	paperOfCard
	paperOfIncarnation
)

// paperState is what is known of the papers on both sides.
type paperState struct {
	greeted fact.Signed // the peer's card
	digest  fact.Hash
	names   map[fact.Hash]bool         // held by the peer, as far as known
	listing map[fact.Hash]bool         // names of a list that is still coming
	listed  fact.Millis                // when this side last sent its list
	held    []namedPaper               // roots by number, then in order of the hash: cards, certificates
	writers map[fact.Hash]fact.Subject // of certificates; nil: to be read
}

type namedPaper struct {
	hash   fact.Hash
	signed fact.Signed
	sort   paperSort
}

func newPaperState() paperState {
	return paperState{names: map[fact.Hash]bool{}}
}

// readPapers names the papers held here.
func (l *Link) readPapers() {
	cards, incarnations := l.cfg.Store.Papers()
	roots := l.cfg.Store.Roots()
	held := make([]namedPaper, 0, len(roots)+len(cards)+len(incarnations))
	for _, s := range roots { // whoever signed, roots that say the same are the same
		held = append(held, namedPaper{hash: fact.RootsName(s), signed: s, sort: paperOfRoots})
	}
	add := func(list []fact.Signed, of paperSort) {
		from := len(held)
		for _, s := range list {
			if h, err := s.Hash(); err == nil {
				held = append(held, namedPaper{hash: h, signed: s, sort: of})
			}
		}
		part := held[from:]
		sort.Slice(part, func(i, j int) bool { return lessHash(part[i].hash, part[j].hash) })
	}
	add(cards, paperOfCard)
	add(incarnations, paperOfIncarnation)
	parts := make([][]byte, len(held))
	for i := range held {
		parts[i] = held[i].hash[:]
	}
	l.papers.held, l.papers.writers = held, nil
	l.papers.digest = hashAll("holdfast/replicate-papers/1", parts...)
}

// showPapers reads the papers anew and sends those that the peer is not known
// to hold, once it has listed what it holds.
func (l *Link) showPapers() {
	l.readPapers()
	if len(l.papers.names) > 0 {
		l.sendLackingPapers()
	}
}

// listPapers sends the names of all papers held, so that the peer sends others.
func (l *Link) listPapers() {
	l.papers.listed = l.now
	for at := 0; at == 0 || at < len(l.papers.held); at += paperNamesPage {
		end := min(at+paperNamesPage, len(l.papers.held))
		m := paperNames{Begin: at == 0, Last: end == len(l.papers.held)}
		for _, p := range l.papers.held[at:end] {
			m.Hashes = append(m.Hashes, p.hash)
		}
		l.send(typePaperNames, m)
	}
}

func (l *Link) takePaperNames(m paperNames) {
	if m.Begin {
		l.papers.listing = map[fact.Hash]bool{}
	}
	if l.papers.listing == nil || len(l.papers.listing)+len(m.Hashes) > papersMost {
		return
	}
	for _, h := range m.Hashes {
		l.papers.listing[h] = true
	}
	if m.Last {
		l.papers.names, l.papers.listing = l.papers.listing, nil
		l.readPapers()
		l.sendLackingPapers()
	}
}

// sendLackingPapers sends what the peer does not hold, roots and cards first.
func (l *Link) sendLackingPapers() {
	var m papersMessage
	count := 0
	send := func() {
		if count > 0 {
			l.send(typePapers, m)
		}
		m, count = papersMessage{}, 0
	}
	for _, p := range l.papers.held {
		if l.papers.names[p.hash] {
			continue
		}
		l.papers.names[p.hash] = true
		switch p.sort {
		case paperOfRoots: // may be long: one in a message
			l.send(typePapers, papersMessage{Cards: []fact.Signed{}, Incarnations: []fact.Signed{}, Roots: []fact.Signed{p.signed}})
			continue
		case paperOfCard:
			m.Cards = append(m.Cards, p.signed)
		case paperOfIncarnation:
			m.Incarnations = append(m.Incarnations, p.signed)
		}
		if count++; count == papersPage {
			send()
		}
	}
	send()
}

// takePapers admits papers one by one, so that a bad one stops no other.
func (l *Link) takePapers(ctx context.Context, m papersMessage) {
	good := 0
	admit := func(cards, incarnations []fact.Signed) {
		if err := l.cfg.Store.AdmitPapers(ctx, cards, incarnations); err != nil {
			l.trouble("take in a card or certificate", err)
			return
		}
		good++
	}
	for _, s := range m.Roots {
		if len(l.papers.names) < papersMost {
			l.papers.names[fact.RootsName(s)] = true
		}
		if err := l.cfg.Store.AdmitRoots(ctx, []fact.Signed{s}); err != nil {
			l.trouble("take in an exchange of roots", err)
			continue
		}
		good++
	}
	for _, s := range m.Cards {
		l.namePaper(s)
		admit([]fact.Signed{s}, nil)
	}
	for _, s := range m.Incarnations {
		l.namePaper(s)
		admit(nil, []fact.Signed{s})
	}
	if good > 0 {
		l.changed()
		l.readPapers()
		l.retryPaperless()
	}
}

func (l *Link) namePaper(s fact.Signed) {
	if h, err := s.Hash(); err == nil && len(l.papers.names) < papersMost {
		l.papers.names[h] = true
	}
}

// admitRoots takes in the exchanges of a greeting, by which its card is judged.
// They prove themselves, whoever shows them.
func (l *Link) admitRoots(ctx context.Context, m hello) {
	if len(m.Roots) == 0 || m.Org != l.cfg.Store.Org() {
		return
	}
	if err := l.cfg.Store.AdmitRoots(ctx, m.Roots); err != nil {
		l.trouble("take in the greeting's roots", err)
	}
	l.changed()
}

// sizeOf is about how many bytes papers take in a message.
func sizeOf(papers []fact.Signed) (n int) {
	for _, s := range papers {
		n += len(s.Bytes)
		for _, sig := range s.Sigs {
			n += len(sig) + 8
		}
	}
	return n
}

// admitGreeting keeps the papers of the greeting.
func (l *Link) admitGreeting(ctx context.Context, m hello) {
	l.papers.greeted = m.Card
	err := l.cfg.Store.AdmitPapers(ctx, []fact.Signed{m.Card}, []fact.Signed{m.Incarnation})
	if err != nil {
		l.trouble("take in the greeting's papers", err)
	}
	if err := l.cfg.Store.Introduce(ctx, m.Card, m.Introduction); err != nil {
		l.trouble("take in what a device was enrolled by", err)
	}
}

func lessHash(a, b fact.Hash) bool { return string(a[:]) < string(b[:]) }
