package main

import (
	"errors"
	"fmt"
)

// openers is what opens bodies: the epochs' wrapping keys and, once the
// keyring is read, the subjects' keys.
type openers struct {
	wrappers []wrapper
	subjects map[keyName]subjectKey
}

// readWraps checks the keyring and opens it as far as there are keys.
func (in *inspection) readWraps() {
	in.each(fileWraps, tagWraps, func(n int, b []byte) {
		in.r.Wraps++
		place := fmt.Sprintf("wraps, record %d", n)
		if err := checkWrap(b); err != nil {
			in.r.fail(place, "%v", err)
			return
		}
		name := keyName(b[:32])
		in.wraps[name] = true
		if in.openers == nil {
			return
		}
		switch key, err := in.openers.open(in.org, b); {
		case errors.Is(err, errOtherHolder):
			in.r.NotOpened.add(place, "it is closed for another holder")
		case err != nil:
			in.r.fail(place, "wrap of subject %x: %v", b[:16], err)
		default:
			in.openers.subjects[name] = key
		}
	})
}

var errOtherHolder = errors.New("closed for another holder")

func (o *openers) open(org hash, wrap []byte) (subjectKey, error) {
	for _, w := range o.wrappers {
		if w.id == [16]byte(wrap[32:48]) {
			return w.unwrap(org, wrap)
		}
	}
	return subjectKey{}, errOtherHolder
}

// blob is where an attachment's sealed bytes lie.
type blob struct{ at, size int64 }

// readAttachments checks that each has the hash that it is filed under.
func (in *inspection) readAttachments() {
	at := int64(8)
	in.each(fileAttachments, tagAttachments, func(n int, b []byte) {
		in.r.Attachments++
		place := fmt.Sprintf("attachments, record %d", n)
		at += 4 + int64(len(b))
		if len(b) < 32 {
			in.r.fail(place, "it has %d bytes", len(b))
			return
		}
		name := hash(b[:32])
		if hashOf("holdfast/sealed-attachment/1", b[32:]) != name {
			in.r.fail(place, "its bytes are not the ones that its hash names")
			return
		}
		in.blobs[name] = blob{at: at - int64(len(b)) + 32, size: int64(len(b)) - 32}
	})
}

// attachment opens what a fact points to.
func (in *inspection) attachment(place string, a attachment) {
	lies, ok := in.blobs[a.hash]
	if !ok {
		in.r.Missing.add(place, "its attachment %x is not here", a.hash[:4])
		return
	}
	sealed := make([]byte, lies.size)
	f, err := in.root.Open(fileAttachments)
	if err == nil {
		_, err = f.ReadAt(sealed, lies.at)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		in.r.fail(place, "its attachment can't be read: %v", err)
		return
	}
	plain, err := openXAES(a.key, sealed, []byte("holdfast/attachment/1"))
	if err != nil || uint64(len(plain)) != a.size {
		in.r.fail(place, "its attachment %x does not open", a.hash[:4])
	}
}
