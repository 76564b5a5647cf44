package disk

import (
	"errors"
	"hash/fnv"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Loss says what a power cut takes of that which was not flushed: it is a
// seed, but for two.
type Loss uint64

// Losses of their own.
const (
	Nothing   Loss = 0 // as when only the process is killed
	Unflushed Loss = 1 // all that was not flushed
)

type fate uint8

const (
	kept fate = iota
	lost
	torn
)

// keeping draws what becomes of n changes to one file.
func keeping(loss Loss, random *rand.Rand, n int) []fate {
	out := make([]fate, n)
	how := random.IntN(4)
	if loss == Unflushed {
		how = 0
	}
	switch how {
	case 0: // all lost
		for i := range out {
			out[i] = lost
		}
	case 1: // in order up to one that is torn
		at := random.IntN(n)
		out[at] = torn
		for i := at + 1; i < n; i++ {
			out[i] = lost
		}
	case 2: // any of them
		for i := range out {
			out[i] = fate(random.IntN(3))
		}
	}
	return out
}

// flushNames makes the present names in a folder lasting.
func (d *Disk) flushNames(folder string) error {
	now, err := d.names(folder)
	if err != nil {
		return err
	}
	for name, e := range now {
		if !e.folder && d.files[e.inode] == nil {
			if _, err := d.hold(filepath.Join(folder, name)); err != nil {
				return err
			}
		}
	}
	d.lasts[folder] = now
	return nil
}

// names lists a folder. What SQLite shares through memory is no file of its
// own, and views may be lost.
func (d *Disk) names(folder string) (map[string]entry, error) {
	all, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	out := map[string]entry{}
	for _, e := range all {
		if strings.HasSuffix(e.Name(), "-shm") || isView(e.Name()) {
			continue
		}
		info, err := os.Lstat(filepath.Join(folder, e.Name()))
		if err != nil {
			return nil, err
		}
		number, err := inode(info)
		if err != nil {
			return nil, err
		}
		out[e.Name()] = entry{number, e.IsDir()}
	}
	return out, nil
}

func isView(name string) bool { return strings.HasPrefix(name, "views.db") }

// image puts what is left in a folder that is not there yet.
func (d *Disk) image(to string, loss Loss) error { return d.imageOf(d.dir, to, loss) }

func (d *Disk) imageOf(from, to string, loss Loss) error {
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	now, err := d.names(from)
	if err != nil {
		return err
	}
	union := maps.Clone(now)
	for name, e := range d.lasts[from] {
		if _, there := union[name]; !there {
			union[name] = e
		}
	}
	for _, name := range slices.Sorted(maps.Keys(union)) {
		path := filepath.Join(from, name)
		random := d.randomFor(loss, path)
		e, there := now[name]
		before, lasted := d.lasts[from][name]
		if loss != Nothing && (there != lasted || e != before) && (loss == Unflushed || random.IntN(2) == 0) {
			e, there = before, lasted
		}
		if !there {
			continue
		}
		if err := d.put(path, filepath.Join(to, name), e, loss, random); err != nil {
			return err
		}
	}
	return nil
}

// randomFor gives every file its own draws, whatever others there are.
func (d *Disk) randomFor(loss Loss, path string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(strings.TrimPrefix(path, d.dir)))
	return rand.New(rand.NewPCG(uint64(loss), h.Sum64()))
}

func (d *Disk) put(from, to string, e entry, loss Loss, random *rand.Rand) error {
	if e.folder {
		return d.imageOf(from, to, loss)
	}
	f := d.files[e.inode]
	if f == nil {
		var err error
		if f, err = d.hold(from); err != nil {
			return err
		}
	}
	b, err := f.left(loss, random)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o600)
}

// Copy copies a folder that nobody uses. Without start it leaves out what no
// backup may hold.
func Copy(from, to string, start bool) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inside := strings.TrimPrefix(path, from)
		if !start && e.IsDir() && inside == "/start" {
			return fs.SkipDir
		}
		if e.IsDir() {
			return os.MkdirAll(filepath.Join(to, inside), 0o700)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, inside), b, 0o600)
	})
}

// Flip turns over one bit of a file that nobody uses.
func Flip(path string, bit int64) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if len(b) == 0 {
		return nil
	}
	at := bit / 8 % int64(len(b))
	b[at] ^= 1 << (bit % 8)
	return os.WriteFile(path, b, 0o600)
}
