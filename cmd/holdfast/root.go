package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"holdfast/cmd/node"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/fact/root"
	"holdfast/journal"
)

// files is a flag that may be given several times.
type files []string

// String is for the flag package.
func (f *files) String() string { return strings.Join(*f, " ") }

// Set is for the flag package.
func (f *files) Set(one string) error {
	*f = append(*f, one)
	return nil
}

// holders is who holds the root of an organisation that is being founded.
type holders struct {
	people, papers, guardians files
	threshold                 *int
	pages                     *string
	all                       []journal.RootHolder
	made                      root.Made
}

func holdersOf(f *flag.FlagSet) *holders {
	h := &holders{threshold: f.Int("threshold", 2, ""), pages: f.String("pages", "", "")}
	f.Var(&h.people, "person", "")
	f.Var(&h.papers, "paper", "")
	f.Var(&h.guardians, "guardian", "")
	return h
}

// make draws the keys when there are holders, and names their pages.
func (h *holders) make() ([]string, error) {
	for _, sort := range []struct {
		name  string
		names files
	}{{journal.HeldByPerson, h.people}, {journal.HeldOnPaper, h.papers}, {journal.HeldByGuardian, h.guardians}} {
		for _, name := range sort.names {
			h.all = append(h.all, journal.RootHolder{Number: uint32(len(h.all) + 1), Name: name, Sort: sort.name})
		}
	}
	if len(h.all) == 0 {
		return []string{}, nil
	}
	if *h.pages == "" {
		return nil, fmt.Errorf("%w: --pages names the folder for the holders' pages: best one that is not on this disk", errUsage)
	}
	if err := os.MkdirAll(*h.pages, 0o700); err != nil {
		return nil, err
	}
	if there, err := os.ReadDir(*h.pages); err != nil || len(there) > 0 {
		return nil, errors.Join(err, fmt.Errorf("%w: --pages: the folder is not empty", errUsage))
	}
	var err error
	if h.made, err = root.Make(rand.Reader, len(h.all), *h.threshold); err != nil {
		return nil, err
	}
	pages := make([]string, len(h.all))
	for i := range h.all {
		pages[i] = h.page(i)
	}
	return pages, h.words()
}

func (h *holders) page(i int) string {
	return filepath.Join(*h.pages, fmt.Sprintf("key-%d.html", h.all[i].Number))
}

// words writes every holder's words before the organisation exists: it is never
// founded with keys that nobody has.
func (h *holders) words() error {
	disk := journal.Disk{}
	for i, s := range h.made.Secrets {
		text := fmt.Sprintf("# key %d of %d, held by %s\n%s\n", s.Number, len(h.all), h.all[i].Name, strings.Join(s.Words(), "\n"))
		if err := disk.Create(filepath.Join(*h.pages, fmt.Sprintf("key-%d.txt", s.Number)), []byte(text)); err != nil {
			return err
		}
	}
	return disk.SyncFolder(*h.pages)
}

// print lays the pages out, once the genesis that they name is known.
func (h *holders) print(ctx context.Context, place node.Place) error {
	if len(h.all) == 0 {
		return nil
	}
	g, err := node.Genesis(ctx, place)
	if err != nil {
		return err
	}
	return h.layOut(g.Set())
}

// layOut writes the pages, to be printed.
func (h *holders) layOut(set fact.RootSet) error {
	for i, s := range h.made.Secrets {
		page, err := root.PageOf(set, s, h.all[i].Name, h.all[i].Sort == journal.HeldByGuardian)
		if err != nil {
			return err
		}
		var b strings.Builder
		if err := page.Write(&b); err != nil {
			return err
		}
		if err := (journal.Disk{}).Create(h.page(i), []byte(b.String())); err != nil {
			return err
		}
	}
	return nil
}

func (h *holders) say(pages []string) string {
	if len(pages) == 0 {
		return "\nHELD BY ONE: the organisation's root key lies on this machine alone. When it is lost no device can be admitted, and nothing opens the record.\n" +
			"Found it with --person, --paper and --guardian for work with patients.\n"
	}
	return fmt.Sprintf("\nThe organisation's root is held by %d; any %d of them together admit devices and recover the record.\n"+
		"Print each page in %s, hand it to its holder, and destroy that folder. Nothing else keeps these keys.\n", len(pages), h.made.Threshold, *h.pages)
}

// enrolment is how a device is admitted: by keys given here, by a card signed
// apart, or by the root key that lies on the device.
type enrolment struct {
	dir, pass, card string
	keys            files
}

func enrolBy(ctx context.Context, t term, e enrolment, r journal.Request) (journal.Admission, error) {
	var offer node.Offer
	switch {
	case e.card != "":
		if err := readFile(e.card, &offer); err != nil {
			return journal.Admission{}, err
		}
	case len(e.keys) > 0:
		var err error
		if offer, err = offerOf(ctx, e.dir, e.pass, r); err != nil {
			return journal.Admission{}, err
		}
		if err := signOffer(t, &offer, e.keys); err != nil {
			return journal.Admission{}, err
		}
	default:
		return enrol(ctx, e.dir, e.pass, r)
	}
	offer.Request = r
	a, err := node.Tell[node.Offer, journal.Admission](ctx, e.dir, "enrol-signed", offer)
	if !errors.Is(err, node.ErrNobody) {
		return a, err
	}
	var out journal.Admission
	err = atRest(ctx, e.dir, e.pass, func(n *node.Node) (err error) {
		out, err = n.EnrolOffer(ctx, offer)
		return err
	})
	return out, err
}

func offerOf(ctx context.Context, dir, pass string, r journal.Request) (node.Offer, error) {
	o, err := node.Tell[journal.Request, node.Offer](ctx, dir, "card", r)
	if !errors.Is(err, node.ErrNobody) {
		return o, err
	}
	err = atRest(ctx, dir, pass, func(n *node.Node) (err error) {
		o, err = n.Offer(ctx, r)
		return err
	})
	return o, err
}

func signOffer(t term, o *node.Offer, keys files) error {
	g, _, err := o.Open()
	if err != nil {
		return err
	}
	for _, path := range keys {
		s, err := heldIn(path)
		if err != nil {
			return err
		}
		if err := errors.Join(s.Fits(g), fact.Cosign(&o.Card, g, s.Key())); err != nil {
			return err
		}
		fmt.Fprintf(t.err, "holdfast: key %d of %d signs for %s\n", s.Number, len(g.Keys), o.Request.Name)
	}
	return nil
}

func heldIn(path string) (root.Secret, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return root.Secret{}, fmt.Errorf("%w: %w", errUsage, err)
	}
	s, err := root.ReadWords(string(raw))
	if err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// orgCardCommand writes the card of a new device, for holders who are apart.
func orgCardCommand(ctx context.Context, t term, args []string) error {
	f := flags("org card")
	dir, request, out, pass := f.String("data", "", ""), f.String("request", "", ""), f.String("out", "", ""), f.String("passphrase-file", "", "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	if err := needed(f, "data", "request", "out"); err != nil {
		return err
	}
	var r journal.Request
	if err := readFile(*request, &r); err != nil {
		return err
	}
	o, err := offerOf(ctx, *dir, *pass, r)
	if err != nil {
		return err
	}
	if err := writeFile(*out, o); err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.out, "The card of %s is written. Each holder signs it in turn, on any machine:\n  holdfast org sign --card %s\nThen: holdfast org enrol --data DIR --request FILE --card %s --out admission.json\n", r.Name, *out, *out)
	return err
}

// orgSignCommand adds one holder's signature. It asks for the words unless a
// file holds them.
func orgSignCommand(_ context.Context, t term, args []string) error {
	f := flags("org sign")
	card, key := f.String("card", "", ""), f.String("key", "", "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	if err := needed(f, "card"); err != nil {
		return err
	}
	var o node.Offer
	if err := readFile(*card, &o); err != nil {
		return err
	}
	g, c, err := o.Open()
	if err != nil {
		return err
	}
	fmt.Fprintf(t.err, "You sign that %s (%s) becomes a device of %s (%s; compare it with your page).\n", c.Name, c.Kind, g.Title, c.Org.String()[:16])
	var s root.Secret
	if *key != "" {
		s, err = heldIn(*key)
	} else {
		s, err = typed(t, bufio.NewReader(os.Stdin))
	}
	if err != nil {
		return err
	}
	if err := errors.Join(s.Fits(g), fact.Cosign(&o.Card, g, s.Key())); err != nil {
		return err
	}
	if err := writeFile(*card, o); err != nil {
		return err
	}
	have := 0
	for _, sig := range o.Card.Sigs {
		have += min(1, len(sig))
	}
	if have < int(g.Threshold) {
		_, err = fmt.Fprintf(t.out, "Key %d has signed. More holders must sign: %d of %d are needed.\n", s.Number, g.Threshold, len(g.Keys))
	} else {
		_, err = fmt.Fprintf(t.out, "Key %d has signed. The card is complete.\n", s.Number)
	}
	return err
}

// typed asks for a page line by line and checks each word as it comes; a line
// that does not hold is asked for again.
func typed(t term, in *bufio.Reader) (root.Secret, error) {
	var lines []string
	for len(lines) < root.Lines {
		fmt.Fprintf(t.err, "line %d of %d: ", len(lines)+1, root.Lines)
		line, err := in.ReadString('\n')
		if strings.TrimSpace(line) != "" {
			if _, wrong := root.Line(len(lines), line); wrong != nil {
				fmt.Fprintf(t.err, "  %v\n", wrong)
			} else {
				lines = append(lines, strings.TrimSpace(line))
			}
		}
		if errors.Is(err, io.EOF) && len(lines) < root.Lines {
			return root.Secret{}, refusal.Newf(refusal.Invalid, "The words ended after line %d of %d.", len(lines), root.Lines)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return root.Secret{}, err
		}
	}
	return root.ReadWords(strings.Join(lines, "\n"))
}

// orgRecoverCommand brings an organisation back.
func orgRecoverCommand(ctx context.Context, t term, args []string) error {
	f := flags("org recover")
	from, dir, name, domain := f.String("from", "", ""), f.String("data", "", ""), f.String("name", "", ""), f.String("domain", "", "")
	admin, pass, asJSON, keys := f.String("admin", "", ""), f.String("passphrase-file", "", ""), f.Bool("json", false, ""), files{}
	f.Var(&keys, "key", "")
	unproved := f.Bool("unproved", false, "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	if err := needed(f, "from", "data", "name", "domain", "admin", "passphrase-file"); err != nil {
		return err
	}
	secret, err := deviceSecret(*pass)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	lib, err := node.Shipped()
	if err != nil {
		return err
	}
	began := time.Now()
	r := &journal.Recovery{From: *from, Name: *name, Domain: *domain, Unproved: *unproved}
	if r.Held, err = pagesOf(t, *from, keys); err != nil {
		return err
	}
	p := newProgress(t.err)
	defer p.done()
	p.doingNow("copying the journal and checking every fact in it")
	place := node.Place{Dir: *dir, Passphrase: secret}
	report, err := journal.Recover(ctx, journal.Options{Dir: *dir, Passphrase: secret}, r)
	if err != nil {
		return err
	}
	p.doingNow("building the lists from the facts")
	token, err := firstAdministrator(ctx, place, lib, *admin, dateRecovered)
	if err != nil {
		return err
	}
	return sayRecovered(t, *asJSON, report, recoverySaid{
		Data: *dir, Name: r.Genesis.Name, Facts: report.Facts, Damaged: len(report.Failures), Enrol: "/enrol/" + token, Seconds: time.Since(began).Seconds(), Wrong: numbersOf(r.Wrong),
		Lacking: r.Lacking,
	})
}

// dateRecovered confirms what the lost devices wrote up to now, as a device does
// for what it is sent: what they may still write can then be held back without
// holding what was recovered.
func dateRecovered(ctx context.Context, n *node.Node) error {
	if _, err := n.Journal.Receipts(ctx); err != nil {
		return err
	}
	return n.Journal.FlushReceipts(ctx)
}

// pagesOf reads the holders' keys from files or asks for them.
func pagesOf(t term, from string, keys files) ([]root.Secret, error) {
	chain, g, err := journal.RootsIn(from)
	if err != nil {
		return nil, err
	}
	var out []root.Secret
	for _, path := range keys {
		s, err := heldIn(path)
		if err == nil {
			err = belongs(s, g, chain)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	in := bufio.NewReader(os.Stdin)
	for len(keys) == 0 && len(out) < len(g.Keys) {
		if len(out) >= int(g.Threshold) {
			_, _, err := root.Recover(g, out)
			if !refusal.Is(err, refusal.Invalid) {
				break
			}
			fmt.Fprintf(t.err, "  %v\n", err) // a further page may tell which one it is
		}
		fmt.Fprintf(t.err, "%s: key %d of the %d that are needed. Type the words of one page.\n", g.Title, len(out)+1, g.Threshold)
		s, err := typed(t, in)
		if err != nil {
			return nil, err
		}
		if err := belongs(s, g, chain); err != nil {
			fmt.Fprintf(t.err, "  %v\n", err)
			continue
		}
		if slices.ContainsFunc(out, func(have root.Secret) bool { return have.Number == s.Number }) {
			fmt.Fprintf(t.err, "  Page %d is here already. Type another holder's page.\n", s.Number)
			continue
		}
		out = append(out, s)
	}
	return out, root.Distinct(g, out)
}

// belongs tells whether a page is one of those that are asked for; of one that
// was replaced it says so.
func belongs(s root.Secret, set fact.RootSet, chain fact.Chain) error {
	err := s.Fits(set)
	if err == nil {
		return nil
	}
	for _, one := range chain.Sets() {
		if one.Number < set.Number && s.Fits(one) == nil {
			return refusal.Newf(refusal.Invalid, "Page %d is void: the pages of %s were replaced on %s. Destroy it, and use the new one.", s.Number, set.Title, set.Day())
		}
	}
	return err
}

// recoverySaid is what a recovery came to.
type recoverySaid struct {
	Data    string   `json:"data"`
	Name    string   `json:"name"`
	Facts   int      `json:"facts"`
	Damaged int      `json:"damaged"`
	Enrol   string   `json:"enrol"`
	Seconds float64  `json:"seconds"`
	Wrong   []int    `json:"wrong_pages,omitempty"` // given, and not needed: they don't fit the others
	Lacking []string `json:"lacking,omitempty"`     // keys that the copy did not hold
}

func numbersOf(pages []byte) (out []int) {
	for _, n := range pages {
		out = append(out, int(n))
	}
	return out
}

func sayRecovered(t term, asJSON bool, report journal.Report, s recoverySaid) error {
	if asJSON {
		return printJSON(t.out, s)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s is back in %s: %d facts, in %.0f seconds.\n", s.Name, s.Data, s.Facts, s.Seconds)
	for i, one := range report.Failures {
		if i == 10 {
			fmt.Fprintf(&b, "  and %d more; holdfast verify lists them\n", len(report.Failures)-i)
			break
		}
		fmt.Fprintf(&b, "  does not hold: %s: %s\n", one.Place, one.What)
	}
	for _, n := range s.Wrong {
		fmt.Fprintf(&b, "Page %d does not fit the others in its lines 5 to 8: it was typed wrong, or the page is damaged. Compare them with the paper; if it was typed as printed, that page is lost.\n", n)
	}
	if len(s.Lacking) > 0 {
		fmt.Fprintf(&b, "  not in this copy: the key of the vault for entry codes (%s). Try another copy, or ask the homes anew.\n", strings.Join(s.Lacking, ", "))
	}
	fmt.Fprintf(&b, "Start it with: holdfast serve --data %s --passphrase-file FILE\nThen the administrator opens this path on its address, once, within three days: %s\n"+
		"Next: hold back what the lost devices may still write (page Devices, Hold entries back).\n", s.Data, s.Enrol)
	_, err := fmt.Fprint(t.out, b.String())
	return err
}
