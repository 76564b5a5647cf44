package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
)

// The files of an export and the eight bytes that each begins with.
const (
	filePapers, tagPapers           = "papers", "HFXPAPR1"
	fileReceipts, tagReceipts       = "receipts", "HFXRCPT1"
	fileWraps, tagWraps             = "wraps", "HFXWRAP1"
	fileAttachments, tagAttachments = "attachments", "HFXBLOB1"
	tagFacts, tagHeads              = "HFXFACT1", "HFXHEAD1"
	fileManifest                    = "manifest"
)

// mostRecord bounds what is read into memory at once.
const mostRecord = 1 << 30

// records reads a file of records. Its errors name the byte.
type records struct {
	file io.Closer
	from *bufio.Reader
	at   int64 // where the next record begins
}

func (in *inspection) open(name, tag string) (*records, error) {
	if !in.files[name] { // also keeps from opening what is no plain file
		return nil, errors.New("it is not there")
	}
	f, err := in.root.Open(name)
	if err != nil {
		return nil, err
	}
	r := &records{file: f, from: bufio.NewReaderSize(f, 1<<18), at: 8}
	var got [8]byte
	if _, err := io.ReadFull(r.from, got[:]); err != nil || string(got[:]) != tag {
		return nil, errors.Join(fmt.Errorf("it does not begin with %s", tag), f.Close())
	}
	return r, nil
}

func (r *records) close() error { return r.file.Close() }

// next gives the next record, or io.EOF behind the last.
func (r *records) next() ([]byte, error) {
	n, err := r.length()
	if err != nil {
		return nil, err
	}
	var b []byte
	if n <= 1<<20 {
		b = make([]byte, n)
		_, err = io.ReadFull(r.from, b)
	} else { // grows only as far as there are bytes
		b, err = io.ReadAll(io.LimitReader(r.from, int64(n)))
	}
	if err != nil || len(b) != int(n) {
		return nil, fmt.Errorf("cut short: the record at byte %d does not end", r.at)
	}
	r.at += 4 + int64(n)
	return b, nil
}

func (r *records) length() (uint32, error) {
	var length [4]byte
	switch n, err := io.ReadFull(r.from, length[:]); {
	case n == 0 && errors.Is(err, io.EOF):
		return 0, io.EOF
	case err != nil:
		return 0, fmt.Errorf("cut short at byte %d", r.at)
	}
	n := big32(length[:])
	if n > mostRecord {
		return 0, fmt.Errorf("the record at byte %d says that it has %d bytes", r.at, n)
	}
	return n, nil
}

// each hands over every record with its number; what can't be read is a
// failure of the file.
func (in *inspection) each(name, tag string, do func(n int, b []byte)) {
	r, err := in.open(name, tag)
	if err != nil {
		in.r.fail(name, "%v", err)
		return
	}
	for n := 0; ; n++ {
		b, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			in.r.fail(name, "%v", err)
			break
		}
		do(n, b)
	}
	if err := r.close(); err != nil {
		in.r.fail(name, "%v", err)
	}
}

// listFiles finds every file of the folder. Anything else than a plain file
// or the folder of feeds does not belong in an export.
func (in *inspection) listFiles() {
	err := fs.WalkDir(in.root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == "." || path == "feeds" && d.IsDir():
		case d.Type().IsRegular():
			in.files[path] = true
		default:
			in.r.fail(path, "this does not belong in an export")
			if d.IsDir() {
				return fs.SkipDir
			}
		}
		return nil
	})
	if err != nil {
		in.r.fail(in.r.Export, "the folder can't be read: %v", err)
	}
}

// branchName is the place of one branch of a feed.
type branchName struct {
	feed   hash
	number int
}

func (b branchName) file(what string) string {
	return "feeds/" + hex.EncodeToString(b.feed[:]) + "." + strconv.Itoa(b.number) + "." + what
}

// branchNames finds the branches that have a file of facts, in order.
func branchNames(files map[string]bool) []branchName {
	var out []branchName
	for path := range files {
		name, ok := strings.CutPrefix(path, "feeds/")
		parts := strings.Split(name, ".")
		if !ok || len(parts) != 3 || parts[2] != "facts" {
			continue
		}
		feed, ok := parseHash(parts[0])
		n, err := strconv.Atoi(parts[1])
		if b := (branchName{feed, n}); ok && err == nil && b.file("facts") == path {
			out = append(out, b)
		}
	}
	slices.SortFunc(out, func(a, b branchName) int {
		return strings.Compare(a.file("")+fmt.Sprintf("%9d", a.number), b.file("")+fmt.Sprintf("%9d", b.number))
	})
	return out
}

// sumOf hashes one file.
func (in *inspection) sumOf(name string) (hash, uint64, error) {
	f, err := in.root.Open(name)
	if err != nil {
		return hash{}, 0, err
	}
	h := sha256.New()
	n, err := io.Copy(h, f)
	return hash(h.Sum(nil)), uint64(n), errors.Join(err, f.Close())
}

func openRoot(dir string) (*os.Root, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a folder", dir)
	}
	return os.OpenRoot(dir)
}
