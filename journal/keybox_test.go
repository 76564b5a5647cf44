package journal

import (
	"bytes"
	"crypto/hpke"
	"os"
	"path/filepath"
	"testing"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

func TestKeysAtRest(t *testing.T) {
	o := testOptions(t)
	o.Demo = false
	if err := Found(t.Context(), o, testFounding()); !refusal.Is(err, refusal.Invalid) {
		t.Errorf("founding without a passphrase gave %v", err)
	}
	o.Dir = t.TempDir()
	o.Passphrase = []byte("correct horse battery staple")
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	j, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	seed := j.device.Seed()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{keysFolder, startFolder} {
		files, err := filepath.Glob(filepath.Join(o.Dir, folder, "*"))
		if err != nil || len(files) == 0 {
			t.Fatal(folder, err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(b, seed) {
				t.Errorf("%s holds the device key in the open", f)
			}
			if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s may be read by others", f)
			}
		}
	}
	wrong := o
	wrong.Passphrase = []byte("correct horse battery stable")
	if _, err := Open(t.Context(), wrong); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("a wrong passphrase gave %v", err)
	}
	wrong = o
	wrong.Demo = true
	if _, err := Open(t.Context(), wrong); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("opening work as a demo gave %v", err)
	}
	if demo, err := IsDemo(o.Dir); err != nil || demo {
		t.Errorf("IsDemo: %v, %v", demo, err)
	}
	holds(t, o)
}

func TestADemoIsNotForWork(t *testing.T) {
	o := testOptions(t)
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	o.Demo = false
	if _, err := Open(t.Context(), o); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("got %v", err)
	}
}

// TestDevice: what it signs is checked under its card's key, what is sealed to
// the organisation opens, and only with its info.
func TestDevice(t *testing.T) {
	j := newJournal(t, testOptions(t))
	d := j.Device()
	sig := d.Sign("holdfast/test", []byte("a"), []byte("b"))
	if !fact.VerifyLabelled(d.Card().Key, sig, "holdfast/test", []byte("ab")) || fact.VerifyLabelled(d.Card().Key, sig, "holdfast/other", []byte("ab")) {
		t.Error("signature")
	}
	public, err := hpke.MLKEM768X25519().NewPublicKey(d.EpochPublic())
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := hpke.Seal(public, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte("info"), []byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := d.OpenSealed([]byte("info"), sealed); err != nil || string(plain) != "hello" {
		t.Errorf("got %q, %v", plain, err)
	}
	if _, err := d.OpenSealed([]byte("other"), sealed); err == nil {
		t.Error("it opens under another info")
	}
}

// TestSettingsAreReadBack: a journal that would not flush as promised is
// refused.
func TestSettingsAreReadBack(t *testing.T) {
	c, err := openConn(filepath.Join(t.TempDir(), "x.db"), "", "rwc")
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if err := applySettings(c, settings()); err != nil {
		t.Fatal(err)
	}
	for _, s := range settings() {
		if err := applySettings(c, []setting{{s.name, s.set, "something else"}}); err == nil {
			t.Errorf("%s is not read back", s.name)
		}
	}
	memory, err := openConn(":memory:", "", "rwc")
	if err != nil {
		t.Fatal(err)
	}
	defer memory.close()
	if err := applySettings(memory, settings()); err == nil {
		t.Error("a database that can't have a write-ahead log is taken")
	}
}

func TestAnotherFormatIsRefused(t *testing.T) {
	o := testOptions(t)
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	if err := change(filepath.Join(o.Dir, firstFile), "UPDATE meta SET value=CAST('holdfast journal 9' AS BLOB) WHERE name='format'"); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), o); err == nil {
		t.Error("a journal of another format is opened")
	}
}
