package drill

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"holdfast/access"
	"holdfast/sim/proxy"
)

func leakDrill() Drill {
	return Drill{
		Number: 28, Name: "leak", Hazard: "H-797 H-799",
		About:    "A made-up patient goes every way there is, from a desk joined to a site node: call, note, consultation, report, printed page, draft, search, pages that say no, a referral to another organisation. The desk then crashes. Somebody reads along on every wire; afterwards the desk's disk, what the programs said, their figures, temporary files, core dumps and an export without keys are searched.",
		Expected: "Off the desk nothing that was typed is found in clear, in no encoding, and on it neither. What the size and time of what is sent tell is said in figures.",
		run:      rehearseLeak,
	}
}

// canary stands in everything that is typed.
const canary = "Qzxcanary"

// leak is a desk at a site of one organisation, beside another organisation, in
// a network of their own on which somebody reads along.
type leak struct {
	*sites
	stage *Stage
	demo  *demo
	site  *site
	desk  *site
	tap   *proxy.Tap
	kept  string // folder with all that was said, told or handed out
}

func rehearseLeak(ctx context.Context, s *Stage) error {
	l := &leak{stage: s, sites: &sites{stage: s, wires: map[[2]int]*proxy.Wire{}}}
	if err := l.open(ctx); err != nil {
		return err
	}
	handler, err := l.browserAs(ctx, l.desk, access.CallHandler)
	if err != nil {
		return err
	}
	defer handler.Close()
	clinician, err := l.browserAs(ctx, l.desk, access.Clinician)
	if err != nil {
		return err
	}
	defer clinician.Close()
	if err := l.everyWay(ctx, handler, clinician); err != nil {
		return err
	}
	if err := l.sizes(ctx, handler); err != nil {
		return err
	}
	if err := l.refer(ctx, handler, clinician); err != nil {
		return err
	}
	if err := l.crash(ctx, handler); err != nil {
		return err
	}
	if err := l.wires(ctx); err != nil {
		return err
	}
	if err := l.atRest(ctx); err != nil {
		return err
	}
	s.AtLeast("files_searched", 20)
	s.AtLeast("packets_read", 100)
	s.AtLeast("whole_calls", 1)
	s.Saw("%v packets and %v files searched, nothing in clear off the desk or on it; told by size and time alone: a short call is %v bytes on the wire to the site, one with %d characters more %v, on its way within %v ms; a referral %v bytes to the other organisation",
		s.Figure("packets_read"), s.Figure("files_searched"), s.Figure("bytes_short_call"), longer, s.Figure("bytes_long_call"), s.Figure("ms_until_sent"), s.Figure("bytes_referral"))
	return nil
}

// open starts the two organisations and the desk.
func (l *leak) open(ctx context.Context) error {
	s := l.stage
	town, err := proxy.NewAlone(fmt.Sprintf("hf%d", os.Getpid()%100_000))
	if err != nil {
		return err
	}
	s.after(town.Close)
	s.space = town.Spaces[0]
	if l.tap, err = s.space.Tap(); err != nil {
		return err
	}
	s.after(l.tap.Close)
	temp, err := s.Folder("temp")
	if err != nil {
		return err
	}
	if l.kept, err = s.Folder("kept"); err != nil {
		return err
	}
	s.said = l.kept
	s.program.Env = append(s.program.Env[:len(s.program.Env):len(s.program.Env)], "TMPDIR="+temp, "GOTRACEBACK=crash")
	if err := s.coresAllowed(); err != nil {
		return err
	}
	data, err := s.Folder("demo")
	if err != nil {
		return err
	}
	clock := openEvening(time.Now()) + ",x1"
	if l.demo, err = s.demo(ctx, data, "--log", "--clock", clock); err != nil {
		return err
	}
	s.after(func() error { l.demo.kill(); return nil })
	l.site = &site{name: "the site", dir: filepath.Join(data, "111"), space: s.space}
	door, err := os.ReadFile(filepath.Join(l.site.dir, "devices.address"))
	if err != nil {
		return err
	}
	l.site.address = strings.TrimSpace(string(door))
	l.desk = &site{name: "the desk", dir: filepath.Join(s.dir, "desk"), space: s.space, clock: clock}
	if err := s.joinDesk(ctx, l.site, l.desk); err != nil {
		return err
	}
	return s.startDesk(ctx, l.sites, l.desk)
}

// openEvening is last Saturday's: the out-of-hours service is open.
func openEvening(now time.Time) string {
	at := now.UTC().AddDate(0, 0, -1-int(now.UTC().Weekday()))
	return time.Date(at.Year(), at.Month(), at.Day(), 18, 20, 0, 0, time.UTC).Format(time.RFC3339)
}

// coresAllowed lets processes leave core dumps as far as the system does.
func (s *Stage) coresAllowed() error {
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &was); err != nil {
		return err
	}
	s.after(func() error { return unix.Setrlimit(unix.RLIMIT_CORE, &was) })
	return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: was.Max, Max: was.Max})
}

// everyWay takes the patient through the pages.
func (l *leak) everyWay(ctx context.Context, handler, clinician *browser) error {
	id, err := l.stage.wholeCall(ctx, handler, clinician, canary)
	if err != nil {
		return err
	}
	if err := handler.draft(ctx, canary); err != nil {
		return err
	}
	for _, look := range []struct {
		by   *browser
		path string
		want bool // the page holds what was typed
	}{
		{clinician, "/case/" + id, true}, {clinician, "/case/" + id + "/report", true}, {clinician, "/worklist?find=" + canary, true},
		{clinician, "/case/" + canary, false}, {clinician, "/" + canary, false}, {handler, "/mycalls", true}, {handler, "/case/" + id + "/consult", false},
	} {
		status, page, err := look.by.Get(ctx, look.path)
		if err != nil {
			return err
		}
		if look.want && (status != http.StatusOK || !strings.Contains(page, canary)) {
			return fmt.Errorf("%s does not show what was typed: status %d", look.path, status)
		}
		l.stage.Add("ways", 1)
	}
	for path, form := range map[string]url.Values{
		"/call":                 {"number": {canary}, "born": {canary}, "nhs": {canary}, "place": {canary}, "why": {canary}, "do": {"go"}},
		"/case/" + id + "/note": {"words": {strings.Repeat(canary+" ", 3000)}}, "/case/" + id + "/close": {"close_why": {canary}, "seen": {canary}},
		"/reason": {"_reason_to": {canary}, "_reason_why": {canary}}, "/sign-in/code": {"login": {canary}, "password": {canary}, "code": {canary}},
	} {
		if _, _, err := clinician.postPage(ctx, path, form); err != nil {
			return err
		}
		l.stage.Add("ways", 1)
	}
	return nil
}

// longer is how many characters more the long call of sizes has, and rounds how
// often each is measured: the least counts, because links say other things too.
const (
	longer = 160
	rounds = 4
)

// sizes measures what somebody who reads along learns from lengths and moments.
func (l *leak) sizes(ctx context.Context, handler *browser) error {
	for range rounds {
		for figure, place := range map[string]string{"bytes_short_call": canary, "bytes_long_call": canary + strings.Repeat(" hut", longer/4)} {
			if err := l.safe(ctx, l.desk); err != nil {
				return err
			}
			from, begun := len(l.tap.Heard()), time.Now()
			if path, page, err := handler.takeCall(ctx, place); err != nil || path == "" {
				return fmt.Errorf("no call can be taken: %v %.200s", err, page)
			}
			if err := l.safe(ctx, l.desk); err != nil {
				return err
			}
			n, first := l.sent(from, portOf(l.site.address))
			l.stage.Least(figure, float64(n))
			l.stage.Most("ms_until_sent", float64(first.Sub(begun).Milliseconds()))
		}
	}
	return nil
}

// sent gives how many bytes went to a port since the n-th packet, and when the
// first of them did.
func (l *leak) sent(from int, port uint16) (n int, first time.Time) {
	for _, f := range l.tap.Heard()[from:] {
		if f.To == port {
			if n += len(f.Bytes); first.IsZero() {
				first = f.At
			}
		}
	}
	return n, first
}

// refer sends a case to the other organisation, and waits for it to arrive.
func (l *leak) refer(ctx context.Context, handler, clinician *browser) error {
	path, _, err := handler.takeCall(ctx, canary+" 4 Weir Cottages, Dunsett QX4 2AB")
	if err != nil {
		return err
	}
	page := strings.Replace(path, "/call/", "/case/", 1)
	if _, err := clinician.Fill(ctx, page, page+"/disposition", url.Values{"dx": {"Dx12"}, "dx_why": {canary}}); err != nil {
		return err
	}
	other := l.demo.Organisations[1]
	theirs, err := newBrowserIn(l.stage.space)
	if err != nil {
		return err
	}
	defer theirs.Close()
	theirs.Base = other.URL
	before, err := theirs.openCases(ctx, filepath.Join(l.demo.Data, other.Kind))
	if err != nil {
		return err
	}
	door, err := url.Parse(other.BaRS)
	if err != nil {
		return err
	}
	from := len(l.tap.Heard())
	service, err := handler.serviceOf(ctx, path+"/outcome", "GP out of hours")
	if err != nil {
		return err
	}
	if _, err := handler.Fill(ctx, path+"/outcome", path+"/refer", url.Values{"service": {service}, "passed-over": {canary + " is nearer"}}); err != nil {
		return err
	}
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		now, err := theirs.openCases(ctx, filepath.Join(l.demo.Data, other.Kind))
		if err != nil {
			return err
		}
		if now != before {
			n, _ := l.sent(from, portOf(door.Host))
			l.stage.Most("bytes_referral", float64(n))
			return nil
		}
	}
	return errors.New("the referral does not arrive")
}

// serviceOf finds a service that can be chosen, by its name.
func (b *browser) serviceOf(ctx context.Context, path, name string) (string, error) {
	_, page, err := b.Get(ctx, path)
	if err != nil {
		return "", err
	}
	for _, m := range regexp.MustCompile(`name="service" value="([0-9a-f]{32})"(?s:.*?)<span class="vh">([^<]*)</span>`).FindAllStringSubmatch(page, -1) {
		if strings.Contains(html.UnescapeString(m[2]), name) {
			return m[1], nil
		}
	}
	return "", fmt.Errorf("%s can not be chosen: %s", name, around(page, "Cannot be chosen"))
}

func portOf(address string) uint16 {
	var port uint16
	_, after, _ := strings.Cut(address, ":")
	_, _ = fmt.Sscan(after, &port) // zero is nobody's port
	return port
}

// crash ends the desk as a fault in it would, in the middle of a call.
func (l *leak) crash(ctx context.Context, handler *browser) error {
	if err := handler.draft(ctx, canary); err != nil {
		return err
	}
	if err := l.desk.process.cmd.Process.Signal(syscall.SIGABRT); err != nil {
		return err
	}
	if err := l.desk.process.wait(); err == nil {
		return errors.New("the desk did not crash")
	}
	l.desk.process = nil
	l.desk.browser.Close()
	return nil
}

// wires searches what was read along: all but what passes between a browser
// and its own device, where it must be found, or nothing was read.
func (l *leak) wires(ctx context.Context) error {
	own := map[uint16]bool{}
	for _, base := range []string{l.desk.browser.Base, l.demo.Organisations[0].URL, l.demo.Organisations[1].URL} {
		u, err := url.Parse(base)
		if err != nil {
			return err
		}
		own[portOf(u.Host)] = true
	}
	if err := l.tap.Close(); err != nil {
		return err
	}
	inside, outside := map[[2]uint16]*bytes.Buffer{}, map[[2]uint16]*bytes.Buffer{}
	for _, f := range l.tap.Heard() {
		to := outside
		if own[f.From] || own[f.To] {
			to = inside
		}
		ends := [2]uint16{f.From, f.To}
		if to[ends] == nil {
			to[ends] = &bytes.Buffer{}
		}
		to[ends].Write(f.Bytes)
		l.stage.Add("packets_read", 1)
	}
	for ends, b := range outside {
		l.stage.Add("bytes_read", float64(b.Len()))
		if what := traceIn(b.Bytes(), canary); what != "" {
			l.stage.Wrong("the wire from port %d to %d carries %s", ends[0], ends[1], what)
		}
	}
	found := false
	for ends, b := range inside {
		found = found || traceIn(b.Bytes(), canary) != ""
		if own[ends[0]] {
			l.addresses(b.String())
		}
	}
	if !found {
		l.stage.Wrong("reading along finds nothing where it must: it proves nothing")
	}
	return ctx.Err()
}

// addresses looks where a device's answers lead: nothing that was typed stands
// in an address, where proxies and histories keep it.
func (l *leak) addresses(answers string) {
	for line := range strings.Lines(answers) {
		if where, ok := strings.CutPrefix(line, "Location: "); ok && traceIn([]byte(where), canary) != "" {
			l.stage.Wrong("an address holds what was typed: %.100s", where)
		}
	}
}

// atRest searches the desk's disk, what was said, told and handed out, and core
// dumps; the same search must find it at the site, whose lists lie on an
// encrypted disk outside a demo.
func (l *leak) atRest(ctx context.Context) error {
	for n, o := range l.demo.Organisations {
		b, err := newBrowserIn(l.stage.space)
		if err != nil {
			return err
		}
		defer b.Close()
		b.Base = o.URL
		told, err := b.metrics(ctx, filepath.Join(l.demo.Data, o.Kind))
		if err == nil {
			err = os.WriteFile(filepath.Join(l.kept, fmt.Sprintf("figures-%d", n)), []byte(told), 0o600)
		}
		if err != nil {
			return err
		}
	}
	if err := l.demo.stop(); err != nil {
		return err
	}
	if err := l.stage.command(ctx, "org", "export", "--data", l.site.dir, "--out", filepath.Join(l.kept, "export")); err != nil {
		return err
	}
	cores, err := filepath.Glob(filepath.Join(l.stage.dir, "core*"))
	if err != nil {
		return err
	}
	for _, core := range cores {
		l.stage.Wrong("a crash left the program's memory on the disk: %s", filepath.Base(core))
	}
	for _, dir := range []string{l.desk.dir, l.kept, filepath.Join(l.stage.dir, "temp")} {
		found, err := l.stage.search(dir, canary)
		if err != nil {
			return err
		}
		for _, f := range found {
			l.stage.Wrong("what was typed lies in clear in %s", f)
		}
	}
	found, err := l.stage.search(l.site.dir, canary)
	if len(found) == 0 {
		l.stage.Wrong("the search finds nothing where it must: it proves nothing")
	}
	return err
}
