package faultfs

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
)

// Loss is what a power cut does to what was not flushed.
type Loss string

// The losses.
const (
	All  Loss = "all"  // nothing that was not flushed is there
	Torn Loss = "torn" // it is there in order, but each file's last write is cut at some byte
	Some Loss = "some" // of each file any sectors are there, any not; names up to some change
)

// Losses lists every loss.
func Losses() []Loss { return []Loss{All, Torn, Some} }

const sector = 512

// content is a file's bytes; beyond data it is zeros up to size.
type content struct {
	data []byte
	size int64
}

func (c *content) clone() content {
	return content{data: append([]byte(nil), c.data...), size: c.size}
}

func (c *content) apply(s Step) {
	switch s.Act {
	case Write:
		end := s.Offset + int64(len(s.Data))
		if int64(len(c.data)) < end {
			c.data = append(c.data, make([]byte, end-int64(len(c.data)))...)
		}
		copy(c.data[s.Offset:], s.Data)
		c.size = max(c.size, end)
	case Resize:
		if int64(len(c.data)) > s.Size {
			c.data = c.data[:s.Size]
		}
		c.size = s.Size
	}
}

// replayed is one file, under whatever names.
type replayed struct {
	flushed content
	waiting []Step // since
}

// names is a list of what lies in all folders: files, or nil for a folder.
type names map[string]*replayed

// Replay goes through recorded steps one by one and tells what a power cut
// after each would leave.
type Replay struct {
	steps   []Step
	at      int
	files   map[uint64]*replayed
	flushed names
	waiting []Step // changes of names that are not flushed
	now     names
}

func newReplay(base map[string]original, steps []Step) *Replay {
	r := &Replay{steps: steps, files: map[uint64]*replayed{}, flushed: names{}, now: names{}}
	for name, o := range base {
		var f *replayed
		if !o.folder {
			f = &replayed{flushed: content{data: o.data, size: int64(len(o.data))}}
			r.files[o.file] = f
		}
		r.flushed[name], r.now[name] = f, f
	}
	return r
}

// Len tells how many steps there are.
func (r *Replay) Len() int { return len(r.steps) }

// At tells how many steps have been taken.
func (r *Replay) At() int { return r.at }

// Step gives a step.
func (r *Replay) Step(n int) Step { return r.steps[n] }

// Next takes one step; false at the end.
func (r *Replay) Next() bool {
	if r.at >= len(r.steps) {
		return false
	}
	s := r.steps[r.at]
	r.at++
	switch s.Act {
	case Write, Resize:
		if f := r.files[s.File]; f != nil {
			f.waiting = append(f.waiting, s)
		}
	case Flush:
		r.flush(s)
	case FlushNames:
		r.flushNames(s.Path)
	default:
		if s.Act == Create {
			r.files[s.File] = &replayed{}
		}
		change(r.now, s, r.files)
		r.waiting = append(r.waiting, s)
	}
	return true
}

// flush makes a file's bytes safe. After a failed flush the kernel has thrown
// away what waited, whatever a second flush says.
func (r *Replay) flush(s Step) {
	f := r.files[s.File]
	if f == nil {
		return
	}
	if !s.Failed {
		for _, w := range f.waiting {
			f.flushed.apply(w)
		}
	}
	f.waiting = nil
}

// flushNames makes the changes in one folder safe.
func (r *Replay) flushNames(folder string) {
	var rest []Step
	for _, s := range r.waiting {
		if folderOf(s) == folder {
			change(r.flushed, s, r.files)
		} else {
			rest = append(rest, s)
		}
	}
	r.waiting = rest
}

// folderOf names the folder whose flush makes a change of names safe.
func folderOf(s Step) string {
	path := s.Path
	if s.Act == Rename {
		path = s.To
	}
	if dir := filepath.Dir(path); dir != "." {
		return dir
	}
	return ""
}

func change(in names, s Step, files map[uint64]*replayed) {
	switch s.Act {
	case Create:
		in[s.Path] = files[s.File]
	case MakeFolder:
		in[s.Path] = nil
	case Remove:
		delete(in, s.Path)
	case Rename:
		in[s.To] = files[s.File]
		delete(in, s.Path)
	}
}

// Cut writes the folder as a power cut now would leave it.
func (r *Replay) Cut(into string, loss Loss, random *rand.Rand) error {
	left := names{}
	for name, f := range r.flushed {
		left[name] = f
	}
	keep := 0
	switch loss {
	case Torn:
		keep = len(r.waiting)
	case Some:
		keep = random.IntN(len(r.waiting) + 1)
	}
	for _, s := range r.waiting[:keep] {
		change(left, s, r.files)
	}
	var all []string
	for name := range left {
		all = append(all, name)
	}
	sort.Strings(all) // folders before what lies in them, and the same random numbers each time
	for _, name := range all {
		if err := put(filepath.Join(into, name), left[name], loss, random); err != nil {
			return err
		}
	}
	return nil
}

func put(path string, f *replayed, loss Loss, random *rand.Rand) error {
	if f == nil {
		return os.MkdirAll(path, 0o700)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	c := f.flushed
	if loss != All && len(f.waiting) > 0 {
		c = f.left(loss, random)
	}
	if err := os.WriteFile(path, c.data, 0o600); err != nil {
		return err
	}
	if c.size > int64(len(c.data)) {
		return os.Truncate(path, c.size)
	}
	return nil
}

// left is a file of which some of what waited reached the disk.
func (f *replayed) left(loss Loss, random *rand.Rand) content {
	c := f.flushed.clone()
	for i, s := range f.waiting {
		last := i == len(f.waiting)-1
		switch {
		case loss == Torn && !last:
			c.apply(s)
		case s.Act == Resize:
			if random.IntN(2) == 0 {
				c.apply(s)
			}
		case loss == Torn:
			s.Data = s.Data[:random.IntN(len(s.Data)+1)]
			c.apply(s)
		default:
			c.sectors(s, random)
		}
	}
	return c
}

// sectors applies those sectors of a write that chance lets through.
func (c *content) sectors(s Step, random *rand.Rand) {
	for from := int64(0); from < int64(len(s.Data)); {
		to := min((s.Offset+from)/sector*sector+sector-s.Offset, int64(len(s.Data)))
		if random.IntN(2) == 0 {
			c.apply(Step{Act: Write, Offset: s.Offset + from, Data: s.Data[from:to]})
		}
		from = to
	}
}
