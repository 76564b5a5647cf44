package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/codes"
	"holdfast/journal"
)

// firstLinkLasts is how long the first administrator has to enrol a passkey.
const firstLinkLasts = 72 * time.Hour

// orgCreateCommand founds an organisation. The link it prints enrols the
// first administrator's passkey; it is shown once.
func orgCreateCommand(ctx context.Context, t term, args []string) error {
	f := flags("org create")
	dir, name, ods := f.String("data", "", ""), f.String("name", "", ""), f.String("ods", "", "")
	device, domain, admin := f.String("device", "", ""), f.String("domain", "", ""), f.String("admin", "", "")
	pass, asJSON := f.String("passphrase-file", "", ""), f.Bool("json", false, "")
	held := holdersOf(f)
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	if err := needed(f, "data", "name", "ods", "device", "admin", "passphrase-file"); err != nil {
		return err
	}
	code, err := codes.ParseODS(*ods)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	secret, err := deviceSecret(*pass)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	lib, err := node.Shipped()
	if err != nil {
		return err
	}
	p := newProgress(t.err)
	p.doingNow("founding " + *name)
	defer p.done()
	place := node.Place{Dir: *dir, Passphrase: secret}
	founding := journal.Founding{Name: *name, ODS: string(code), DeviceName: *device, Domain: *domain}
	pages, err := held.make()
	if err != nil {
		return err
	}
	if len(pages) > 0 {
		founding.Root, founding.Holders = &held.made, held.all
	}
	if err := node.Found(ctx, place, founding, lib); err != nil {
		return err
	}
	if err := held.print(ctx, place); err != nil {
		return err
	}
	token, err := firstAdministrator(ctx, place, lib, *admin)
	if err != nil {
		return err
	}
	path := "/enrol/" + token
	if *asJSON {
		return printJSON(t.out, struct {
			Data  string   `json:"data"`
			Name  string   `json:"name"`
			ODS   string   `json:"ods"`
			Enrol string   `json:"enrol"`
			Pages []string `json:"pages"`
		}{*dir, *name, string(code), path, pages})
	}
	_, err = fmt.Fprintf(t.out, "%s is founded in %s.\nStart it with: holdfast serve --data %s --passphrase-file %s\n"+
		"Then %s opens this path on its address, once, within three days: %s\n", *name, *dir, *dir, *pass, *admin, path)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(t.out, held.say(pages))
	return err
}

// firstAdministrator makes the link by which one enrols, and does what else is
// to be done while the node is open.
func firstAdministrator(ctx context.Context, place node.Place, lib *node.Library, name string, also ...func(context.Context, *node.Node) error) (_ string, err error) {
	n, err := node.Open(ctx, node.Config{Place: place, Library: lib, Host: "localhost", Version: version()})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	for _, do := range also {
		if err := do(ctx, n); err != nil {
			return "", err
		}
	}
	person, err := n.Gate.AddStaff(ctx, n.Device, access.PersonAdded{Name: name, Title: "administrator"}, []access.Role{access.Administrator})
	if err != nil {
		return "", err
	}
	return n.Gate.MakeLink(ctx, n.Device, person, access.Administrator, access.ForPasskey, firstLinkLasts)
}
