// Package content loads reviewed data: rules, code tables, clocks and texts.
//
// Its law: what a clinician decides is data here, never a constant in code.
// Every file carries a version, a source and a status, and is known by the
// SHA-256 of its bytes. Outside demonstration and training no file is used
// that the clinical safety officer of the deploying organisation has not
// signed. The package reads files and decides nothing clinical; it knows no
// clock and keeps no state.
package content

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strconv"
	"strings"

	"holdfast/fact/refusal"
)

// Status is how far a file's own author says that review has come. It is a
// statement only: permission to run comes from an Approval.
type Status string

// The statuses a file may carry.
const (
	Draft    Status = "draft"
	Reviewed Status = "reviewed"
	Signed   Status = "signed"
)

// maxFile is the largest content file that is read, in bytes.
const maxFile = 4 << 20

// Hash is the SHA-256 of a file's bytes, or of a manifest.
type Hash [sha256.Size]byte

// String gives the hash in lower-case hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// File is one piece of reviewed data.
type File struct {
	Path    string // below the root of the set, with slashes
	Version int    // raised by its author at each change
	Source  string // where its facts come from
	Status  Status
	Hash    Hash
	Bytes   []byte // as read, header included
	Body    []byte // without the header lines of a table or text
}

// Set is everything that was loaded together.
type Set struct {
	files     []File // sorted by path
	approvals []Approval
}

// Load reads every content file below the root of fsys: names ending in .csv,
// .triage, .yaml or .json. It refuses a file without version, source and
// status, naming it.
func Load(fsys fs.FS) (*Set, error) {
	set := &Set{}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !wanted(name) {
			return err
		}
		file, err := read(fsys, name)
		if err != nil {
			return err
		}
		set.files = append(set.files, file)
		return nil
	})
	if err != nil {
		return nil, err
	}
	sort.Slice(set.files, func(i, j int) bool { return set.files[i].Path < set.files[j].Path })
	return set, nil
}

func wanted(name string) bool {
	switch path.Ext(name) {
	case ".csv", ".triage", ".yaml", ".json":
		return true
	}
	return false
}

func read(fsys fs.FS, name string) (File, error) {
	raw, err := fs.ReadFile(fsys, name)
	if err != nil {
		return File{}, fmt.Errorf("content %s: %w", name, err)
	}
	if len(raw) > maxFile {
		return File{}, refusal.Newf(refusal.Invalid, "content %s is larger than %d bytes", name, maxFile)
	}
	return Read(name, raw)
}

// Read makes one File of bytes. A .triage file says version, source and status
// in keys of its own; every other file says them in "# key: value" lines at
// its head.
func Read(name string, raw []byte) (File, error) {
	f := File{Path: name, Bytes: raw, Hash: sha256.Sum256(raw)}
	values, body := header(raw)
	f.Body = body
	if path.Ext(name) == ".triage" {
		values, f.Body = topKeys(raw), raw
	}
	var err error
	if f.Version, err = strconv.Atoi(values["version"]); err != nil || f.Version < 1 {
		return f, refusal.Newf(refusal.Invalid, "content %s has no version: its head must say a whole number from 1", name)
	}
	if f.Source = values["source"]; f.Source == "" {
		return f, refusal.Newf(refusal.Invalid, "content %s does not say its source", name)
	}
	switch f.Status = Status(values["status"]); f.Status {
	case Draft, Reviewed, Signed:
		return f, nil
	}
	return f, refusal.Newf(refusal.Invalid, "content %s: status must be draft, reviewed or signed", name)
}

func header(raw []byte) (map[string]string, []byte) {
	values := map[string]string{}
	for {
		line, rest, more := strings.Cut(string(raw), "\n")
		if !strings.HasPrefix(line, "# ") {
			return values, raw
		}
		if key, value, ok := strings.Cut(line[2:], ": "); ok {
			values[key] = strings.TrimSpace(value)
		}
		if !more {
			return values, nil
		}
		raw = raw[len(raw)-len(rest):]
	}
}

func topKeys(raw []byte) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		key, value, ok := strings.Cut(strings.TrimRight(line, "\n"), ": ")
		if _, seen := values[key]; ok && !seen && !strings.HasPrefix(key, " ") {
			values[key] = strings.Trim(value, `"`)
		}
	}
	return values
}

// File finds a file by its path.
func (s *Set) File(name string) (File, error) {
	i := sort.Search(len(s.files), func(i int) bool { return s.files[i].Path >= name })
	if i < len(s.files) && s.files[i].Path == name {
		return s.files[i], nil
	}
	return File{}, refusal.Newf(refusal.Missing, "content has no file %s", name)
}

// Under lists the files below a folder, sorted by path; "" lists all.
func (s *Set) Under(folder string) []File {
	var out []File
	for _, f := range s.files {
		if folder == "" || strings.HasPrefix(f.Path, strings.TrimSuffix(folder, "/")+"/") {
			out = append(out, f)
		}
	}
	return out
}

// Manifest lists path and hash of every file, sorted by path.
func (s *Set) Manifest() []Entry {
	out := make([]Entry, len(s.files))
	for i, f := range s.files {
		out[i] = Entry{Path: f.Path, Hash: f.Hash}
	}
	return out
}

// Entry names one file exactly.
type Entry struct {
	Path string
	Hash Hash
}

// HashOf is one hash over files given by path, in the order of their paths:
// equal hashes mean equal bytes in every one of them.
func (s *Set) HashOf(paths ...string) (Hash, error) {
	sorted := append([]string(nil), paths...)
	sort.Strings(sorted)
	h := sha256.New()
	for _, p := range sorted {
		f, err := s.File(p)
		if err != nil {
			return Hash{}, err
		}
		fmt.Fprintf(h, "%s %s\n", f.Hash, f.Path)
	}
	return Hash(h.Sum(nil)), nil
}
