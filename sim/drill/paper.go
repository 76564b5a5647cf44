package drill

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/root"
	"holdfast/journal"
	"holdfast/sim/passkey"
)

func paperDrill() Drill {
	return Drill{
		Number: 30, Name: "paper", Hazard: "H-730 H-733 H-737 H-795 H-798 H-820 H-824",
		About:    "An organisation held by five works for a while. A holder leaves, one page is burnt, and the pages are exchanged. Then every machine, passphrase and administrator is lost. What is left is a copy of the journal's file and the pages, of which three are needed. Two are tried, then three are typed in on a clean machine, with a slip.",
		Expected: "The new pages admit a device, and those before, all of them, neither admit one nor bring a copy back. Two pages open nothing and tell nothing of the key; three bring everything back. A slip is named as it is typed. Those who worked before sign in with the passkeys they had, find every call and take new ones; a new administrator enrols, and what the lost machine may still write can be held back without holding what was recovered; the record verifies.",
		run:      rehearsePaper,
	}
}

const (
	paperHolders = 5
	paperNeeded  = 3
	paperCalls   = 6
	onPaper      = "Qzxpaper" // stands in everything that is typed before the loss
)

// paper is what is left of an organisation whose machines are lost.
type paper struct {
	stage *Stage
	pages string // folder of the holders' pages
	old   string // of those that were exchanged for them
	left  string // folder with a copy of the journal's file
	calls calls
}

func rehearsePaper(ctx context.Context, s *Stage) error {
	p := &paper{stage: s, pages: filepath.Join(s.dir, "pages")}
	lost, nurse, err := p.work(ctx)
	if err != nil {
		return err
	}
	if err := p.exchange(ctx, lost); errors.Is(err, errSaidWrong) {
		return nil
	} else if err != nil {
		return err
	}
	if err := p.lose(lost); err != nil {
		return err
	}
	if err := p.voidPages(ctx); err != nil {
		return err
	}
	if err := p.tooFew(ctx); err != nil {
		return err
	}
	begun := time.Now()
	found, enrol, err := p.recover(ctx)
	if err != nil {
		return err
	}
	if err := found.start(ctx); err != nil {
		return err
	}
	b, err := found.signIn(ctx, nurse)
	if err != nil {
		s.Wrong("who worked before can't sign in again: %v", err)
		return nil
	}
	defer b.Close()
	s.Most("seconds_to_sign_in", time.Since(begun).Seconds())
	if err := p.goOn(ctx, found, b, enrol); err != nil {
		return err
	}
	s.AtLeast("calls_answered", paperCalls+1)
	s.AtLeast("too_few_tried", 3)
	s.AtLeast("void_pages_tried", 3)
	s.AtLeast("words_typed", paperNeeded*root.Lines*root.LineWords)
	s.Saw("the pages were exchanged, and those before admit and open nothing; %d pages of %d open nothing; %d bring back %v facts in %.1f s, and %.1f s after the typing began somebody is signed in again (a person types %v words in that time)",
		paperNeeded-1, paperHolders, paperNeeded, s.Figure("facts"), s.Figure("seconds_to_recover"), s.Figure("seconds_to_sign_in"), s.Figure("words_typed"))
	return nil
}

// work founds the organisation and has somebody take calls. It gives their
// passkey.
func (p *paper) work(ctx context.Context) (*realSite, *passkey.Key, error) {
	r, enrol, err := p.stage.foundReal(ctx, "lost", "--person", "A. Holt", "--person", "B. Reyes", "--paper", "safe, main building", "--paper", "bank", "--guardian", "Tarn Valley",
		"--threshold", fmt.Sprint(paperNeeded), "--pages", p.pages)
	if err != nil {
		return nil, nil, err
	}
	if err := r.start(ctx); err != nil {
		return nil, nil, err
	}
	admin, err := r.administrator(ctx, enrol)
	if err != nil {
		return nil, nil, err
	}
	defer admin.Close()
	nurse, err := r.hire(ctx, admin, "C. Okafor", string(access.CallHandler))
	if err != nil {
		return nil, nil, err
	}
	b, err := r.signIn(ctx, nurse)
	if err != nil {
		return nil, nil, err
	}
	defer b.Close()
	for n := range paperCalls {
		place := fmt.Sprintf("%s %d Weir Cottages", onPaper, n)
		path, page, err := b.takeCall(ctx, place)
		if err != nil || path == "" {
			return nil, nil, fmt.Errorf("no call can be taken: %v %.300s", err, page)
		}
		p.calls.add(path, place)
		p.stage.Add("calls_answered", 1)
	}
	return r, nurse, nil
}

// lose destroys the machine and its passphrase in the middle of the work; a copy
// of the journal's file is left, in which nothing can be read.
func (p *paper) lose(r *realSite) error {
	r.process.kill()
	left, err := p.stage.Folder("left")
	if err != nil {
		return err
	}
	p.left = left
	for _, name := range []string{"journal.db", "journal.db-wal"} {
		raw, err := os.ReadFile(filepath.Join(r.dir, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(left, name), raw, 0o600)
		}
		if err != nil {
			return err
		}
	}
	found, err := p.stage.search(left, onPaper)
	for _, f := range found {
		p.stage.Wrong("what was typed lies in clear in %s", f)
	}
	return errors.Join(err, os.RemoveAll(r.dir), os.Remove(r.pass))
}

func (p *paper) page(n int) string { return pageIn(p.pages, n) }

// recovery is the command on a clean machine.
func (p *paper) recovery(to *realSite, keys ...int) []string {
	args := []string{"org", "recover", "--from", p.left, "--data", to.dir, "--name", "New node", "--domain", "borrowed office", "--admin", "D. Lund", "--passphrase-file", to.pass, "--json"}
	for _, n := range keys {
		args = append(args, "--key", p.page(n)+".txt")
	}
	return args
}

// clean is a machine with nothing on it but a new passphrase.
func (p *paper) clean(name string) (*realSite, error) {
	r := &realSite{stage: p.stage, dir: filepath.Join(p.stage.dir, name), pass: filepath.Join(p.stage.dir, name+"-passphrase")}
	return r, os.WriteFile(r.pass, []byte("another horse entirely\n"), 0o600)
}

// tooFew tries with one page less than is needed, by the program and around it.
func (p *paper) tooFew(ctx context.Context) error {
	for i, keys := range [][]int{{1, 4}, {5, 2}, {3, 3, 3}} {
		to, err := p.clean(fmt.Sprintf("too-few-%d", i))
		if err != nil {
			return err
		}
		if p.stage.command(ctx, p.recovery(to, keys...)...) == nil {
			p.stage.Wrong("pages %v are enough where %d are needed", keys, paperNeeded)
		}
		if journal.Here(to.dir) {
			p.stage.Wrong("pages %v leave a journal behind", keys)
		}
		p.stage.Add("too_few_tried", 1)
	}
	_, set, err := journal.RootsIn(p.left)
	if err != nil {
		return err
	}
	held, err := secretsIn(p.pages, 1, 2)
	if err != nil {
		return err
	}
	for set.Threshold = 1; set.Threshold < paperNeeded; set.Threshold++ { // a thief's own program asks for fewer
		if _, _, err := root.Recover(set, held[:set.Threshold]); err == nil {
			p.stage.Wrong("%d pages give the key that opens the record", set.Threshold)
		}
	}
	return nil
}

// recover types three pages off the paper, one line wrong at first.
func (p *paper) recover(ctx context.Context) (*realSite, string, error) {
	to, err := p.clean("found")
	if err != nil {
		return nil, "", err
	}
	begun := time.Now()
	c, err := p.stage.start(ctx, p.recovery(to)...)
	if err != nil {
		return nil, "", err
	}
	var typing strings.Builder
	for i, n := range []int{4, 2, 5} {
		lines, err := p.lines(n)
		if err != nil {
			return nil, "", err
		}
		if i == 0 { // the first two words of a line swapped
			w := strings.Fields(lines[0])
			w[0], w[1] = w[1], w[0]
			lines = append([]string{strings.Join(w, " ")}, lines...)
		}
		for _, l := range lines {
			fmt.Fprintln(&typing, l)
			p.stage.Add("words_typed", float64(len(strings.Fields(l))))
		}
	}
	if _, err := c.in.Write([]byte(typing.String())); err != nil {
		return nil, "", err
	}
	if err := c.in.Close(); err != nil {
		return nil, "", err
	}
	var said struct {
		Facts   int    `json:"facts"`
		Damaged int    `json:"damaged"`
		Enrol   string `json:"enrol"`
	}
	if err := json.NewDecoder(c.out).Decode(&said); err != nil {
		return nil, "", fmt.Errorf("three pages do not bring it back: %w", errors.Join(err, c.wait()))
	}
	if err := c.wait(); err != nil {
		return nil, "", err
	}
	p.stage.Most("seconds_to_recover", time.Since(begun).Seconds())
	p.stage.Most("facts", float64(said.Facts))
	if !strings.Contains(c.err.String(), "Line 1: every word is on the list") {
		p.stage.Wrong("two words that were swapped are not named")
	}
	if said.Damaged > 0 {
		p.stage.Wrong("%d facts do not hold", said.Damaged)
	}
	return to, said.Enrol, nil
}

// lines reads a page as a person reads it: off the print.
func (p *paper) lines(n int) ([]string, error) {
	raw, err := os.ReadFile(p.page(n) + ".html")
	if err != nil {
		return nil, err
	}
	var out []string
	for _, m := range regexp.MustCompile(`<li>([a-z ]+)</li>`).FindAllStringSubmatch(html.UnescapeString(string(raw)), -1) {
		out = append(out, m[1])
	}
	if len(out) != root.Lines {
		return nil, fmt.Errorf("page %d shows %d lines", n, len(out))
	}
	return out, nil
}

// goOn works on at the recovered site: every call is there, another is taken, a
// new administrator enrols, and the record verifies.
func (p *paper) goOn(ctx context.Context, found *realSite, nurse *browser, enrol string) error {
	if err := p.calls.check(ctx, p.stage, nurse); err != nil {
		return err
	}
	path, page, err := nurse.takeCall(ctx, "after the loss")
	if err != nil || path == "" {
		p.stage.Wrong("no call can be taken afterwards (%v): %.200s", err, page)
	}
	p.stage.Add("calls_answered", 1)
	admin, err := found.administrator(ctx, enrol)
	if err != nil {
		return err
	}
	defer admin.Close()
	if status, page, err := admin.Get(ctx, "/staff"); err != nil || status != 200 || !strings.Contains(page, "C. Okafor") {
		p.stage.Wrong("the new administrator does not find the staff: status %d, %v", status, err)
	}
	if err := found.process.stop(); err != nil {
		return err
	}
	if err := p.stage.command(ctx, "verify", found.dir, "--passphrase-file", found.pass); err != nil {
		p.stage.Wrong("the record does not verify: %v", err)
	}
	return p.holdBack(ctx, found)
}

// holdBack asks what would be held back if the lost machine were trusted up to
// now: nothing of what was recovered.
func (p *paper) holdBack(ctx context.Context, found *realSite) (err error) {
	secret, err := os.ReadFile(found.pass)
	if err != nil {
		return err
	}
	j, err := journal.Open(ctx, journal.Options{Dir: found.dir, Passphrase: bytes.TrimSpace(secret), Reserve: -1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	for id, d := range j.House().Devices {
		if d.Card.Name != "Node A" {
			continue
		}
		up, err := j.TrustedUpTo(ctx, id, time.Now())
		if err != nil {
			return err
		}
		held := 0
		_, err = j.WouldHold(ctx, journal.CutMade{Device: id, Up: up, Since: fact.At(time.Now()), Why: "lost with the building"}, 1000, func(fact.Fact) { held++ })
		if held > 0 {
			p.stage.Wrong("to hold the lost machine back from now on would hold %d facts that were recovered", held)
		}
		return err
	}
	return errors.New("the lost machine is not on the list of devices")
}
