package journal

import (
	"testing"

	"holdfast/sim/disk"
)

var _ Store = (*disk.Disk)(nil)

// faulty puts a disk that fails when told to under a folder, for the time of
// a test.
func faulty(t testing.TB, dir string) *disk.Disk {
	t.Helper()
	d, err := disk.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// failing is a fault: not done, or done but said to have failed; once, or from
// there on.
func failing(at int, done, sticky bool) disk.Fault {
	f := disk.Fault{At: at, How: disk.NotDone, Sticky: sticky}
	if done {
		f.How = disk.DoneAndError
	}
	return f
}

// copyFolder gives a test a folder of its own with what stands in another.
func copyFolder(t testing.TB, from, to string) {
	t.Helper()
	if err := disk.Copy(from, to, true); err != nil {
		t.Fatal(err)
	}
}
