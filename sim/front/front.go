// Package front stands in front of a program as a browser does: it opens pages,
// fills in the forms that stand in them, with what they hold already, and sends
// them. It knows nothing that does not stand on a page.
package front

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

// Browser is one person's, in front of one organisation. It is safe for use by
// one person at a time.
type Browser struct {
	Client *http.Client
	Base   string // the address before every path

	// SignIn signs in anew when a session has ended, as at a change of shifts;
	// nil: a page that asks to sign in is an answer like any other.
	SignIn func(ctx context.Context) error
}

// out tells whether an answer says that the session is over, as a page for
// signing in, as a form that nobody is signed in for, or as a shift that has run
// out; and signs in then.
func (b *Browser) out(ctx context.Context, res *http.Response, page []byte) (bool, error) {
	if b.SignIn == nil {
		return false, nil
	}
	over := res.StatusCode == http.StatusSeeOther && strings.HasPrefix(res.Header.Get("Location"), "/sign-in") ||
		res.StatusCode == http.StatusUnauthorized ||
		res.StatusCode == http.StatusForbidden && bytes.Contains(page, []byte("your shift has run out"))
	if !over {
		return false, nil
	}
	signIn := b.SignIn
	b.SignIn = nil // the pages of signing in are asked for once
	defer func() { b.SignIn = signIn }()
	return true, signIn(ctx)
}

// Dial makes connections.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// New makes one that finds names below localhost on this machine, as browsers
// do, and follows no redirect by itself. dial nil is this machine's network.
func New(dial Dial) (*Browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	here := func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return dial(ctx, network, "127.0.0.1:"+port)
	}
	return &Browser{Client: &http.Client{
		Jar: jar, Transport: &http.Transport{DialContext: here}, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Close lets go of its connections.
func (b *Browser) Close() { b.Client.CloseIdleConnections() }

// Get opens a page.
func (b *Browser) Get(ctx context.Context, path string) (status int, page string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.Base+path, nil)
	if err != nil {
		return 0, "", err
	}
	res, err := b.Client.Do(req)
	if err != nil {
		return 0, "", err
	}
	body, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return res.StatusCode, "", err
	}
	if out, err := b.out(ctx, res, body); out && err == nil {
		return b.Get(ctx, path)
	} else if err != nil {
		return res.StatusCode, "", err
	}
	return res.StatusCode, string(body), nil
}

// Refused is a form that led nowhere: what the page said instead.
type Refused struct {
	Path   string
	Status int
	Page   string // from where it says what is wrong
}

// Error gives the beginning of what the page said.
func (e *Refused) Error() string {
	return fmt.Sprintf("%s: status %d: %.400s", e.Path, e.Status, e.Page)
}

// Post sends a form and gives where it leads; anything but a redirect is a
// *Refused with the page's words.
func (b *Browser) Post(ctx context.Context, path string, form url.Values) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.Base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := b.Client.Do(req)
	if err != nil {
		return "", err
	}
	page, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return "", err
	}
	if out, err := b.out(ctx, res, page); out && err == nil {
		return b.Post(ctx, path, form)
	} else if err != nil {
		return "", err
	}
	if res.StatusCode == http.StatusSeeOther {
		return res.Header.Get("Location"), nil
	}
	for _, from := range []string{"<main", `aria-invalid`, `id="errors"`} {
		if _, rest, ok := bytes.Cut(page, []byte(from)); ok {
			page = rest
		}
	}
	return "", &Refused{Path: path, Status: res.StatusCode, Page: string(page)}
}

// Fill opens a page, fills in the form that goes to an address, and sends it
// with what stands in it already. It gives where that leads.
func (b *Browser) Fill(ctx context.Context, at, action string, typed url.Values) (string, error) {
	status, page, err := b.Get(ctx, at)
	if err != nil {
		return "", err
	}
	form, err := FormIn(page, action)
	if status != http.StatusOK || err != nil {
		return "", fmt.Errorf("%s: status %d: %w", at, status, err)
	}
	maps.Copy(form, typed)
	return b.Post(ctx, action, form)
}
