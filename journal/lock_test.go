package journal

import (
	"testing"
	"time"
)

// Keys at rest are closed by Argon2id as in RFC 9106, section 4, second
// recommended option: 3 passes, 64 MiB, 4 lanes. The passphrase has at least 12
// characters.
func TestGuessingAPassphraseIsDear(t *testing.T) {
	o := testOptions(t)
	o.Passphrase = []byte("twelve chars")
	var err error
	if o, err = o.complete(); err != nil {
		t.Fatal(err)
	}
	o.Demo = false
	dir := t.TempDir() + "/keys"
	if _, err := createKeybox(dir, o, o.Store); err != nil {
		t.Fatal(err)
	}
	l, err := readLock(dir)
	if err != nil || l.Demo || l.Passes < 3 || l.Memory < 64<<10 || l.Threads != 4 || l.Salt == [32]byte{} {
		t.Fatalf("%+v, %v", l, err)
	}
	begun := time.Now()
	l.box(o.Passphrase)
	t.Logf("one guess costs %v on this machine and 64 MiB", time.Since(begun).Round(time.Millisecond))
	short := o
	short.Passphrase = []byte("eleven char")
	if _, err := createKeybox(t.TempDir()+"/keys", short, o.Store); err == nil {
		t.Error("11 characters are enough")
	}
}
