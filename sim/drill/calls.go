package drill

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"holdfast/sim/front"
	"holdfast/sim/proxy"
)

// demo is the whole program at work: two organisations of made-up people.
type demo struct {
	*process
	Data          string `json:"data"`
	Organisations []struct {
		Kind    string            `json:"kind"`
		URL     string            `json:"url"`
		BaRS    string            `json:"bars"`
		ITK     string            `json:"itk"`
		Service string            `json:"service"`
		SignIn  map[string]string `json:"signin"`
		Partner struct {
			CA   string `json:"ca"`
			Cert string `json:"cert"`
			Key  string `json:"key"`
		} `json:"partner"`
	} `json:"organisations"`
}

// demo starts the whole program on a folder, quiet but for what the drill does.
func (s *Stage) demo(ctx context.Context, data string, more ...string) (*demo, error) {
	p, err := s.start(ctx, append([]string{"demo", "--json", "--still", "--data", data, "--listen", "127.0.0.1:0"}, more...)...)
	if err != nil {
		return nil, err
	}
	d := &demo{process: p}
	if err := p.line(d); err != nil {
		p.kill()
		return nil, err
	}
	if len(d.Organisations) == 0 || d.Organisations[0].Kind != "111" {
		p.kill()
		return nil, errors.New("the demo does not say where its 111 provider is")
	}
	return d, nil
}

// browser is a person's, in front of one organisation.
type browser struct{ *front.Browser }

// newBrowser makes one on this machine's network.
func newBrowser() (*browser, error) { return newBrowserIn(nil) }

// newBrowserIn makes one that stands in a network of its own; nil is this
// machine's.
func newBrowserIn(space *proxy.Space) (*browser, error) {
	b, err := front.New(space.Dial)
	return &browser{b}, err
}

// signIn signs in by the link that the demo printed for a role.
func (b *browser) signIn(ctx context.Context, d *demo, role string) error {
	link := d.Organisations[0].SignIn[role]
	b.Base = ""
	status, _, err := b.Get(ctx, link)
	b.Base = d.Organisations[0].URL
	if err == nil && status >= 400 {
		err = fmt.Errorf("signing in as %s: status %d", role, status)
	}
	return err
}

// takeCall takes one call and gives the path of its case; "" when the program
// refused it, and the page that says so.
func (b *browser) takeCall(ctx context.Context, place string) (path, page string, err error) {
	form := url.Values{"number": {"01632 960 418"}, "place": {place}, "opened": {strconv.FormatInt(time.Now().UnixMilli(), 10)}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.Base+"/call", strings.NewReader(form.Encode()))
	if err != nil {
		return "", "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := b.Client.Do(req)
	if err != nil {
		return "", "", err
	}
	body, err := io.ReadAll(res.Body)
	err = errors.Join(err, res.Body.Close())
	where, _, _ := strings.Cut(res.Header.Get("Location"), "?")
	if res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(where, "/call/") {
		return "", string(body), err
	}
	return strings.TrimSuffix(where, "/ask"), "", err
}

// calls is the ledger of calls that the program said it had taken.
type calls struct {
	mu     sync.Mutex
	places map[string]string // path of the case to what was typed
	seen   map[string]bool   // looked at since it was answered
}

func (c *calls) add(path, place string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.places == nil {
		c.places, c.seen = map[string]string{}, map[string]bool{}
	}
	c.places[path] = place
}

// check opens every call that was answered and not looked at yet.
func (c *calls) check(ctx context.Context, s *Stage, b *browser) error {
	for path, place := range c.places {
		if c.seen[path] {
			continue
		}
		c.seen[path] = true
		status, page, err := b.Get(ctx, path)
		if err != nil {
			return err
		}
		if status != http.StatusOK || !strings.Contains(page, place) {
			s.Wrong("%s was answered and is not there as typed: status %d", path, status)
			s.Add("lost", 1)
		}
	}
	return nil
}

// killCalls kills the whole program while calls are taken at its front door.
func (s *Stage) killCalls(ctx context.Context, rounds int) error {
	data, err := s.Folder("demo")
	if err != nil {
		return err
	}
	b, err := newBrowser()
	if err != nil {
		return err
	}
	defer b.Close()
	var ledger calls
	for round := range rounds + 1 {
		d, err := s.demo(ctx, data)
		if err != nil {
			return err
		}
		b.Base = d.Organisations[0].URL
		if round == 0 {
			err = b.signIn(ctx, d, "call-handler")
		}
		if err = errors.Join(err, ledger.check(ctx, s, b)); err != nil || round == rounds {
			return errors.Join(err, d.stop(), s.verifyDemo(ctx, data))
		}
		s.callsUntilKilled(ctx, d, b, &ledger, round)
		s.Add("kills", 1)
	}
	return nil
}

// callsUntilKilled has four people take calls until the program is killed.
func (s *Stage) callsUntilKilled(ctx context.Context, d *demo, b *browser, ledger *calls, round int) {
	late := time.AfterFunc(time.Duration(100+s.Random.IntN(400))*time.Millisecond, func() { _ = d.cmd.Process.Kill() })
	defer late.Stop()
	var wait sync.WaitGroup
	for desk := range 4 {
		wait.Go(func() {
			for n := 0; ; n++ {
				place := fmt.Sprintf("%d-%d-%d Weir Cottages", round, desk, n)
				path, _, err := b.takeCall(ctx, place)
				if err != nil {
					return // killed
				}
				if path == "" {
					s.Wrong("a call was refused")
					return
				}
				ledger.add(path, place)
				s.Add("calls_answered", 1)
			}
		})
	}
	wait.Wait()
	d.kill()
}

// verifyDemo re-reads every journal of a demo by the program's own verify.
func (s *Stage) verifyDemo(ctx context.Context, data string) error {
	p, err := s.start(ctx, "verify", "--json", data)
	if err != nil {
		return err
	}
	out := json.NewDecoder(p.out)
	for {
		var v struct {
			Dir   string `json:"dir"`
			Holds bool   `json:"holds"`
			Facts int    `json:"facts"`
		}
		if err := out.Decode(&v); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return errors.Join(err, p.wait())
		}
		if !v.Holds {
			s.Wrong("verify: %s does not hold", v.Dir)
		}
		s.Add("facts_verified", float64(v.Facts))
	}
	if err := p.wait(); err != nil && len(s.wrong) == 0 {
		return err
	}
	return nil
}

// metrics asks for the operator's numbers.
func (b *browser) metrics(ctx context.Context, dir string) (string, error) {
	token, err := os.ReadFile(filepath.Join(dir, "operator.token"))
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.Base+"/metrics", nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	res, err := b.Client.Do(req)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("the operator's numbers: status %d", res.StatusCode)
	}
	return string(body), err
}

// openCases asks the operator's numbers how many cases are open.
func (b *browser) openCases(ctx context.Context, dir string) (string, error) {
	body, err := b.metrics(ctx, dir)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(body) {
		if n, ok := strings.CutPrefix(line, "holdfast_open_cases "); ok {
			return strings.TrimSpace(n), nil
		}
	}
	return "", errors.New("the operator's numbers do not tell the open cases")
}
