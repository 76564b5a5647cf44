package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"holdfast/cmd/node"
	"holdfast/sim/people"
)

// usualListen is where the first pages of a demo are, unless told.
const usualListen = "127.0.0.1:8111"

// demoFlags are the arguments of the demo.
type demoFlags struct {
	data   string
	listen string
	json   bool
	still  bool
	seed   uint64
	log    bool
	join   string // folder of the demo's organisation that another device joins
	desk   bool
	clock  string // of the rehearsal: START,xN
	ids    string // file with identity providers
}

func demoCommand(ctx context.Context, t term, args []string) error {
	f := flags("demo")
	var d demoFlags
	f.StringVar(&d.data, "data", "", "")
	f.StringVar(&d.listen, "listen", usualListen, "")
	f.BoolVar(&d.json, "json", false, "")
	f.BoolVar(&d.still, "still", false, "")
	f.Uint64Var(&d.seed, "seed", 1, "")
	f.BoolVar(&d.log, "log", false, "")
	f.StringVar(&d.join, "join", "", "")
	f.BoolVar(&d.desk, "desk", false, "")
	f.StringVar(&d.clock, "clock", "", "")
	f.StringVar(&d.ids, "providers", "", "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	if d.data == "" {
		home, err := usualFolder()
		if err != nil {
			return err
		}
		d.data = home
		if d.join != "" {
			d.data = filepath.Join(filepath.Dir(home), "demo-"+d.kind())
		}
	}
	if d.join != "" {
		return demoDevice(ctx, t, d)
	}
	return demo(ctx, t, d)
}

// usualFolder is where a demo lies unless told: the user's data folder (XDG
// base directory specification).
func usualFolder() (string, error) {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "holdfast", "demo"), nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "share", "holdfast", "demo"), err
}

// demo runs both organisations until it is told to stop.
func demo(ctx context.Context, t term, d demoFlags) error {
	data, err := filepath.Abs(d.data)
	if err != nil {
		return err
	}
	d.data = data
	log := slog.New(slog.DiscardHandler)
	if d.log {
		log = slog.New(slog.NewJSONHandler(t.err, nil))
	}
	p := newProgress(t.err)
	p.doingNow("reading content")
	lib, err := node.Shipped()
	if err != nil {
		p.done()
		return err
	}
	all, err := openDemo(ctx, d, lib, log, p)
	p.done()
	if err == nil {
		err = all.print(ctx, t, d)
	}
	if err == nil {
		err = all.run(ctx, d, lib, log)
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = nil
	}
	return errors.Join(err, all.close())
}

// demoOrgs lists the organisations of the demo, the first port first.
func demoOrgs() []demoOrg {
	return []demoOrg{
		{kind: "111", name: people.FellsideName, ods: people.FellsideODS, service: people.FellsideDoS, device: "Aldermoor control room"},
		{kind: "hours", name: people.TarnValleyName, ods: people.TarnValleyODS, service: people.TarnValleyDoS, device: "Coldwater base"},
	}
}

// running is the demo's organisations.
type running []*demoOrg

func (all running) close() error {
	var errs []error
	for _, o := range all {
		if o.node != nil {
			errs = append(errs, o.node.Close())
		}
	}
	return errors.Join(errs...)
}

// run keeps the demo alive until it is told to stop or a part fails.
func (all running) run(ctx context.Context, d demoFlags, lib *node.Library, log *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 4*len(all))
	busy := 0
	if !d.still {
		for _, o := range all {
			busy++
			go func() { done <- newActivity(o, d.seed, log).run(ctx) }()
			busy += 2
			go func() { done <- o.telephones(ctx, d.seed) }()
			go func() { done <- o.ambulance(ctx, d, lib, log) }()
		}
	}
	trouble := make(chan error, len(all))
	for _, o := range all {
		go func() {
			select {
			case err := <-o.node.Trouble():
				trouble <- err
			case <-ctx.Done():
			}
		}()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-trouble:
	}
	cancel()
	for range busy {
		err = errors.Join(err, <-done)
	}
	return err
}

// printed is the one line of --json: a contract of the design.
type printed struct {
	Version       string       `json:"version"`
	Data          string       `json:"data"`
	Organisations []printedOrg `json:"organisations"`
}

type printedOrg struct {
	Kind    string            `json:"kind"`
	Name    string            `json:"name"`
	ODS     string            `json:"ods"`
	Service string            `json:"service"`
	URL     string            `json:"url"`
	FHIR    string            `json:"fhir"` // empty while there is no outside face
	BaRS    string            `json:"bars"`
	ITK     string            `json:"itk"`
	Partner node.PartnerFiles `json:"partner"`
	SignIn  map[string]string `json:"signin"`

	Telephone *printedTelephone `json:"telephone,omitempty"` // of one that has an exchange
}

func (all running) print(ctx context.Context, t term, d demoFlags) error {
	out := printed{Version: version(), Data: d.data}
	for _, o := range all {
		one, err := o.printed(ctx)
		if err != nil {
			return err
		}
		out.Organisations = append(out.Organisations, one)
	}
	if d.json {
		return printJSON(t.out, out)
	}
	fmt.Fprintln(t.out, "Holdfast demo. Everybody here is made up and the clinical content is an unsigned example: never use it for care.")
	for _, o := range out.Organisations {
		fmt.Fprintf(t.out, "\n%s\n", o.Name)
		for _, role := range signInRoles() {
			fmt.Fprintf(t.out, "  %-22s %s\n", role, o.SignIn[string(role)])
		}
		fmt.Fprintf(t.out, "  %-22s %s, %s (certificates: %s)\n", "message doors", o.BaRS, o.ITK, filepath.Dir(o.Partner.Cert))
		if o.Telephone != nil {
			fmt.Fprintf(t.out, "  %-22s %s; extensions %s: say on the call page which is yours\n", "telephone exchange", o.Telephone.URL, strings.Join(demoSeats(), ", "))
		}
	}
	_, err := fmt.Fprintf(t.out, "\nEach link works in one browser. Data: %s\nStop with Ctrl-C; started again it goes on with the same data.\n", d.data)
	return err
}
