// Package export writes an organisation's whole record in the open form that
// docs/export.md describes to the byte.
//
// Its law: what is written is what was signed, byte for byte, and nothing is
// left out; plain keys are never written; a folder under its final name is
// whole, flushed, and signed by the device that wrote it.
package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
)

// Options say how an export is made.
type Options struct {
	Clock      journal.Clock
	Random     io.Reader
	Tell       func(doing string) // told now and then how far it is; may be nil
	Passphrase []byte             // not empty: the epoch's private key is written too, sealed under it
}

// Write exports to the folder out, which must not exist. Keys, when asked for,
// lie beside it in out.keys, so that they can go another way. On an error
// nothing stands under either name.
func Write(ctx context.Context, source *journal.ExportSource, out string, o Options) (Summary, error) {
	out, err := filepath.Abs(out)
	if err != nil {
		return Summary{}, err
	}
	if err := free(out, out+".part", out+".keys"); err != nil {
		return Summary{}, err
	}
	if len(o.Passphrase) > 0 && len(o.Passphrase) < leastPassphrase {
		return Summary{}, refusal.Newf(refusal.Invalid, "The passphrase for keys that leave this device needs at least %d characters.", leastPassphrase)
	}
	w := &writing{ctx: ctx, source: source, o: o, dir: out + ".part"}
	err = w.all()
	if err == nil && len(o.Passphrase) > 0 {
		err = writeKeys(source, out+".keys", o)
	}
	if err == nil {
		err = os.Rename(w.dir, out)
	}
	if err != nil {
		return Summary{}, errors.Join(err, os.RemoveAll(w.dir), os.RemoveAll(out+".keys"))
	}
	return w.sum, journal.Disk{}.SyncFolder(filepath.Dir(out))
}

// free refuses names that are in use: an export never writes over anything.
func free(paths ...string) error {
	for _, path := range paths {
		if _, err := os.Lstat(path); err == nil {
			return refusal.Newf(refusal.Taken, "There is already something at %s. Choose another name or move it away.", path)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// writing is one export under way.
type writing struct {
	ctx    context.Context
	source *journal.ExportSource
	o      Options
	dir    string
	about  int64
	sum    Summary
}

func (w *writing) all() error {
	var err error
	if w.about, err = w.source.About(); err != nil {
		return err
	}
	if err := os.Mkdir(w.dir, 0o700); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(w.dir, "feeds"), 0o700); err != nil {
		return err
	}
	for _, step := range []func() error{w.attachments, w.feeds, w.papers, w.receipts, w.wraps, w.manifest} {
		if err := errors.Join(w.ctx.Err(), step()); err != nil {
			return err
		}
	}
	disk := journal.Disk{}
	return errors.Join(disk.SyncFolder(filepath.Join(w.dir, "feeds")), disk.SyncFolder(w.dir))
}

func (w *writing) tell(format string, args ...any) {
	if w.o.Tell != nil {
		w.o.Tell(fmt.Sprintf(format, args...))
	}
}

func (w *writing) attachments() error {
	w.tell("exporting attachments")
	return w.file("attachments", "HFXBLOB1", func(f *recordFile) error {
		return w.source.Attachments(func(hash, sealed []byte) error {
			w.sum.Attachments++
			return f.record(hash, sealed)
		})
	})
}

func (w *writing) papers() error {
	return w.file("papers", "HFXPAPR1", func(f *recordFile) error {
		return w.source.Papers(func(sort uint8, signed []byte) error {
			w.sum.Papers++
			return f.record([]byte{sort}, signed)
		})
	})
}

func (w *writing) receipts() error {
	return w.file("receipts", "HFXRCPT1", func(f *recordFile) error {
		return w.source.Receipts(func(receipt []byte) error {
			w.sum.Receipts++
			return f.record(receipt)
		})
	})
}

func (w *writing) wraps() error {
	w.tell("exporting the keyring")
	return w.file("wraps", "HFXWRAP1", func(f *recordFile) error {
		return w.source.Wraps(func(wrap []byte) error {
			w.sum.Wraps++
			return f.record(wrap)
		})
	})
}

func (w *writing) feeds() error {
	branches, err := w.source.Branches()
	if err != nil {
		return err
	}
	for _, b := range branches {
		w.sum.Branches++
		if err := w.branch(b); err != nil {
			return fmt.Errorf("feed %s, branch %d: %w", b.Feed.Short(), b.Branch, err)
		}
	}
	return nil
}

func (w *writing) branch(b journal.ExportBranch) error {
	name := fmt.Sprintf("feeds/%s.%d", b.Feed, b.Branch)
	err := w.file(name+".facts", "HFXFACT1", func(f *recordFile) error {
		return w.source.Facts(b, func(header, body []byte) error {
			if w.sum.Facts%10_000 == 0 {
				w.tell("exporting: %d of about %d facts", w.sum.Facts, w.about)
			}
			w.sum.Facts++
			return f.record(header, body)
		})
	})
	if err != nil {
		return err
	}
	end := End{Feed: b.Feed, Branch: b.Branch, First: b.First}
	err = w.file(name+".heads", "HFXHEAD1", func(f *recordFile) error {
		return w.source.Heads(b, func(head []byte) error {
			w.sum.Heads++
			if err := end.reached(head); err != nil {
				return err
			}
			return f.record(head)
		})
	})
	w.sum.Ends = append(w.sum.Ends, end)
	return err
}

// End is how far one branch of a feed reaches by its newest head.
type End struct {
	Feed   fact.FeedID
	Branch int
	First  uint64 // sequence of the branch's first own fact
	Size   uint64
	Root   fact.Hash
}
