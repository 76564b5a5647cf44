package mutants

import (
	"os"
	"strconv"
	"testing"
	"time"
)

// TestNoMutantIsAccepted offers HOLDFAST_MUTANTS mutants (20,000 unless told)
// made from HOLDFAST_SEED (1 unless told).
func TestNoMutantIsAccepted(t *testing.T) {
	number := func(name string, usual int) int {
		if s := os.Getenv(name); s != "" {
			n, err := strconv.Atoi(s)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		return usual
	}
	count := number("HOLDFAST_MUTANTS", 20_000)
	began := time.Now()
	tally, err := Run(t.Context(), t.TempDir(), uint64(number("HOLDFAST_SEED", 1)), count)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range tally.Accepted {
		t.Error(a)
	}
	if tally.All() != count || len(tally.Offered) < 20 || tally.Genuine < 10 {
		t.Errorf("%d mutants of %d sorts, %d genuine ranges", tally.All(), len(tally.Offered), tally.Genuine)
	}
	for name, n := range tally.Offered {
		if n < count/100 {
			t.Errorf("only %d of: %s", n, name)
		}
	}
	if tally.Held < afterTheCut || tally.Lost != 0 {
		t.Errorf("%d facts of after the cut are held, %d are lost", tally.Held, tally.Lost)
	}
	t.Logf("%d mutants of %d sorts, none accepted, in %.0f s; %d genuine ranges in between; %d facts of after the cut kept and held", tally.All(), len(tally.Offered), time.Since(began).Seconds(), tally.Genuine, tally.Held)
}
