package drill

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/sim/proxy"
)

// site is one site node of an organisation: a folder, and the real program at
// work in it while it runs.
type site struct {
	name    string
	dir     string
	address string // of its device door
	peers   []string
	clock   string       // "" is the true one
	space   *proxy.Space // nil: this machine's own network
	process *process
	browser *browser
}

// sites are the site nodes of one organisation.
type sites struct {
	stage *Stage
	all   []*site
	wires map[[2]int]*proxy.Wire // from the later to the earlier
	calls calls
}

// sites makes an organisation with several site nodes. Each later one calls
// each earlier one over a wire of its own.
func (s *Stage) sites(ctx context.Context, count int) (*sites, error) {
	o := &sites{stage: s, wires: map[[2]int]*proxy.Wire{}}
	s.after(o.close)
	data, err := s.Folder("org")
	if err != nil {
		return nil, err
	}
	d, err := s.demo(ctx, data)
	if err != nil {
		return nil, err
	}
	if err := d.stop(); err != nil {
		return nil, err
	}
	for n := range count {
		one, err := o.add(ctx, n, filepath.Join(data, "111"))
		if err != nil {
			return nil, err
		}
		o.all = append(o.all, one)
	}
	for _, one := range o.all {
		if err := o.start(ctx, one); err != nil {
			return nil, err
		}
	}
	return o, o.level(ctx, time.Minute)
}

// add enrols the n-th site node; the first is the founder's.
func (o *sites) add(ctx context.Context, n int, founder string) (*site, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	one := &site{name: fmt.Sprintf("site %d", n+1), dir: founder, address: address}
	if n > 0 {
		one.dir = filepath.Join(o.stage.dir, fmt.Sprintf("site-%d", n+1))
		if err := o.enrol(ctx, one, founder); err != nil {
			return nil, err
		}
	}
	for i, earlier := range o.all {
		w, err := proxy.New(earlier.address)
		if err != nil {
			return nil, err
		}
		o.wires[[2]int{n, i}] = w
		one.peers = append(one.peers, w.Address())
	}
	return one, nil
}

// enrol goes the way of the README: request, enrol, join.
func (o *sites) enrol(ctx context.Context, one *site, founder string) error {
	request, admission := one.dir+"-request.json", one.dir+"-admission.json"
	for _, args := range [][]string{
		{"org", "request", "--data", one.dir, "--kind", "site", "--name", one.name, "--domain", one.name, "--demo", "--out", request},
		{"org", "enrol", "--data", founder, "--request", request, "--out", admission},
		{"org", "join", "--data", one.dir, "--admission", admission},
	} {
		p, err := o.stage.start(ctx, args...)
		if err != nil {
			return err
		}
		if _, err := p.out.WriteTo(discard{}); err != nil {
			return err
		}
		if err := p.wait(); err != nil {
			return fmt.Errorf("%s: %w", strings.Join(args[:2], " "), err)
		}
	}
	return nil
}

type discard struct{}

// Write takes no notice.
func (discard) Write(b []byte) (int, error) { return len(b), nil }

// freeAddress finds a free port of this machine, none of those that the system
// gives to whoever asks for any.
func freeAddress() (string, error) {
	for try := 0; ; try++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000)))
		if err == nil {
			return l.Addr().String(), l.Close()
		}
		if try == 50 {
			return "", err
		}
	}
}

// start starts a site node and signs a call handler in at its pages.
func (o *sites) start(ctx context.Context, one *site) error {
	args := []string{"serve", "--demo", "--data", one.dir, "--listen", "127.0.0.1:0", "--doors", "127.0.0.1:0", "--devices", one.address}
	for _, p := range one.peers {
		args = append(args, "--peer", p)
	}
	if one.clock != "" {
		args = append(args, "--clock", one.clock)
	}
	var err error
	if one.process, err = o.stage.startIn(ctx, one.space, args...); err != nil {
		return err
	}
	if _, err := one.process.out.ReadBytes('\n'); err != nil {
		return fmt.Errorf("%s does not start: %w", one.name, errors.Join(err, one.process.wait()))
	}
	return o.signIn(ctx, one)
}

// signIn opens a browser at a site; an organisation that has not arrived yet
// knows nobody, so it is tried for a while.
func (o *sites) signIn(ctx context.Context, one *site) error {
	end := time.Now().Add(30 * time.Second)
	for {
		link, err := node.Tell[node.LinkWanted, node.LinkGiven](ctx, one.dir, "link", node.LinkWanted{Role: access.CallHandler})
		if err == nil {
			if one.browser, err = newBrowserIn(one.space); err != nil {
				return err
			}
			base, _, _ := strings.Cut(link.URL, "/in/")
			status, _, err := one.browser.Get(ctx, link.URL)
			one.browser.Base = base
			if err == nil && status >= 400 {
				err = fmt.Errorf("signing in at %s: status %d", one.name, status)
			}
			return err
		}
		if time.Now().After(end) || ctx.Err() != nil {
			return fmt.Errorf("%s knows nobody: %w", one.name, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// status asks a site how it stands.
func (o *sites) status(ctx context.Context, one *site) (node.Status, error) {
	return node.Tell[struct{}, node.Status](ctx, one.dir, "status", struct{}{})
}

// level waits until all sites that run hold the same facts and fold the same
// states.
func (o *sites) level(ctx context.Context, most time.Duration) error {
	begun := time.Now()
	var last []string
	for time.Since(begun) < most && ctx.Err() == nil {
		same, seen, err := o.same(ctx)
		if err != nil {
			return err
		}
		if same {
			o.stage.Most("slowest_convergence_s", time.Since(begun).Seconds())
			return nil
		}
		last = seen
		time.Sleep(50 * time.Millisecond)
	}
	o.stage.Wrong("after %.0f s the sites do not agree: %s", most.Seconds(), strings.Join(last, "; "))
	return ctx.Err()
}

func (o *sites) same(ctx context.Context) (bool, []string, error) {
	var first *node.Status
	same := true
	var seen []string
	for _, one := range o.all {
		if one.process == nil {
			continue
		}
		s, err := o.status(ctx, one)
		if err != nil {
			return false, nil, fmt.Errorf("%s: %w", one.name, err)
		}
		seen = append(seen, fmt.Sprintf("%s has %d facts, state %.8s, %d lost, %d waiting", one.name, s.Facts, s.State, s.Lost, s.Waiting))
		if first == nil {
			first = &s
		}
		same = same && s.Vector == first.Vector && s.State == first.State && s.State != "" && s.Waiting == 0 && s.Lost == 0
	}
	return same, seen, nil
}

// take takes a call at a site; it must be answered.
func (o *sites) take(ctx context.Context, one *site, what string) {
	place := fmt.Sprintf("%s %v", what, o.stage.Figure("calls_answered"))
	path, _, err := one.browser.takeCall(ctx, place)
	if err != nil || path == "" {
		o.stage.Wrong("%s could not take a call: %v", one.name, err)
		return
	}
	o.calls.add(path, place)
	o.stage.Add("calls_answered", 1)
}

// checkCalls opens every call that was answered, at one site.
func (o *sites) checkCalls(ctx context.Context, one *site) error {
	o.calls.seen = map[string]bool{}
	return o.calls.check(ctx, o.stage, one.browser)
}

// part cuts every wire between two sides and mends all others.
func (o *sites) part(side func(n int) bool, how proxy.State) {
	for ends, w := range o.wires {
		if side(ends[0]) != side(ends[1]) {
			w.Set(how)
		} else {
			w.Set(proxy.Whole)
		}
	}
}

func (o *sites) heal() { o.part(func(int) bool { return false }, proxy.Whole) }

// kill kills a site's process.
func (o *sites) kill(one *site) {
	if one.process != nil {
		one.process.kill()
		one.process = nil
	}
	if one.browser != nil {
		one.browser.Close()
	}
}

func (o *sites) close() error {
	var err error
	for _, one := range o.all {
		o.kill(one)
	}
	for _, w := range o.wires {
		err = errors.Join(err, w.Close())
	}
	clear(o.wires)
	return err
}

// copyFolder copies a folder whose process has been killed; the socket that it
// left is no file.
func copyFolder(from, to string) error {
	if err := os.Remove(filepath.Join(from, "control.sock")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.CopyFS(to, os.DirFS(from))
}

// backup copies a site's folder as backup programs do: without what is marked
// not to be copied.
func (o *sites) backup(one *site, to string) error {
	if err := copyFolder(one.dir, to); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(to, "start"))
}
