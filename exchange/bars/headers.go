package bars

import (
	"encoding/base64"
	"net/http"
	"strings"

	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fhir"
)

// call is what the headers of a message say (core, "HTTP headers").
type call struct {
	partner     exchange.Partner
	request     string // X-Request-Id, lower case
	correlation string
	target      codes.DoSID
	targetODS   codes.ODS
	sender      codes.ODS
	senderName  string
	useCase     string // first part of use-context, for senders that leave it out of the message
	media       string
	format      fhir.Format
	body        []byte
}

// readHeaders reads the headers that every message must have. Ids come last
// in BaRS's order of checks and are checked by checkIDs.
func readHeaders(r *http.Request, c *call) *fault {
	for _, h := range []string{"NHSD-Target-Identifier", "NHSD-End-User-Organisation", "NHSD-Requesting-Software"} {
		if r.Header.Get(h) == "" {
			return bad("required", "The header "+h+" is missing.")
		}
	}
	target, f := decodeHeader(r, "NHSD-Target-Identifier")
	if f != nil {
		return f
	}
	id, err := fhir.Read[fhir.Identifier]("NHSD-Target-Identifier", target)
	if err != nil || id.Value == "" {
		return bad("value", "The header NHSD-Target-Identifier holds no identifier.")
	}
	if f := c.setTarget(id); f != nil {
		return f
	}
	org, f := decodeHeader(r, "NHSD-End-User-Organisation")
	if f != nil {
		return f
	}
	c.readSender(org)
	if _, f := decodeHeader(r, "NHSD-Requesting-Software"); f != nil {
		return f
	}
	if useCase, _, ok := strings.Cut(r.Header.Get("use-context"), "|"); ok {
		c.useCase = strings.ToLower(strings.TrimSpace(useCase))
	}
	return nil
}

func (c *call) setTarget(id fhir.Identifier) *fault {
	if sameSystem(id.System, sysODS) {
		c.targetODS = codes.ReceiveODS(id.Value)
		return nil
	}
	dos, ods, ok := serviceOf(id.Value)
	if !ok || id.System != "" && !sameSystem(id.System, sysDoS) {
		return bad("value", "The header NHSD-Target-Identifier holds no service id of the Directory of Services.")
	}
	c.target, c.targetODS = dos, ods
	return nil
}

func (c *call) readSender(org *fhir.Object) {
	o, err := fhir.Read[fhir.Organization]("Organization", org)
	if err != nil {
		return // who sends is judged by the message and the certificate
	}
	c.sender, c.senderName = odsOf(o), o.Name
}

func decodeHeader(r *http.Request, name string) (*fhir.Object, *fault) {
	text := strings.TrimRight(strings.TrimSpace(r.Header.Get(name)), "=")
	wrong := bad("value", "The header "+name+" is not base64 of a JSON object.")
	if len(text) > 16<<10 {
		return nil, wrong
	}
	b, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		if b, err = base64.RawURLEncoding.DecodeString(text); err != nil {
			return nil, wrong
		}
	}
	o, err := fhir.ParseJSON(b, fhir.Limits{Bytes: 16 << 10, Depth: 12})
	if err != nil {
		return nil, wrong
	}
	return o, nil
}

// checkIDs reads the ids of the call.
func checkIDs(r *http.Request, c *call) *fault {
	for _, h := range []struct {
		name string
		into *string
	}{{"X-Request-Id", &c.request}, {"X-Correlation-Id", &c.correlation}} {
		v := strings.ToLower(strings.TrimSpace(r.Header.Get(h.name)))
		if v == "" {
			return bad("required", "The header "+h.name+" is missing.")
		}
		if !isUUID(v) {
			return bad("invalid", "The header "+h.name+" is not a UUID.")
		}
		*h.into = v
	}
	return nil
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (s[i] == '-') {
			return false
		} else if !dash && !strings.ContainsRune("0123456789abcdefABCDEF", rune(s[i])) {
			return false
		}
	}
	return true
}

func odsOf(o fhir.Organization) codes.ODS {
	for _, id := range o.Identifier {
		if sameSystem(id.System, sysODS) && id.Value != "" {
			return codes.ReceiveODS(id.Value)
		}
	}
	return ""
}
