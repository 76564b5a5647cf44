package node

import (
	"fmt"
	"net/http"
	"time"

	"holdfast/web"
)

const (
	securityContact = "mailto:security@holdfast.example"
	contactHolds    = 180 * 24 * time.Hour
)

// securityTxt says where weaknesses are reported (RFC 9116). The program states
// it anew with each answer, so that it never stands there expired.
func (n *Node) securityTxt(w http.ResponseWriter, _ *http.Request, _ web.Caller) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	until := n.clock().Add(contactHolds).UTC().Truncate(24 * time.Hour)
	_, err := fmt.Fprintf(w, "Contact: %s\nExpires: %s\nPreferred-Languages: en, cy\nCanonical: %s/.well-known/security.txt\n", securityContact, until.Format(time.RFC3339), n.URL())
	return err
}
