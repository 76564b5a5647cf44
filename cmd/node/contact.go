package node

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"holdfast/fact/refusal"
	"holdfast/web"
)

// contactHolds is how long what security.txt says may be relied on: RFC 9116
// wants less than a year. It is stated anew with each answer.
const contactHolds = 180 * 24 * time.Hour

// checkContact refuses what can't be the address for reports of weaknesses: RFC
// 9116, section 2.5.3, wants a URI. Empty is none.
func checkContact(contact string) error {
	u, err := url.Parse(contact)
	switch {
	case contact == "":
		return nil
	case err != nil || strings.ContainsFunc(contact, func(r rune) bool { return r <= ' ' || r == 0x7f }):
	case u.Scheme == "mailto" && strings.Contains(u.Opaque, "@"), u.Scheme == "https" && u.Host != "", u.Scheme == "tel" && u.Opaque != "":
		return nil
	}
	return refusal.Newf(refusal.Invalid, "security_contact is %q: write mailto:ADDRESS, https://PAGE or tel:NUMBER, or leave it out.", contact)
}

// securityTxt says where weaknesses are reported (RFC 9116), as the organisation
// has configured it. Where it has not, there is no such file: a made-up address
// would swallow the report.
func (n *Node) securityTxt(w http.ResponseWriter, _ *http.Request, _ web.Caller) error {
	if n.config.SecurityContact == "" {
		return refusal.New(refusal.Missing, "No address for reports of weaknesses is configured here. Tell "+n.Us.Name+", who run this machine.")
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	until := n.clock().Add(contactHolds).UTC().Truncate(24 * time.Hour)
	_, err := fmt.Fprintf(w, "Contact: %s\nExpires: %s\nPreferred-Languages: en, cy\nCanonical: %s/.well-known/security.txt\n", n.config.SecurityContact, until.Format(time.RFC3339), n.URL())
	return err
}
