package main

import (
	"bytes"
	"testing"

	"holdfast/fact"
	"holdfast/fact/seal"
)

// Two readers that share no code must take and refuse the same bytes.

func FuzzDecodeAgrees(f *testing.F) {
	for _, b := range [][]byte{{0xa1, 1, 0x20}, {0x82, 0xf6, 0xf5}, {0x18, 0x18}, {0x18, 0x17}, {0x9f, 0xff}, {0xc0, 0}, {0xfb, 0, 0, 0, 0, 0, 0, 0, 0}, {0xa2, 2, 0, 1, 0}, {0x62, 0xc3, 0xa4}, {0x61, 0xff}} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, ours := decode(b)
		theirs := fact.Canonical(b)
		if (ours == nil) != (theirs == nil) {
			t.Errorf("%x: %v, and the other says %v", b, ours, theirs)
		}
	})
}

func FuzzHeaderAgrees(f *testing.F) {
	h := fact.Header{Lane: fact.Care, Flags: fact.FlagMore, Seq: 3, Recorded: -1, Subject: fact.Subject{1}, BodyLen: 7}
	f.Add(h.Marshal())
	f.Add([]byte("HF"))
	f.Fuzz(func(t *testing.T, b []byte) {
		ours, err := readHeader(b)
		theirs, err2 := fact.ParseHeader(b)
		if (err == nil) != (err2 == nil) {
			t.Fatalf("%v, and the other says %v", err, err2)
		}
		if err == nil && (ours.seq != theirs.Seq || ours.recorded != int64(theirs.Recorded) || !bytes.Equal(ours.sealContext(), theirs.SealContext())) {
			t.Errorf("%+v, and the other reads %+v", ours, theirs)
		}
	})
}

func FuzzBodyAgrees(f *testing.F) {
	for _, b := range []fact.Body{
		{Kind: 1, Version: 1, Role: "nurse", Content: []byte{0xa0}},
		{Kind: 9, Seen: []fact.ID{{1}, {2}}, Must: []uint32{4}, Attachments: []fact.Attachment{{Size: 3}}, Confirmation: []byte{1}, Content: []byte{0xf6}},
	} {
		plain, err := b.Plaintext()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(plain)
	}
	f.Fuzz(func(t *testing.T, plain []byte) {
		_, err := readBody(plain)
		_, err2 := fact.ParseBody(plain)
		if err == nil && err2 != nil {
			t.Errorf("taken here, and the other says %v: %x", err2, plain)
		}
	})
}

func FuzzXAESAgrees(f *testing.F) {
	f.Add([]byte("key"), []byte("plain"), []byte("context"))
	f.Fuzz(func(t *testing.T, key, plain, context []byte) {
		var k [32]byte
		copy(k[:], key)
		sealed := seal.NewBox(k).SealWith([24]byte{1, 2, 23: 3}, plain, context)
		got, err := openXAES(k, sealed, context)
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%q, %v", got, err)
		}
	})
}
