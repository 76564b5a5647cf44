package speed

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/cmd/node"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/replicate/carrier"
)

// linkedPeers links devices to a site node until the input ends. They hold
// journals and no views.
func linkedPeers(dirs []string) error {
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	var journals []*journal.Journal
	for _, dir := range dirs {
		j, err := journal.Open(ctx, journal.Options{Dir: dir, Demo: true, Reserve: -1})
		if err != nil {
			stop()
			return err
		}
		journals = append(journals, j)
		m, err := carrier.New(carrier.Config{
			Store: j, Identity: j.Device(), Domain: j.Domain(), Addresses: []string{os.Getenv(childSister)}, Clock: time.Now, Random: rand.Reader,
		})
		if err != nil {
			stop()
			return err
		}
		running.Go(func() { m.Run(ctx) })
	}
	fmt.Println("linked to it")
	_, err := io.Copy(io.Discard, os.Stdin)
	began := cpu()
	stop()
	running.Wait()
	for _, j := range journals {
		err = errors.Join(err, j.Close())
	}
	fmt.Printf("used %.3f\n", cpu()-began)
	return err
}

// linkPeers starts so many devices in another process and waits until all of
// them are linked and level.
func linkPeers(b *testing.B, n *node.Node, count int) *process {
	b.Helper()
	var dirs []string
	for i := range count {
		dirs = append(dirs, joined(b, n.Journal, fmt.Sprint("Peer ", i+1)))
	}
	p := startWith(b, childPeers+"="+strings.Join(dirs, string(os.PathListSeparator)), childSister+"="+n.DeviceAddress())
	p.says("linked")
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		s, err := n.Status(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if len(s.Sisters) == count && n.Level() {
			return p
		}
		if time.Now().After(end) {
			b.Fatalf("%d of %d peers are linked after two minutes", len(s.Sisters), count)
		}
	}
}

// joined makes the folder of another site node while the first is open.
func joined(b *testing.B, site *journal.Journal, name string) string {
	b.Helper()
	o := journal.Options{Dir: b.TempDir(), Demo: true}
	ask, err := journal.Ask(b.Context(), o, fact.SiteNode, name, name+"'s room")
	if err != nil {
		b.Fatal(err)
	}
	admission, err := site.Enrol(b.Context(), fact.Author{Role: "administrator"}, ask)
	if err == nil {
		err = journal.Join(b.Context(), o, admission)
	}
	if err != nil {
		b.Fatal(err)
	}
	return o.Dir
}
