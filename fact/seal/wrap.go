package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"holdfast/fact"
)

// WrapSize is the length of every subject key wrap.
const WrapSize = 144

// Wrapper is a key that wraps subject keys: an organisation's epoch, or a
// desk's own key.
type Wrapper struct {
	ID  [16]byte
	box *Box
}

// NewWrapper prepares a wrapping key. Its id gives nothing of it away.
func NewWrapper(key Key) Wrapper {
	hash := fact.Labelled("holdfast/wrapper/1", key[:])
	return Wrapper{ID: [16]byte(hash[:16]), box: NewBox(key)}
}

// ErrWrap says that a wrap is damaged, or not for this wrapper or subject.
var ErrWrap = errors.New("key wrap does not hold")

// SubjectKey is the key under which the bodies of one subject are sealed.
type SubjectKey struct {
	Subject fact.Subject
	ID      fact.KeyID
	Class   fact.KeyClass
	Key     Key
}

// NewSubjectKey draws a key for a subject.
func NewSubjectKey(random io.Reader, s fact.Subject, class fact.KeyClass) (SubjectKey, error) {
	k := SubjectKey{Subject: s, Class: class}
	if _, err := io.ReadFull(random, k.Key[:]); err != nil {
		return SubjectKey{}, err
	}
	k.ID = keyID(k.Key)
	return k, nil
}

func keyID(k Key) fact.KeyID {
	hash := fact.Labelled("holdfast/subject-key/1", k[:])
	return fact.KeyID(hash[:16])
}

// Wrap closes a subject key for an organisation.
func (w Wrapper) Wrap(random io.Reader, org fact.OrgID, k SubjectKey) ([]byte, error) {
	out := make([]byte, 56, WrapSize)
	copy(out, k.Subject[:])
	copy(out[16:], k.ID[:])
	copy(out[32:], w.ID[:])
	out[48] = byte(k.Class)
	sealed, err := w.box.Seal(random, k.Key[:], append(org[:], out...))
	if err != nil {
		return nil, err
	}
	out = append(out, sealed...)
	sum := fact.Labelled("holdfast/wrap/1", out)
	return append(out, sum[:16]...), nil
}

// CheckWrap tells without any key whether a wrap's bytes are whole.
func CheckWrap(wrap []byte) error {
	if len(wrap) != WrapSize || !bytes.Equal(wrap[49:56], make([]byte, 7)) {
		return fmt.Errorf("%w: length or reserved bytes", ErrWrap)
	}
	sum := fact.Labelled("holdfast/wrap/1", wrap[:WrapSize-16])
	if !bytes.Equal(sum[:16], wrap[WrapSize-16:]) {
		return fmt.Errorf("%w: check bytes", ErrWrap)
	}
	return nil
}

// Unwrap opens a wrap and checks that the key is the one it names.
func (w Wrapper) Unwrap(org fact.OrgID, wrap []byte) (SubjectKey, error) {
	if err := CheckWrap(wrap); err != nil {
		return SubjectKey{}, err
	}
	if !bytes.Equal(wrap[32:48], w.ID[:]) {
		return SubjectKey{}, fmt.Errorf("%w: closed for another holder", ErrWrap)
	}
	plain, err := w.box.Open(wrap[56:WrapSize-16], append(org[:], wrap[:56]...))
	if err != nil {
		return SubjectKey{}, fmt.Errorf("%w: %w", ErrWrap, err)
	}
	k := SubjectKey{Class: fact.KeyClass(wrap[48])}
	copy(k.Subject[:], wrap)
	copy(k.Key[:], plain)
	k.ID = keyID(k.Key)
	if !bytes.Equal(k.ID[:], wrap[16:32]) {
		return SubjectKey{}, fmt.Errorf("%w: key id", ErrWrap)
	}
	return k, nil
}
