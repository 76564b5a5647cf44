package export

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"

	"holdfast/fact/seal"
	"holdfast/journal"
)

// rounds is the cost of a guess at the passphrase: about half a second of one
// processor in 2026. docs/decisions tells why it is PBKDF2.
const rounds = 2_000_000

// leastPassphrase is more than a folder's own needs: this file leaves the house.
const leastPassphrase = 16

// writeKeys seals the private halves of the organisation's epochs.
func writeKeys(source *journal.ExportSource, path string, o Options) error {
	epochs, err := source.Epochs()
	if err != nil {
		return err
	}
	var plain []byte
	for _, number := range slices.Sorted(maps.Keys(epochs)) {
		plain = binary.BigEndian.AppendUint32(plain, number)
		plain = binary.BigEndian.AppendUint32(plain, uint32(len(epochs[number])))
		plain = append(plain, epochs[number]...)
	}
	org := source.Org()
	head := binary.BigEndian.AppendUint32([]byte("HFXKEYS1"), rounds)
	var salt [32]byte
	if _, err := io.ReadFull(o.Random, salt[:]); err != nil {
		return err
	}
	head = append(append(head, salt[:]...), org[:]...)
	key, err := pbkdf2.Key(sha256.New, string(o.Passphrase), salt[:], rounds, 32)
	if err != nil {
		return fmt.Errorf("derive the key: %w", err)
	}
	sealed, err := seal.NewBox(seal.Key(key)).Seal(o.Random, plain, head)
	if err != nil {
		return err
	}
	return journal.Disk{}.Create(path, append(head, sealed...))
}
