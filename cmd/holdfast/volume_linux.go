package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// encrypted tells whether a folder lies on a disk that the kernel decrypts
// (dm-crypt). Anything it cannot see through is not encrypted.
func encrypted(dir string) (bool, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return false, err
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false, errors.New("the folder's disk can't be found out")
	}
	major := (s.Dev>>8)&0xfff | (s.Dev>>32)&^uint64(0xfff)
	minor := s.Dev&0xff | (s.Dev>>12)&^uint64(0xff)
	return cryptBelow(fmt.Sprintf("/sys/dev/block/%d:%d", major, minor), 8), nil
}

// cryptBelow looks at a block device and at those it stands on.
func cryptBelow(device string, depth int) bool {
	if uuid, err := os.ReadFile(filepath.Join(device, "dm", "uuid")); err == nil && strings.HasPrefix(string(uuid), "CRYPT-") {
		return true
	}
	below, err := filepath.Glob(filepath.Join(device, "slaves", "*"))
	if err != nil || len(below) == 0 || depth == 0 {
		return false
	}
	for _, one := range below {
		if !cryptBelow(one, depth-1) {
			return false
		}
	}
	return true
}
