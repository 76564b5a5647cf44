package drill

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"holdfast/sim/passkey"
	"holdfast/sim/proxy"
)

// realSite is a site node of an organisation founded for real work: TLS, a
// passphrase, passkeys and nothing else.
type realSite struct {
	stage   *Stage
	dir     string
	pass    string       // file with the passphrase
	space   *proxy.Space // nil: this machine's own network
	process *process
	base    string // address of its pages
	trusted *x509.CertPool
}

// foundReal founds an organisation; it gives the path that enrols the first
// administrator.
func (s *Stage) foundReal(ctx context.Context, name string, more ...string) (r *realSite, enrol string, err error) {
	r = &realSite{stage: s, dir: filepath.Join(s.dir, name), pass: filepath.Join(s.dir, name+"-passphrase")}
	if err := os.WriteFile(r.pass, []byte("correct horse battery staple\n"), 0o600); err != nil {
		return nil, "", err
	}
	p, err := s.start(ctx, append([]string{
		"org", "create", "--data", r.dir, "--name", "Larkfield", "--ods", "ZZ900", "--device", "Node A", "--domain", "main building", "--admin", "A. Holt", "--passphrase-file", r.pass, "--json",
	}, more...)...)
	if err != nil {
		return nil, "", err
	}
	var made struct {
		Enrol string `json:"enrol"`
	}
	err = errors.Join(p.line(&made), p.wait())
	return r, made.Enrol, err
}

// start serves it on its own disk, which the drill's machine answers for.
func (r *realSite) start(ctx context.Context) error {
	config := r.dir + ".yaml"
	if err := os.WriteFile(config, []byte("volume: encrypted-by-host\nlisten: 127.0.0.1:0\ndoors: 127.0.0.1:0\ndevices: 127.0.0.1:0\nname: localhost\n"), 0o600); err != nil {
		return err
	}
	var err error
	if r.process, err = r.stage.startIn(ctx, r.space, "serve", "--data", r.dir, "--config", config, "--passphrase-file", r.pass); err != nil {
		return err
	}
	r.stage.after(func() error { r.process.kill(); return nil })
	line, err := r.process.out.ReadString('\n')
	if r.base = regexp.MustCompile(`https://localhost:\d+`).FindString(line); r.base == "" {
		return fmt.Errorf("%s is not served: %w", filepath.Base(r.dir), errors.Join(err, r.process.wait()))
	}
	ca, err := os.ReadFile(filepath.Join(r.dir, "doors", "ca.pem"))
	r.trusted = x509.NewCertPool()
	r.trusted.AppendCertsFromPEM(ca)
	return err
}

// browser is one that trusts the organisation's own authority.
func (r *realSite) browser() (*browser, error) {
	b, err := newBrowserIn(r.space)
	if err != nil {
		return nil, err
	}
	b.Base = r.base
	b.Client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: r.trusted, MinVersion: tls.VersionTLS13}
	return b, nil
}

// enrol makes a passkey by a one-time path.
func (r *realSite) enrol(ctx context.Context, path string) (*passkey.Key, error) {
	b, err := r.browser()
	if err != nil {
		return nil, err
	}
	defer b.Close()
	key, err := passkey.New(r.base)
	if err != nil {
		return nil, err
	}
	return key, b.ceremony(ctx, path, key.Create)
}

// signIn signs somebody in by their passkey.
func (r *realSite) signIn(ctx context.Context, key *passkey.Key) (*browser, error) {
	b, err := r.browser()
	if err != nil {
		return nil, err
	}
	key.Origin = r.base
	if err := b.ceremony(ctx, "/sign-in", key.Get); err != nil {
		return nil, fmt.Errorf("signing in by passkey: %w", err)
	}
	r.stage.Add("signed_in", 1)
	return b, nil
}

// ceremony asks for options, has the key answer and sends that on.
func (b *browser) ceremony(ctx context.Context, path string, answer func([]byte) ([]byte, error)) error {
	asked, err := b.sendJSON(ctx, path+"/begin", nil)
	if err != nil {
		return err
	}
	given, err := answer(asked)
	if err != nil {
		return err
	}
	_, err = b.sendJSON(ctx, path+"/finish", given)
	return err
}

func (b *browser) sendJSON(ctx context.Context, path string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.Base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := b.Client.Do(req)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %.300s", strings.Split(path, "/")[1], res.Status, answer)
	}
	return answer, err
}

// administrator enrols whoever a path is for, and signs them in.
func (r *realSite) administrator(ctx context.Context, path string) (*browser, error) {
	key, err := r.enrol(ctx, path)
	if err != nil {
		return nil, err
	}
	return r.signIn(ctx, key)
}

// hire has an administrator put somebody on the staff list; it gives the passkey
// they enrol.
func (r *realSite) hire(ctx context.Context, admin *browser, name, role string) (*passkey.Key, error) {
	if _, err := admin.Post(ctx, "/staff", url.Values{"name": {name}, "title": {"nurse"}, "role": {role}}); err != nil {
		return nil, err
	}
	_, page, err := admin.Get(ctx, "/staff")
	if err != nil {
		return nil, err
	}
	_, after, _ := strings.Cut(page, html.EscapeString(name))
	link := regexp.MustCompile(`/staff/[0-9a-f]+/link`).FindString(after)
	if link == "" {
		return nil, fmt.Errorf("%s is not on the staff list", name)
	}
	shown, err := admin.Post(ctx, link, url.Values{})
	if err != nil {
		return nil, err
	}
	if _, page, err = admin.Get(ctx, shown); err != nil {
		return nil, err
	}
	path := regexp.MustCompile(`/enrol/[\w-]+`).FindString(page)
	if path == "" {
		return nil, errors.New("no enrolment link is shown")
	}
	return r.enrol(ctx, path)
}

// postPage sends a form and gives what comes back, whatever it is.
func (b *browser) postPage(ctx context.Context, path string, form url.Values) (status int, page string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.Base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := b.Client.Do(req)
	if err != nil {
		return 0, "", err
	}
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, string(body), errors.Join(err, res.Body.Close())
}
