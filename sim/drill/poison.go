package drill

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
)

func poisonDrill() Drill {
	return Drill{
		Number: 18, Name: "poison", Hazard: "H-613",
		About:    "One device writes what no program can use: kinds and versions from the future, content of another shape, notes as large as they can be, one on which a fold panics; somebody posts a note of 100 MB.",
		Expected: "Every device keeps it and passes it on; the case says that something is not shown; everything else goes on; what is too large is refused with a sentence.",
		run:      rehearsePoison,
	}
}

func rehearsePoison(ctx context.Context, s *Stage) error {
	o, err := s.sites(ctx, 3)
	if err != nil {
		return err
	}
	o.part(func(n int) bool { return n == 2 }, 0)
	a, b := o.all[0], o.all[1]
	path, _, err := a.browser.takeCall(ctx, "a case that is poisoned")
	if err != nil || path == "" {
		return fmt.Errorf("a call could not be taken: %w", err)
	}
	if err := o.level(ctx, time.Minute); err != nil {
		return err
	}
	if err := b.process.stop(); err != nil {
		return err
	}
	b.process = nil
	subject := filepath.Base(path)
	if err := s.run(ctx, "future", "--data", b.dir, "--case", subject, "--panics"); err != nil {
		return err
	}
	if err := o.start(ctx, b); err != nil {
		return err
	}
	for _, one := range o.all {
		o.take(ctx, one, "beside poison")
	}
	if err := s.hugePost(ctx, o, subject); err != nil {
		return err
	}
	if err := o.level(ctx, time.Minute); err != nil {
		return err
	}
	for _, one := range o.all {
		if err := s.notShown(ctx, o, one, subject); err != nil {
			return err
		}
		if err := o.checkCalls(ctx, one); err != nil {
			return err
		}
	}
	s.AtLeast("calls_answered", 3)
	s.AtLeast("said_not_shown", 3)
	s.Saw("14 facts that no program can use, at all three sites, each of which says of the case that something is not shown; %v calls taken beside it at all three; 100 MB refused", s.Figure("calls_answered"))
	return nil
}

// notShown checks that a site has the case, and says that not all is shown.
func (s *Stage) notShown(ctx context.Context, o *sites, one *site, subject string) error {
	b, err := o.browserAs(ctx, one, access.Clinician)
	if err != nil {
		return err
	}
	defer b.Close()
	status, page, err := b.Get(ctx, "/case/"+subject)
	if err != nil {
		return err
	}
	if strings.Contains(page, "a fold panics on this") {
		s.Wrong("%s shows what was set aside", one.name)
	}
	if status != http.StatusOK || !strings.Contains(page, "a case that is poisoned") {
		s.Wrong("the poisoned case is gone at %s: status %d", one.name, status)
	}
	if !strings.Contains(page, "not shown") || !strings.Contains(page, "Treat what it says as unknown") { // in the line, and above it as something to heed
		s.Wrong("%s does not say that something is not shown", one.name)
	} else {
		s.Add("said_not_shown", 1)
	}
	return nil
}

// hugePost posts a note of 100 MB while a call is taken beside it.
func (s *Stage) hugePost(ctx context.Context, o *sites, subject string) error {
	one := o.all[0]
	b, err := o.browserAs(ctx, one, access.Clinician)
	if err != nil {
		return err
	}
	defer b.Close()
	before, err := o.status(ctx, one)
	if err != nil {
		return err
	}
	body := "words=" + url.QueryEscape(strings.Repeat("huge", 25<<20))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.Base+"/case/"+subject+"/note", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := b.Client.Do(req)
	if err == nil {
		defer res.Body.Close()
		if res.StatusCode < 400 {
			s.Wrong("a note of 100 MB was answered %s", res.Status)
		}
		s.Add("huge_answered", float64(res.StatusCode))
	} // else: it was turned away before it was sent to the end
	o.take(ctx, one, "beside a huge post")
	after, err := o.status(ctx, one)
	if err != nil {
		return err
	}
	if grown := after.Facts - before.Facts; grown > 100 {
		s.Wrong("a note of 100 MB left %d facts", grown)
	}
	return nil
}

// browserAs opens another browser at a site and signs somebody in by role.
func (o *sites) browserAs(ctx context.Context, one *site, role access.Role) (*browser, error) {
	link, err := node.Tell[node.LinkWanted, node.LinkGiven](ctx, one.dir, "link", node.LinkWanted{Role: role})
	if err != nil {
		return nil, err
	}
	b, err := newBrowserIn(one.space)
	if err != nil {
		return nil, err
	}
	base, _, _ := strings.Cut(link.URL, "/in/")
	status, _, err := b.Get(ctx, link.URL)
	b.Base = base
	if err == nil && status >= 400 {
		err = fmt.Errorf("signing in at %s as %s: status %d", one.name, role, status)
	}
	return b, err
}
