package outbox

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"

	"holdfast/exchange"
)

// Mail hands letters to a mail server by SMTP, with TLS. A mail that the
// server took is not sent again: whether it was read nobody here can know, and
// the page says so.
type Mail struct {
	Server string // HOST:PORT
	From   string // the address it comes from
	User   string // empty: the server asks for none
	Secret string
	Local  bool        // a server on this machine: TLS is not asked for
	TLS    *tls.Config // nil: the machine's own roots
	Clock  Clock
}

// NewMail checks how a mail server is reached.
func NewMail(server, from, user, secret string, clock Clock) (Mail, error) {
	host, _, err := net.SplitHostPort(server)
	if err != nil {
		return Mail{}, errors.New("a mail server is HOST:PORT")
	}
	if _, err := exchange.SoundEmail(from); err != nil {
		return Mail{}, errors.New("the address that mail comes from can't be used")
	}
	return Mail{Server: server, From: from, User: user, Secret: secret, Local: loopback(host), Clock: clock}, nil
}

// Send makes one attempt.
func (m Mail) Send(ctx context.Context, e exchange.Envelope, content []byte) Result {
	l, err := exchange.DecodeLetter(content)
	if err != nil || e.Carries != exchange.CarriesLetter {
		return turned("The content can't be read here")
	}
	to, err := exchange.SoundEmail(l.Email)
	if err != nil {
		return turned("The address can't be used")
	}
	if tooLate(l, m.Clock()) {
		return turned(tooLateWords)
	}
	host, _, _ := net.SplitHostPort(m.Server)
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", m.Server)
	if err != nil {
		return Result{Outcome: exchange.Unreachable, Said: "The mail server can't be reached"}
	}
	defer conn.Close()
	if end, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(end); err != nil {
			return Result{Outcome: exchange.Unreachable, Said: "The mail server can't be reached"}
		}
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return Result{Outcome: exchange.Unreachable, Said: "The mail server did not greet us"}
	}
	if r, ok := m.secure(c, host); !ok {
		return r
	}
	if err := errors.Join(c.Mail(m.From), c.Rcpt(to)); err != nil {
		return refused(err)
	}
	w, err := c.Data()
	if err != nil {
		return refused(err)
	}
	if _, err := w.Write(m.message(e, l, to)); err != nil {
		return Result{Outcome: exchange.NotKnown, Said: "The mail server broke off"}
	}
	if err := w.Close(); err != nil {
		if r := refused(err); r.Outcome == exchange.Turned {
			return r
		}
		return Result{Outcome: exchange.NotKnown, Said: "The mail server broke off"}
	}
	_ = c.Quit() // it has the mail: how it says good-bye is nothing to us
	return Result{Outcome: exchange.Handed, Said: "The mail server took it"}
}

func (m Mail) secure(c *smtp.Client, host string) (Result, bool) {
	offered, _ := c.Extension("STARTTLS")
	switch {
	case offered:
		config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
		if m.TLS != nil {
			config = m.TLS.Clone()
			config.ServerName = host
		}
		if err := c.StartTLS(config); err != nil {
			return Result{Outcome: exchange.Unreachable, Said: "The mail server's certificate does not hold: nothing was sent"}, false
		}
	case !m.Local:
		return Result{Outcome: exchange.Unreachable, Said: "The mail server takes no TLS: nothing was sent"}, false
	}
	if m.User != "" {
		if err := c.Auth(smtp.PlainAuth("", m.User, m.Secret, host)); err != nil {
			return Result{Outcome: exchange.Unreachable, Said: "The mail server does not know us"}, false
		}
	}
	return Result{}, true
}

// refused reads an SMTP answer: 5xx is final, the rest is worth trying again
// (RFC 5321, section 4.2.1).
func refused(err error) Result {
	var p *textproto.Error
	if errors.As(err, &p) && p.Code >= 500 {
		return Result{Outcome: exchange.Turned, Status: p.Code, Said: "The mail server does not take it for this address"}
	}
	if errors.As(err, &p) {
		return Result{Outcome: exchange.Unreachable, Status: p.Code, Said: "The mail server takes nothing now"}
	}
	return Result{Outcome: exchange.Unreachable, Said: "The mail server broke off"}
}

// message writes the mail: plain text, and nothing of the patient in its head
// but their address. Its number is the envelope's.
func (m Mail) message(e exchange.Envelope, l exchange.Letter, to string) []byte {
	var b bytes.Buffer
	domain := m.From[strings.LastIndex(m.From, "@")+1:]
	head := [][2]string{
		{"From", mime.QEncoding.Encode("utf-8", l.From.Name) + " <" + m.From + ">"}, {"To", "<" + to + ">"},
		{"Subject", mime.QEncoding.Encode("utf-8", l.Title)}, {"Date", m.Clock().Format(time.RFC1123Z)},
		{"Message-ID", "<" + e.ID.String() + "@" + domain + ">"}, {"Auto-Submitted", "auto-generated"}, {"Content-Language", l.Language},
		{"MIME-Version", "1.0"}, {"Content-Type", "text/plain; charset=utf-8"}, {"Content-Transfer-Encoding", "quoted-printable"},
	}
	for _, h := range head {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], strings.NewReplacer("\r", " ", "\n", " ").Replace(h[1]))
	}
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(strings.Join(l.Lines, "\r\n\r\n") + "\r\n")) // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}
