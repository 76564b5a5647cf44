package journal

import (
	"errors"
	"sync"
)

// readers are the reading connections of a file. The one that came back last is
// lent first: its statements are prepared and its pages in memory.
type readers struct {
	mu     sync.Mutex
	back   sync.Cond
	free   []*sqlConn
	made   int
	closed bool
}

func newReaders() *readers {
	r := &readers{}
	r.back.L = &r.mu
	return r
}

func (r *readers) add(c *sqlConn) {
	r.made++
	r.giveBack(c)
}

// take waits for a free connection; nil means that there will be none.
func (r *readers) take() *sqlConn {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.free) == 0 && !r.closed {
		r.back.Wait()
	}
	if r.closed {
		return nil
	}
	c := r.free[len(r.free)-1]
	r.free = r.free[:len(r.free)-1]
	return c
}

func (r *readers) giveBack(c *sqlConn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.free = append(r.free, c)
	r.back.Broadcast()
}

// close refuses new reads, waits for those under way and closes all.
func (r *readers) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.back.Broadcast()
	for len(r.free) < r.made {
		r.back.Wait()
	}
	var err error
	for _, c := range r.free {
		err = errors.Join(err, c.close())
	}
	r.free, r.made = nil, 0
	return err
}
