package drill

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"holdfast/cmd/node"
	"holdfast/fact"
	"holdfast/fact/root"
	"holdfast/journal"
)

// errSaidWrong ends a drill in which it makes no sense to go on.
var errSaidWrong = errors.New("what was wrong has been said")

// A holder has left the organisation with page 2, and page 4 is burnt: three of
// five are left, all that are needed.
func stillHeld() []int { return []int{1, 3, 5} }

// exchange has the pages exchanged while the site is at work: with too few
// signatures first, then with those that are left and three of the new ones. The
// new pages admit a device, the old ones, all that there ever were, do not.
func (p *paper) exchange(ctx context.Context, r *realSite) error {
	s := p.stage
	old, x := p.pages, filepath.Join(s.dir, "exchange.json")
	p.old, p.pages = old, filepath.Join(s.dir, "new-pages")
	if err := s.command(ctx, "org", "holders", "exchange", "--data", r.dir, "--out", x, "--pages", p.pages, "--person", "A. Holt", "--person", "E. Quist", "--paper", "safe, main building",
		"--paper", "another bank", "--guardian", "Tarn Valley", "--threshold", fmt.Sprint(paperNeeded)); err != nil {
		return err
	}
	sign := func(folder string, pages ...int) error {
		args := []string{"org", "holders", "sign", "--exchange", x}
		for _, n := range pages {
			args = append(args, "--key", pageIn(folder, n)+".txt")
		}
		return s.command(ctx, args...)
	}
	adopt := func() error { return s.command(ctx, "org", "holders", "adopt", "--data", r.dir, "--exchange", x) }
	held := stillHeld()
	if err := errors.Join(sign(old, held[:paperNeeded-1]...), sign(p.pages, 1, 2, 4)); err != nil {
		return err
	}
	s.Add("exchanges_refused", 1)
	if adopt() == nil {
		s.Wrong("an exchange that too few signed is in force")
		return errSaidWrong
	}
	if err := errors.Join(sign(old, held[paperNeeded-1]), adopt()); err != nil {
		return fmt.Errorf("the pages are not exchanged: %w", err)
	}
	return p.admitting(ctx, r)
}

// admitting tries to admit a device with every old page, by the program and
// around it, and admits one with three new ones.
func (p *paper) admitting(ctx context.Context, r *realSite) error {
	s := p.stage
	at := func(name string) string { return filepath.Join(s.dir, name) }
	if err := s.command(ctx, "org", "request", "--data", at("second"), "--kind", "site", "--name", "Node B", "--domain", "barn", "--passphrase-file", r.pass, "--out", at("request.json")); err != nil {
		return err
	}
	enrol := func(more ...string) error {
		return s.command(ctx, append([]string{"org", "enrol", "--data", r.dir, "--request", at("request.json"), "--out", at("admission.json")}, more...)...)
	}
	keys := func(folder string, pages ...int) (out []string) {
		for _, n := range pages {
			out = append(out, "--key", pageIn(folder, n)+".txt")
		}
		return out
	}
	forged, err := p.forgedCard(r, at("request.json"))
	if err != nil {
		return err
	}
	for how, more := range map[string][]string{"typed into the program": keys(p.old, 1, 2, 3, 4, 5), "on a card of a thief's own": {"--card", forged}} {
		s.Add("void_pages_tried", 1)
		if enrol(more...) == nil {
			s.Wrong("pages that were replaced admit a device, %s", how)
			return errSaidWrong
		}
	}
	if err := enrol(keys(p.pages, 5, 1, 3)...); err != nil {
		s.Wrong("the new pages admit no device: %v", err)
		return errSaidWrong
	}
	return s.command(ctx, "org", "join", "--data", at("second"), "--admission", at("admission.json"), "--passphrase-file", r.pass)
}

// forgedCard signs a card with every old page, as a program would that passes
// over the exchange.
func (p *paper) forgedCard(r *realSite, request string) (string, error) {
	var ask journal.Request
	raw, err := os.ReadFile(request)
	if err == nil {
		err = json.Unmarshal(raw, &ask)
	}
	if err != nil {
		return "", err
	}
	g, err := journal.GenesisIn(r.dir)
	if err != nil {
		return "", err
	}
	set := g.Set()
	card := fact.DeviceCard{Suite: fact.Suite, Org: set.Org, Device: ask.Device, Kind: ask.Kind, Name: ask.Name, Key: ask.Key, Issued: g.Founded}
	signed, err := fact.SignCardFor(card, set)
	if err != nil {
		return "", err
	}
	held, err := secretsIn(p.old, 1, 2, 3, 4, 5)
	for _, one := range held {
		err = errors.Join(err, fact.Cosign(&signed, set, one.Key()))
	}
	if err != nil {
		return "", err
	}
	path := filepath.Join(p.stage.dir, "forged.json")
	raw, err = json.Marshal(node.Offer{Request: ask, Card: signed})
	return path, errors.Join(err, os.WriteFile(path, raw, 0o600))
}

// voidPages tries to bring the copy back with every old page.
func (p *paper) voidPages(ctx context.Context) error {
	to, err := p.clean("void")
	if err != nil {
		return err
	}
	args := p.recovery(to)
	for n := range paperHolders {
		args = append(args, "--key", pageIn(p.old, n+1)+".txt")
	}
	p.stage.Add("void_pages_tried", 1)
	if p.stage.command(ctx, args...) == nil {
		p.stage.Wrong("pages that were replaced bring the record back")
	}
	return nil
}

func pageIn(folder string, n int) string { return filepath.Join(folder, fmt.Sprintf("key-%d", n)) }

// secretsIn reads pages as they were drawn.
func secretsIn(folder string, pages ...int) (out []root.Secret, err error) {
	for _, n := range pages {
		raw, err := os.ReadFile(pageIn(folder, n) + ".txt")
		if err != nil {
			return nil, err
		}
		s, err := root.ReadWords(string(raw))
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}
