package main

import (
	"maps"
	"os"
	"slices"
)

// inspection is one pass over one export.
type inspection struct {
	root *os.Root
	r    *report

	files    map[string]bool // the plain files that are there
	m        manifest
	org      hash
	wanted   *hash // the organisation that it must be of
	genesis  genesis
	roots    map[hash]rootSet
	cards    map[hash]card
	feeds    map[hash]feedKey
	said     map[hash][]*statement
	wraps    map[keyName]bool
	blobs    map[hash]blob
	branches []branchName
	ends     map[branchName]branchEnd
	walked   map[hash][]*branchWalk
	older    *inspection

	openers  *openers // nil: bodies stay closed
	keysOf   hash     // the organisation of the key file
	ids      [][16]byte
	timeline *timeline
}

func newInspection(dir string) (*inspection, error) {
	root, err := openRoot(dir)
	if err != nil {
		return nil, err
	}
	return &inspection{
		root: root, r: &report{Export: dir}, files: map[string]bool{}, cards: map[hash]card{}, feeds: map[hash]feedKey{}, said: map[hash][]*statement{},
		wraps: map[keyName]bool{}, blobs: map[hash]blob{}, ends: map[branchName]branchEnd{}, walked: map[hash][]*branchWalk{},
	}, nil
}

// inspect reads everything. Each step names what does not hold and lets the
// next one go on.
func (in *inspection) inspect() {
	in.listFiles()
	in.branches = branchNames(in.files)
	in.strangers()
	in.readOwnWord()
	in.readPapers()
	if in.wanted != nil && *in.wanted != in.org {
		in.r.fail(filePapers, "the export is of another organisation than the one wanted")
	}
	if in.openers != nil && in.keysOf != in.org {
		in.r.fail(filePapers, "the key file is of another organisation")
	}
	in.readReceipts()
	in.readWraps()
	in.readAttachments()
	in.readFeeds()
	in.judgeManifest()
	if in.openers != nil {
		in.openBodies()
	}
	if in.older != nil {
		in.judgeOlder()
	}
}

// strangers names files that an export has no place for.
func (in *inspection) strangers() {
	known := map[string]bool{fileManifest: true, filePapers: true, fileReceipts: true, fileWraps: true, fileAttachments: true}
	for _, b := range in.branches {
		known[b.file("facts")], known[b.file("heads")] = true, true
	}
	for _, name := range slices.Sorted(maps.Keys(in.files)) {
		if !known[name] {
			in.r.fail(clean(name), "an export has no such file")
		}
	}
}
