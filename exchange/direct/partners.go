package direct

import (
	"context"
	"crypto/ed25519"

	"holdfast/codes"
	"holdfast/fact"
)

// Partner is another organisation that runs Holdfast, as its partner file
// says.
type Partner struct {
	Org     fact.OrgID
	ODS     codes.ODS
	Also    []codes.ODS // further codes under which it may sign
	Name    string
	Address string // HTTPS address of its envelope door
	Public  []byte // key to seal to: ML-KEM-768 + X25519
}

// Partners is the list of organisations to which this one talks straight.
//
// ByODS and ByOrg answer with a refusal of kind Missing when there is no such
// partner. Device gives the signing key for which a certificate of that
// organisation stands; a certificate that the organisation did not give, or
// took back, is refused with kind Forbidden.
type Partners interface {
	ByODS(ctx context.Context, ods codes.ODS) (Partner, error)
	ByOrg(ctx context.Context, org fact.OrgID) (Partner, error)
	Device(ctx context.Context, org fact.OrgID, certificate []byte) (ed25519.PublicKey, error)
}

// may tells whether the partner may write in the name of an organisation.
func (p Partner) may(ods codes.ODS) bool {
	if ods == "" || ods == p.ODS {
		return true
	}
	for _, o := range p.Also {
		if o == ods {
			return true
		}
	}
	return false
}
