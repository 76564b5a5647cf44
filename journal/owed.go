package journal

import "holdfast/fact"

// Subjects that the lists have to take in anew, because a key came late or a
// damaged fact was mended, stand in the file from the transaction that did it
// until a checkpoint finds the lists level: the program may end between.

// owe notes a subject in the transaction that makes the lists stale.
func owe(c *sqlConn, s fact.Subject) error {
	return c.exec("INSERT OR IGNORE INTO meta(name, value) VALUES('lists ' || hex(?), ?)", s[:], s[:])
}

// owed lists what was noted and perhaps not taken in.
func (j *Journal) owed() (out []fact.Subject, err error) {
	err = j.file.Load().read(func(c *sqlConn) error {
		return c.each("SELECT value FROM meta WHERE name LIKE 'lists %' ORDER BY name", func(v []driverValue) error {
			if s, ok := v[0].([]byte); ok && len(s) == len(fact.Subject{}) {
				out = append(out, fact.Subject(s))
			}
			return nil
		})
	})
	return out, err
}

// paid forgets what was noted, if the lists have taken it in.
func (j *Journal) paid(w *writer) error {
	if !j.views.rested() {
		return nil
	}
	n, err := w.file.write.oneInt("SELECT count(*) FROM meta WHERE name LIKE 'lists %'")
	if err != nil || n == 0 {
		return err
	}
	return w.file.write.exec("DELETE FROM meta WHERE name LIKE 'lists %'")
}

// rested tells whether nothing waits to be taken in anew.
func (v *views) rested() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.anewOf) == 0 && !v.retaking
}
