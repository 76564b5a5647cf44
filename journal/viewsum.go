package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
)

// A views file at rest carries its hash beside it, because SQLite finds damage
// to its pages but not to what stands in them, and a name changed by a failing
// disk would be shown as true. The hash is there only while nothing runs: after
// a crash the file is checked as SQLite can.

func sumPath(path string) string { return path + ".sum" }

// sealViews notes the hash of a views file that was closed in order. Nothing
// needs to be flushed: a hash that does not fit only has the views built anew.
func sealViews(path string) error {
	if _, err := os.Stat(path + "-wal"); err == nil {
		return nil // somebody reads it still: it is not at rest
	}
	sum, err := fileSum(path)
	if err != nil {
		return err
	}
	return os.WriteFile(sumPath(path), []byte(sum), 0o600)
}

// unsealViews tells whether a views file is as it was put to rest, and takes
// the hash away because the file will change. Without a hash it is.
func unsealViews(path string) (bool, error) {
	want, err := os.ReadFile(sumPath(path))
	if os.IsNotExist(err) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	have, err := fileSum(path)
	if err != nil && !os.IsNotExist(err) {
		return false, err
	}
	return have == string(want), os.Remove(sumPath(path))
}

func fileSum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close() // it was only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
