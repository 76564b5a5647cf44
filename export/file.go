package export

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"math"
	"os"
	"path/filepath"

	"holdfast/fact"
)

// fileSum is what the manifest says about a file.
type fileSum struct {
	name string
	size uint64
	hash fact.Hash
}

// recordFile is a file of records: eight bytes that say what it holds, then
// for each record its length (4 bytes) and its bytes.
type recordFile struct {
	file *os.File
	to   *bufio.Writer
	hash hash.Hash
	size uint64
}

// file writes one file whole and flushes it.
func (w *writing) file(name, tag string, fill func(f *recordFile) error) error {
	file, err := os.OpenFile(filepath.Join(w.dir, filepath.FromSlash(name)), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	f := &recordFile{file: file, to: bufio.NewWriterSize(file, 1<<18), hash: sha256.New()}
	err = f.write([]byte(tag))
	if err == nil {
		err = fill(f)
	}
	if err == nil {
		err = f.to.Flush()
	}
	if err == nil {
		err = file.Sync()
	}
	w.sum.files = append(w.sum.files, fileSum{name: name, size: f.size, hash: fact.Hash(f.hash.Sum(nil))})
	return errors.Join(err, file.Close())
}

func (f *recordFile) write(b []byte) error {
	f.hash.Write(b)
	f.size += uint64(len(b))
	_, err := f.to.Write(b)
	return err
}

// record writes its parts as one record.
func (f *recordFile) record(parts ...[]byte) error {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if n > math.MaxUint32 {
		return fmt.Errorf("a record of %d bytes does not fit", n)
	}
	if err := f.write(binary.BigEndian.AppendUint32(nil, uint32(n))); err != nil {
		return err
	}
	for _, p := range parts {
		if err := f.write(p); err != nil {
			return err
		}
	}
	return nil
}
