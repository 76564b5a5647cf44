package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"holdfast/export"
	"holdfast/journal"
)

// orgExportCommand writes the open export of one data folder, which may be at
// rest or in service.
func orgExportCommand(ctx context.Context, t term, args []string) (err error) {
	f := flags("org export")
	dir, outFlag := f.String("data", "", ""), f.String("out", "", "")
	pass, keyPass := f.String("passphrase-file", "", ""), f.String("with-keys", "", "")
	asJSON := f.Bool("json", false, "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	if err := needed(f, "data", "out"); err != nil {
		return err
	}
	out := filepath.Clean(*outFlag)
	secret, err := deviceSecret(*pass)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	forKeys, err := passphrase(*keyPass)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	p := newProgress(t.err)
	defer p.done()
	source, err := journal.OpenExport(ctx, *dir, journal.Options{Passphrase: secret})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	sum, err := export.Write(ctx, source, out, export.Options{
		Clock: time.Now, Random: rand.Reader, Tell: p.doingNow, Passphrase: forKeys,
	})
	if err != nil {
		return err
	}
	return printExport(t, out, sum, len(forKeys) > 0, *asJSON)
}

func printExport(t term, out string, sum export.Summary, keys, asJSON bool) error {
	keyFile := ""
	if keys {
		keyFile = out + ".keys"
	}
	if asJSON {
		return printJSON(t.out, struct {
			Out          string `json:"out"`
			Keys         string `json:"keys,omitempty"`
			Organisation string `json:"organisation"`
			Facts        int    `json:"facts"`
			Heads        int    `json:"heads"`
			Wraps        int    `json:"wraps"`
			Receipts     int    `json:"receipts"`
			Attachments  int    `json:"attachments"`
			Bytes        uint64 `json:"bytes"`
		}{out, keyFile, sum.Org.String(), sum.Facts, sum.Heads, sum.Wraps, sum.Receipts, sum.Attachments, sum.Bytes})
	}
	_, err := fmt.Fprintf(t.out, "%s: %d facts, %d heads, %d key wraps, %d receipts, %d attachments, %d bytes\n"+
		"Check it anywhere with: holdfast-verify --org %s %s\n", out, sum.Facts, sum.Heads, sum.Wraps, sum.Receipts, sum.Attachments, sum.Bytes, sum.Org, out)
	if err == nil && keys {
		_, err = fmt.Fprintf(t.out, "The keys are in %s, closed by the passphrase you gave. They open every record: send them another way. How to get into homes stays sealed.\n", keyFile)
	}
	return err
}
