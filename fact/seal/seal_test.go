package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"holdfast/fact"
	"holdfast/fact/seal"
)

type repeat byte

func (r repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r)
	}
	return len(p), nil
}

// dry is a source of randomness that has run out.
type dry struct{}

var errDry = errors.New("no randomness")

func (dry) Read([]byte) (int, error) { return 0, errDry }

func key(t *testing.T) seal.SubjectKey {
	t.Helper()
	k, err := seal.NewSubjectKey(repeat(1), fact.Subject{2}, fact.ClassEntry)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestEveryWrapByteCounts(t *testing.T) {
	w, org, k := seal.NewWrapper(seal.Key{3}), fact.OrgID{4}, key(t)
	good, err := w.Wrap(repeat(5), org, k)
	if err != nil || len(good) != seal.WrapSize {
		t.Fatalf("%d bytes, %v", len(good), err)
	}
	back, err := w.Unwrap(org, good)
	if err != nil || back != k {
		t.Fatalf("%+v, %v", back, err)
	}
	for i := range good {
		b := bytes.Clone(good)
		b[i] ^= 4
		if err := seal.CheckWrap(b); !errors.Is(err, seal.ErrWrap) {
			t.Errorf("byte %d: check gave %v", i, err)
		}
		if i < seal.WrapSize-16 { // mend the check bytes, as a forger would
			sum := fact.Labelled("holdfast/wrap/1", b[:seal.WrapSize-16])
			copy(b[seal.WrapSize-16:], sum[:16])
		}
		if _, err := w.Unwrap(org, b); !errors.Is(err, seal.ErrWrap) {
			t.Errorf("byte %d gave %v", i, err)
		}
	}
	if _, err := w.Unwrap(fact.OrgID{5}, good); !errors.Is(err, seal.ErrWrap) {
		t.Errorf("another organisation gave %v", err)
	}
	if _, err := seal.NewWrapper(seal.Key{4}).Unwrap(org, good); !errors.Is(err, seal.ErrWrap) {
		t.Errorf("another wrapper gave %v", err)
	}
	if err := seal.CheckWrap(good[:143]); !errors.Is(err, seal.ErrWrap) {
		t.Errorf("cut short gave %v", err)
	}
}

// TestEveryBodyByteCounts: a sealed body opens only whole, under its key, in
// its place.
func TestEveryBodyByteCounts(t *testing.T) {
	k := key(t)
	plain, err := fact.Body{Kind: 1, Version: 1, Role: "nurse", Content: []byte{0xa0}}.Plaintext()
	if err != nil {
		t.Fatal(err)
	}
	box := seal.NewBox(k.Key)
	h, sealed, err := seal.Body(repeat(6), k, box, fact.Header{Lane: fact.Care, Subject: k.Subject}, plain)
	if err != nil || len(sealed) != len(plain)+seal.Overhead {
		t.Fatalf("%d bytes, %v", len(sealed), err)
	}
	h.Seq, h.Prev = 5, fact.ID{6}
	if b, err := seal.OpenBody(box, h, sealed); err != nil || b.Role != "nurse" {
		t.Fatalf("%+v, %v", b, err)
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 8
		if _, err := seal.OpenBody(box, h, changed); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("byte %d gave %v", i, err)
		}
		forged := h
		forged.BodyHash = fact.BodyHashOf(changed)
		if _, err := seal.OpenBody(box, forged, changed); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("byte %d with its hash mended gave %v", i, err)
		}
	}
	for name, change := range map[string]func(h *fact.Header){
		"subject": func(h *fact.Header) { h.Subject[0]++ }, "lane": func(h *fact.Header) { h.Lane = fact.Looks },
		"commit": func(h *fact.Header) { h.Commit[0]++ }, "length": func(h *fact.Header) { h.BodyLen++ },
		"recorded": func(h *fact.Header) { h.Recorded++ }, "flags": func(h *fact.Header) { h.Flags = fact.FlagMore },
	} {
		other := h
		change(&other)
		if _, err := seal.OpenBody(box, other, sealed); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("another %s gave %v", name, err)
		}
	}
	if _, err := seal.OpenBody(seal.NewBox(seal.Key{9}), h, sealed); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("another key gave %v", err)
	}
}

func TestEveryAttachmentByteCounts(t *testing.T) {
	a, sealed, err := seal.Attachment(repeat(7), []byte("letter"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := seal.OpenAttachment(a, sealed); err != nil || string(plain) != "letter" {
		t.Fatalf("%q, %v", plain, err)
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := seal.OpenAttachment(a, changed); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("byte %d gave %v", i, err)
		}
		mended := a
		mended.Hash = seal.AttachmentHash(changed)
		if _, err := seal.OpenAttachment(mended, changed); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("byte %d with its hash mended gave %v", i, err)
		}
	}
	a.Size++
	if _, err := seal.OpenAttachment(a, sealed); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("another size gave %v", err)
	}
}

// TestNothingIsSealedWithoutRandomness: no fallback to a weaker nonce or key.
func TestNothingIsSealedWithoutRandomness(t *testing.T) {
	k := key(t)
	if _, err := seal.NewSubjectKey(dry{}, fact.Subject{}, 0); !errors.Is(err, errDry) {
		t.Error(err)
	}
	if _, err := seal.NewBox(k.Key).Seal(dry{}, nil, nil); !errors.Is(err, errDry) {
		t.Error(err)
	}
	if _, err := seal.NewWrapper(k.Key).Wrap(dry{}, fact.OrgID{}, k); !errors.Is(err, errDry) {
		t.Error(err)
	}
	if _, _, err := seal.Attachment(dry{}, nil); !errors.Is(err, errDry) {
		t.Error(err)
	}
	if _, _, err := seal.Body(dry{}, k, seal.NewBox(k.Key), fact.Header{}, nil); !errors.Is(err, errDry) {
		t.Error(err)
	}
}

func FuzzOpen(f *testing.F) {
	box := seal.NewBox(seal.Key{1})
	f.Add(box.SealWith([24]byte{2}, []byte("plain"), []byte("context")), []byte("context"))
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, sealed, context []byte) {
		plain, err := box.Open(sealed, context)
		if err == nil && !bytes.Equal(box.SealWith([24]byte(sealed[:24]), plain, context), sealed) {
			t.Error("it opens to something that seals otherwise")
		}
	})
}

func FuzzUnwrap(f *testing.F) {
	w := seal.NewWrapper(seal.Key{3})
	k, err := seal.NewSubjectKey(repeat(1), fact.Subject{2}, fact.ClassAudit)
	if err != nil {
		f.Fatal(err)
	}
	good, err := w.Wrap(repeat(5), fact.OrgID{}, k)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := w.Unwrap(fact.OrgID{}, b); err == nil && !bytes.Equal(b, good) {
			t.Errorf("%x opens", b)
		}
	})
}
