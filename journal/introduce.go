package journal

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"holdfast/fact"
)

// enrolledFile keeps what a device was enrolled by, as its admission said.
const enrolledFile = "enrolled"

// Introduction is what this device was enrolled by, for those who have lost it;
// nil for the device that founded the organisation. It holds no secret.
func (d *Device) Introduction() ([]byte, error) {
	raw, err := os.ReadFile(filepath.Join(d.journal.keys.dir, enrolledFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return raw, err
}

// Introduce takes in what a device that stands at the other end of a link was
// enrolled by, when nobody here knows of it any more: a site node that was put
// back from an older backup may have lost that. It is stated anew, because the
// organisation's roots signed the card. ErrBad when it does not hold, or is not
// of the device whose card this is.
func (j *Journal) Introduce(ctx context.Context, card fact.Signed, introduction []byte) error {
	if j.epoch == nil || len(introduction) == 0 {
		return nil
	}
	var says DeviceEnrolled
	if err := fact.Decode(introduction, &says); err != nil {
		return bad("introduction: %v", err)
	}
	if !bytes.Equal(says.Card.Bytes, card.Bytes) || len(says.Domain) > mostNameSize {
		return bad("the introduction is of another device")
	}
	chain := j.chain()
	opened, err := chain.OpenCard(says.Card)
	if err == nil {
		err = chain.Admits(says.Card)
	}
	if err != nil {
		return bad("introduction: %v", err)
	}
	if _, known := j.house.Load().Devices[opened.Device]; known {
		return nil
	}
	if opened.Kind == fact.Desk {
		if key, err := j.Device().OpenSealed(wrapInfo(opened.Device), says.Wrap); err != nil || len(key) != 32 {
			return bad("the introduction's wrapping key does not open")
		}
	}
	_, err = j.Do(ctx, fact.Author{Role: "device"}, nil, func(tx *Tx) ([]fact.Draft, error) {
		if known, err := j.statedIn(tx, opened.Device); known || err != nil {
			return nil, err
		}
		return []fact.Draft{fact.Say(j.papers.genesis.About, says)}, nil
	})
	return err
}

// statedIn tells whether the history that a verb decides on enrols a device. What
// is folded for the whole device may be behind that.
func (j *Journal) statedIn(tx *Tx, device fact.Subject) (bool, error) {
	h, err := tx.History(j.papers.genesis.About)
	if err != nil {
		return false, err
	}
	_, known := FoldHouse(h.WithHeld(), j.chain(), nil, nil).Devices[device]
	return known, nil
}
