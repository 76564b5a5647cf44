package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// SQLite takes the first frame of its write-ahead log that does not hold for
// the end of the log, and drops what follows without a word
// (sqlite.org/walformat.html). Behind a power cut that is right: what follows
// was never flushed. Behind damage it is not. The two differ: every commit is
// flushed before the next begins, so a power cut leaves at most one commit
// that does not hold, and it is the last.
const (
	logHeaderSize = 32
	logFrameSize  = 24
	logMagic      = 0x377f0682
	mostLogPage   = 65536
)

// droppedCommits tells how many flushed commits of a file's write-ahead log
// SQLite would drop.
func droppedCommits(path string) (int, []byte, error) {
	log, err := os.ReadFile(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, err
	}
	return commitsBehindDamage(log), log, nil
}

// commitsBehindDamage counts the commits at and behind the first frame that
// does not hold; one alone may be what a power cut interrupted.
func commitsBehindDamage(log []byte) int {
	if len(log) < logHeaderSize+logFrameSize {
		return 0
	}
	h := log[:logHeaderSize]
	order, known := orderOf(binary.BigEndian.Uint32(h))
	page := int(binary.BigEndian.Uint32(h[8:]))
	s1, s2 := logSum(order, 0, 0, h[:24])
	sound := known && s1 == binary.BigEndian.Uint32(h[24:]) && s2 == binary.BigEndian.Uint32(h[28:])
	salts := h[16:24]
	if !sound { // the frames still tell page size and salts, if they agree among themselves
		page, salts = 4096, log[logHeaderSize+8:logHeaderSize+16]
	}
	if page < 512 || page > mostLogPage {
		return 0
	}
	behind, first := 0, true
	for at := logHeaderSize; at+logFrameSize+page <= len(log); at += logFrameSize + page {
		f := log[at : at+logFrameSize]
		if sound {
			s1, s2 = logSum(order, s1, s2, f[:8])
			s1, s2 = logSum(order, s1, s2, log[at+logFrameSize:at+logFrameSize+page])
			sound = bytes.Equal(f[8:16], salts) && s1 == binary.BigEndian.Uint32(f[16:]) && s2 == binary.BigEndian.Uint32(f[20:])
		}
		if sound {
			continue
		}
		// the frame that does not hold may be damaged in one of its salts; what
		// an older log left behind differs in both
		ours := bytes.Equal(f[8:16], salts) || first && (bytes.Equal(f[8:12], salts[:4]) || bytes.Equal(f[12:16], salts[4:]))
		first = false
		if ours && binary.BigEndian.Uint32(f[4:]) != 0 {
			behind++
		}
	}
	if behind < 2 {
		return 0
	}
	return behind
}

func orderOf(magic uint32) (binary.ByteOrder, bool) {
	if magic&^1 != logMagic {
		return binary.LittleEndian, false
	}
	if magic&1 == 1 {
		return binary.BigEndian, true
	}
	return binary.LittleEndian, true
}

// logSum is the running checksum of SQLite's log.
func logSum(order binary.ByteOrder, s1, s2 uint32, b []byte) (uint32, uint32) {
	for ; len(b) >= 8; b = b[8:] {
		s1 += order.Uint32(b) + s2
		s2 += order.Uint32(b[4:]) + s1
	}
	return s1, s2
}

// keepDamagedLog puts a damaged log aside before SQLite goes over it, and says
// whether there was one: the journal then goes on in a new file and a new
// incarnation, and what was dropped comes back from other devices.
func (j *Journal) keepDamagedLog(path string) (bool, error) {
	dropped, log, err := droppedCommits(path)
	if err != nil || dropped == 0 {
		return false, err
	}
	for n := 1; ; n++ {
		err := j.o.Store.Create(fmt.Sprintf("%s-wal.damaged-%d", path, n), log)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		j.o.Log.Error("the journal's log is damaged: commits that were flushed cannot be read", "commits", dropped, "err", err)
		return true, err
	}
}
