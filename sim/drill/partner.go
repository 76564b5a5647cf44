package drill

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/exchange/bars"
	"holdfast/fact"
	"holdfast/record"
)

// partner is another organisation's machine at a demo's message door.
type partner struct {
	client  *http.Client
	url     string
	service string
}

// partnerOf gives the machine whose certificate the demo made for its n-th
// organisation.
func (d *demo) partnerOf(n int) (*partner, error) {
	o := d.Organisations[n]
	ca, err := os.ReadFile(o.Partner.CA)
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(o.Partner.Cert, o.Partner.Key)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, errors.New("the demo's certificate authority can't be read")
	}
	config := &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13}
	return &partner{
		client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: config, MaxIdleConnsPerHost: 8}},
		url:    o.BaRS + "/$process-message", service: o.Service,
	}, nil
}

func (p *partner) close() { p.client.CloseIdleConnections() }

// referral is a BaRS message with a number, and words that tell it from others.
func (p *partner) referral(number int, words string) ([]byte, error) {
	at := fact.At(time.Now())
	tree, err := bars.Build(exchange.Referral{
		ID: fmt.Sprintf("0b1f2c4e-1111-4222-8333-%012d", number), Purpose: exchange.ForReferral, UseCase: "a3t1",
		Sent: at, Assessed: at.Add(-time.Hour), Deadline: at.Add(time.Hour),
		From:     exchange.Party{ODS: "RYE", Name: "Rehearsal 111", Service: "777", Phone: codes.ReceivePhone("01632960001")},
		To:       exchange.Party{Name: "Here", Service: codes.DoSID(p.service)},
		Patient:  record.Identity{Name: record.Name{Given: "Wilfred", Family: "Tansley"}, Born: codes.Date{Year: 1948, Month: 2, Day: 3}, Sex: codes.Male},
		Callback: codes.ReceivePhone("07700 900123"),
		Contacts: []exchange.Contact{{Rank: 1, Relation: "daughter", Name: "Moira Tansley", Phones: []codes.Phone{codes.ReceivePhone("07700 900123")}}},
		Reason:   words, Dx: codes.ReceiveDx("Dx05"), DxName: "To contact within 2 hours",
	}, bars.Software{Name: "Rehearsal", Version: "1"})
	if err != nil {
		return nil, err
	}
	return tree.JSON(), nil
}

// post sends a message and tells how it was answered.
func (p *partner) post(ctx context.Context, body []byte, number int) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for k, v := range map[string]string{
		"NHSD-Target-Identifier":     b64(fmt.Sprintf(`{"value":%q,"system":"https://fhir.nhs.uk/Id/dos-service-id"}`, p.service)),
		"NHSD-End-User-Organisation": b64(`{"resourceType":"Organization","identifier":[{"value":"RYE","system":"https://fhir.nhs.uk/Id/ods-organization-code"}],"name":"Rehearsal 111"}`),
		"NHSD-Requesting-Software":   b64(`{"resourceType":"Device"}`), "use-context": "a3t1|referral|servicerequest-request|new",
		"X-Request-Id": fmt.Sprintf("c1ab3fba-6bae-4ba4-b257-%012d", number), "X-Correlation-Id": "9562466f-c982-4bd5-bb0e-255e9f5e6689",
		"Content-Type": "application/fhir+json; version=1.4.0", "Accept": "application/fhir+json; version=1.4.0",
	} {
		req.Header.Set(k, v)
	}
	res, err := p.client.Do(req)
	if err != nil {
		return 0, "", err
	}
	answer, err := io.ReadAll(res.Body)
	return res.StatusCode, string(answer), errors.Join(err, res.Body.Close())
}
