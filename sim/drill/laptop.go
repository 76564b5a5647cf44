package drill

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func laptopDrill() Drill {
	return Drill{
		Number: 23, Name: "laptop", Hazard: "H-758",
		About:    "A desk is stolen: taken away in the middle of a call with the power cut, and once more after it was shut down. Its disk, its temporary files and everything that it said are searched for what was typed; the keys of a folder of real work are tried with other passphrases.",
		Expected: "Nothing that was typed is found in clear, in no encoding; each guess at the passphrase costs time; the desk, found again, has everything.",
		run:      rehearseLaptop,
	}
}

const (
	laptopCalls   = 8
	laptopGuesses = 5
	laptopGuess   = 0.05 // seconds that one guess must cost at least, on a machine of any speed
)

func rehearseLaptop(ctx context.Context, s *Stage) error {
	temp, err := s.Folder("temp")
	if err != nil {
		return err
	}
	s.program.Env = append(s.program.Env[:len(s.program.Env):len(s.program.Env)], "TMPDIR="+temp)
	o, err := s.sites(ctx, 1)
	if err != nil {
		return err
	}
	desk := &site{name: "the laptop", dir: filepath.Join(s.dir, "laptop")}
	if err := s.joinDesk(ctx, o.all[0], desk); err != nil {
		return err
	}
	var said bytes.Buffer
	for round, off := range []func(*site) error{
		func(one *site) error { one.process.kill(); return nil },
		func(one *site) error { return one.process.stop() },
	} {
		if err := s.startDesk(ctx, o, desk); err != nil {
			return err
		}
		for n := range laptopCalls {
			o.take(ctx, desk, fmt.Sprintf("%s %d %d Weir Cottages", stolen, round, n))
		}
		if err := desk.browser.draft(ctx, stolen); err != nil {
			return err
		}
		if err := o.checkCalls(ctx, desk); err != nil {
			return err
		}
		if err := off(desk); err != nil {
			return err
		}
		said.WriteString(desk.process.err.String())
		desk.process = nil
		desk.browser.Close()
		for _, dir := range []string{desk.dir, temp} {
			found, err := s.search(dir, stolen)
			if err != nil {
				return err
			}
			for _, f := range found {
				s.Wrong("what was typed lies in clear in %s", f)
			}
		}
	}
	if what := traceIn(said.Bytes(), stolen); what != "" {
		s.Wrong("the laptop said %s while it worked", what)
	}
	if err := s.control(ctx, o, desk); err != nil {
		return err
	}
	if err := s.guess(ctx); err != nil {
		return err
	}
	s.AtLeast("files_searched", 20)
	s.AtLeast("calls_answered", 2*laptopCalls)
	s.Saw("%v files of %.1f MB searched, nothing in clear; the same search finds it where the site's encrypted disk is asked for; one guess at a passphrase costs %.2f s",
		s.Figure("files_searched"), s.Figure("bytes_searched")/1e6, s.Figure("seconds_a_guess"))
	return nil
}

// stolen stands in everything that is typed on the laptop.
const stolen = "Qzxlaptop"

// joinDesk enrols a desk at a site.
func (s *Stage) joinDesk(ctx context.Context, at, desk *site) error {
	request, admission := desk.dir+"-request.json", desk.dir+"-admission.json"
	for _, args := range [][]string{
		{"org", "request", "--data", desk.dir, "--kind", "desk", "--name", desk.name, "--domain", desk.name, "--demo", "--out", request},
		{"org", "enrol", "--data", at.dir, "--request", request, "--out", admission},
		{"org", "join", "--data", desk.dir, "--admission", admission},
	} {
		if err := s.command(ctx, args...); err != nil {
			return err
		}
	}
	desk.peers = []string{at.address}
	return nil
}

func (s *Stage) startDesk(ctx context.Context, o *sites, desk *site) error {
	args := []string{"desk", "--demo", "--data", desk.dir, "--site", desk.peers[0], "--listen", "127.0.0.1:0"}
	if desk.clock != "" {
		args = append(args, "--clock", desk.clock)
	}
	var err error
	if desk.process, err = s.start(ctx, args...); err != nil {
		return err
	}
	s.after(func() error {
		if desk.process != nil {
			desk.process.kill()
		}
		return nil
	})
	if _, err := desk.process.out.ReadBytes('\n'); err != nil {
		return fmt.Errorf("%s does not start: %w", desk.name, errors.Join(err, desk.process.wait()))
	}
	return o.signIn(ctx, desk)
}

// draft leaves a half-typed call behind.
func (b *browser) draft(ctx context.Context, mark string) error {
	form := url.Values{"_draft": {"call"}, "_seq": {"1"}, "place": {mark + " half-typed"}, "why": {mark + " chest pain"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.Base+"/draft", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := b.Client.Do(req)
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		err = fmt.Errorf("a draft was not kept: status %d", res.StatusCode)
	}
	return errors.Join(err, res.Body.Close())
}

// traceIn gives how a mark that was typed stands in bytes: as it is, in UTF-16, in
// hex, in base64 or with its letters changed; "" when it does not.
func traceIn(raw []byte, mark string) string {
	wide := make([]byte, 0, 2*len(mark))
	for _, c := range []byte(mark) {
		wide = append(wide, c, 0)
	}
	for what, one := range map[string][]byte{
		"what was typed": []byte(mark), "what was typed, in UTF-16,": wide, "what was typed, in hex,": []byte(hex.EncodeToString([]byte(mark))),
		"what was typed, in capitals,": bytes.ToUpper([]byte(mark)), "what was typed, in small letters,": bytes.ToLower([]byte(mark)),
	} {
		if bytes.Contains(raw, one) {
			return what
		}
	}
	for at := range 3 { // base64 has three ways to write what stands in the middle
		coded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("-", at) + mark))
		if bytes.Contains(raw, []byte(coded[4:len(coded)-4])) {
			return "what was typed, in base64,"
		}
	}
	return ""
}

// search looks through every file below a folder for a mark that was typed, and
// names those that tell.
func (s *Stage) search(dir, mark string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s.Add("files_searched", 1)
		s.Add("bytes_searched", float64(len(raw)))
		if traceIn(raw, mark) != "" {
			rel, err := filepath.Rel(s.dir, path)
			out = append(out, rel)
			return err
		}
		return nil
	})
	return out, err
}

// control proves that the search finds: at the site node, whose views lie on an
// encrypted disk outside a demo, it must.
func (s *Stage) control(ctx context.Context, o *sites, desk *site) error {
	if err := s.startDesk(ctx, o, desk); err != nil {
		return err
	}
	if err := o.checkCalls(ctx, desk); err != nil { // the laptop is found again
		return err
	}
	end := time.Now().Add(30 * time.Second)
	for {
		found, err := s.search(o.all[0].dir, stolen)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			break
		}
		if time.Now().After(end) || ctx.Err() != nil {
			s.Wrong("the search finds nothing where it must: it proves nothing")
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	err := desk.process.stop()
	desk.process = nil
	desk.browser.Close()
	return err
}

// guess founds an organisation for real work and tries other passphrases.
func (s *Stage) guess(ctx context.Context) error {
	dir, pass := filepath.Join(s.dir, "real"), filepath.Join(s.dir, "passphrase")
	secret := "correct " + stolen + " battery staple"
	if err := os.WriteFile(pass, []byte(secret+"\n"), 0o600); err != nil {
		return err
	}
	if err := s.command(ctx, "org", "create", "--data", dir, "--name", "Larkfield", "--ods", "ZZ900", "--device", "laptop", "--admin", "A. Holt", "--passphrase-file", pass); err != nil {
		return err
	}
	if err := s.command(ctx, "verify", dir, "--passphrase-file", pass); err != nil {
		return fmt.Errorf("the right passphrase does not open the folder: %w", err)
	}
	found, err := s.search(dir, stolen)
	if err != nil {
		return err
	}
	for _, f := range found {
		s.Wrong("the passphrase lies in %s", f)
	}
	begun := time.Now()
	for n := range laptopGuesses {
		if err := os.WriteFile(pass, fmt.Appendf(nil, "%s%d\n", secret, n), 0o600); err != nil {
			return err
		}
		if err := s.command(ctx, "verify", dir, "--passphrase-file", pass); err == nil {
			s.Wrong("another passphrase opens the folder")
		}
	}
	each := time.Since(begun).Seconds() / laptopGuesses
	s.Most("seconds_a_guess", each)
	if each < laptopGuess {
		s.Wrong("one guess at the passphrase costs %.3f s alone", each)
	}
	return nil
}
