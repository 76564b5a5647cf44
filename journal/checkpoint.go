package journal

import (
	"errors"
	"fmt"
)

// checkpoints copies the write-ahead log home: first beside the writer, which
// may take long, then what was added meanwhile by the writer itself, so that
// the log starts anew. Every error in either is fatal for the file.
type checkpoints struct {
	o       Options
	at      int64 // frames at which the next one begins
	commits int
	busy    bool
	done    chan error
}

func newCheckpoints(o Options) *checkpoints {
	return &checkpoints{o: o, at: int64(o.CheckpointPages), done: make(chan error, 1)}
}

// consider begins a checkpoint when the log has grown by enough frames.
func (k *checkpoints) consider(f *dbFile) error {
	if k.commits++; k.busy || (k.commits%16 != 0 && k.at > 16) {
		return nil
	}
	frames, _, err := checkpoint(f.write, "NOOP")
	if err != nil || frames < k.at {
		return err
	}
	k.busy = true
	go func() { k.done <- checkpointBeside(f.path, k.o.Store) }()
	return nil
}

// finish copies what is left. When a reader holds it up, it is tried again
// once the log has grown further.
func (k *checkpoints) finish(f *dbFile) error {
	k.busy, k.at = false, int64(k.o.CheckpointPages)
	frames, copied, err := checkpoint(f.write, "PASSIVE")
	if copied < frames {
		k.at += frames
	}
	return err
}

// wait lets a checkpoint under way come to its end.
func (k *checkpoints) wait() error {
	if !k.busy {
		return nil
	}
	k.busy = false
	return <-k.done
}

func checkpointBeside(path string, store Store) error {
	c, err := openConn(path, store.VFS(), "rw")
	if err != nil {
		return err
	}
	if err := applySettings(c, settings()); err != nil {
		return errors.Join(err, c.close())
	}
	_, _, err = checkpoint(c, "PASSIVE")
	return errors.Join(err, c.close())
}

// checkpoint tells how many frames the log holds and how many of them are
// copied. Being held up by readers is no error; NOOP only counts.
func checkpoint(c *sqlConn, mode string) (frames, copied int64, err error) {
	err = c.each("PRAGMA wal_checkpoint("+mode+")", func(v []driverValue) error {
		frames, copied = v[1].(int64), v[2].(int64)
		return nil
	})
	if err != nil {
		return 0, 0, fmt.Errorf("checkpoint: %w", err)
	}
	return frames, copied, nil
}
