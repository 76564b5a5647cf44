package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"time"

	"holdfast/cmd/node"
	"holdfast/sim/telephone"
	"holdfast/urgent/urgentweb"
)

// demoExchange is the made-up telephone exchange of the demo's 111 provider.
const demoExchange = "aldermoor"

// printedTelephone says where a telephone exchange's adapter speaks, and with
// which files.
type printedTelephone struct {
	URL string `json:"url"`
	node.PartnerFiles
}

// telephoned gives the telephone door of an organisation that has an exchange.
func (o *demoOrg) telephoned() (*printedTelephone, error) {
	if o.kind != "111" {
		return nil, nil
	}
	files, err := o.node.Authority.WriteTelephone(demoExchange)
	return &printedTelephone{URL: o.doorURL() + urgentweb.PhoneDoorPath, PartnerFiles: files}, err
}

// demoSeats are the telephones that answer calls of the demo.
func demoSeats() []string { return []string{"2101", "2102", "2103", "2104", "2105", "2106"} }

// telephones lets callers ring at the 111 provider until the context is done.
func (o *demoOrg) telephones(ctx context.Context, seed uint64) error {
	door, err := o.telephoned()
	if door == nil || err != nil {
		return err
	}
	ca, err := os.ReadFile(door.CA)
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(door.Cert, door.Key)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return errors.New("the telephone exchange's files hold no authority")
	}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{
		RootCAs: pool, Certificates: []tls.Certificate{pair}, Time: o.node.Now, MinVersion: tls.VersionTLS12,
	}}}
	defer client.CloseIdleConnections()
	random := rand.New(rand.NewPCG(seed, uint64(time.Now().UnixNano())))
	return telephone.Shift{
		Exchange: &telephone.Exchange{URL: door.URL, Client: client, Now: o.node.Now, Prefix: fmt.Sprintf("%x-", time.Now().Unix())},
		Random:   random, Seats: demoSeats(), Waiting: 4, Every: 15 * time.Second,
		Number: func() string { return o.district.Cases[random.IntN(len(o.district.Cases))].RingBack.National() },
	}.Run(ctx)
}

// soundExchange tells whether an exchange may be called so: its name is a
// folder's too.
func soundExchange(name string) bool {
	return regexp.MustCompile(`^[a-z0-9-]{1,40}$`).MatchString(name)
}
