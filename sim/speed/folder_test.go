package speed

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"holdfast/cmd/node"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/sim/people"
)

// factsWanted is how large the large journal is: HOLDFAST_BENCH_FACTS, or
// 200,000.
func factsWanted(b *testing.B) int {
	b.Helper()
	n, err := strconv.Atoi(os.Getenv("HOLDFAST_BENCH_FACTS"))
	if os.Getenv("HOLDFAST_BENCH_FACTS") == "" {
		return 200_000
	}
	if err != nil || n < 1000 {
		b.Fatalf("HOLDFAST_BENCH_FACTS is a number of facts, 1000 at least: %v", err)
	}
	return n
}

func library(b *testing.B) *node.Library {
	b.Helper()
	lib, err := node.Shipped()
	if err != nil {
		b.Fatal(err)
	}
	return lib
}

// folderVersion changes whenever the builder or the journal's form does.
const folderVersion = 2

// written is the folder of a site node that holds so many facts. It is made
// once, which takes minutes, and kept below build/ for the next run.
func written(b *testing.B, lib *node.Library, facts int) string {
	b.Helper()
	dir, err := filepath.Abs(fmt.Sprintf("../../build/bench/%d-%d", folderVersion, facts))
	if err != nil {
		b.Fatal(err)
	}
	if journal.Here(dir) {
		return dir
	}
	part := dir + ".part"
	if err := os.RemoveAll(part); err != nil {
		b.Fatal(err)
	}
	b.Logf("writing %d facts to %s", facts, dir)
	write(b, lib, part, facts, 24)
	if err := os.Rename(part, dir); err != nil {
		b.Fatal(err)
	}
	return dir
}

// write founds an organisation and writes facts, the acts of so many cases at
// a time.
func write(b *testing.B, lib *node.Library, dir string, facts, together int) {
	b.Helper()
	founding := journal.Founding{Name: people.FellsideName, ODS: string(people.FellsideODS), DeviceName: "Cellar", Domain: "cellar"}
	if err := node.Found(b.Context(), place(dir), founding, lib); err != nil {
		b.Fatal(err)
	}
	withJournal(b, dir, func(j *journal.Journal) error {
		t, err := newTown(b.Context(), j, lib, together)
		if err != nil {
			return err
		}
		return t.fill(b.Context(), facts)
	})
}

func place(dir string) node.Place { return node.Place{Dir: dir, Demo: true} }

// withJournal opens a folder without views.
func withJournal(b *testing.B, dir string, use func(j *journal.Journal) error) {
	b.Helper()
	j, err := journal.Open(b.Context(), journal.Options{Dir: dir, Demo: true, Reserve: -1})
	if err != nil {
		b.Fatal(err)
	}
	err = use(j)
	if bad := j.Close(); err != nil || bad != nil {
		b.Fatal(err, bad)
	}
}

// enrolled makes the folder of another device of the same organisation.
func enrolled(b *testing.B, site, name string) string {
	b.Helper()
	o := journal.Options{Dir: b.TempDir(), Demo: true}
	ask, err := journal.Ask(b.Context(), o, fact.SiteNode, name, name+"'s room")
	if err != nil {
		b.Fatal(err)
	}
	withJournal(b, site, func(j *journal.Journal) error {
		admission, err := j.Enrol(b.Context(), fact.Author{Role: "administrator"}, ask)
		if err != nil {
			return err
		}
		return journal.Join(b.Context(), o, admission)
	})
	return o.Dir
}

// open starts a whole site node on a folder: views, doors, links.
func open(ctx context.Context, lib *node.Library, dir string, sisters ...string) (*node.Node, error) {
	var all [3]net.Listener
	for i := range all {
		var err error
		if all[i], err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return nil, err
		}
	}
	n, err := node.Open(ctx, node.Config{
		Place: place(dir), Library: lib, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Host: "bench.localhost", Version: "bench", Service: codes.ReceiveDoSID(string(people.FellsideDoS)),
		Pages: all[0], Machines: all[1], Devices: all[2], Sisters: sisters,
	})
	if err != nil {
		return nil, err
	}
	n.Start()
	return n, nil
}
