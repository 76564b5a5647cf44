package journal

import (
	"crypto/hpke"
	"crypto/rand"
	"testing"
	"time"

	"holdfast/fact"
)

// BenchmarkRevokeADesk measures what the revocation of a desk that was given
// 20,000 subjects costs: the cut, the fresh keys, and the first thing that is
// then said about one of the subjects.
func BenchmarkRevokeADesk(b *testing.B) {
	const subjects = 20_000
	for b.Loop() {
		b.StopTimer()
		j := newJournal(b, testOptions(b))
		d, _ := sister(b, j, fact.Desk, "d")
		var all []fact.Subject
		for len(all) < subjects {
			_, err := j.Do(b.Context(), fact.Author{Role: "tester"}, nil, func(tx *Tx) (drafts []fact.Draft, err error) {
				for range 200 {
					s, err := tx.NewSubject()
					if err != nil {
						return nil, err
					}
					all, drafts = append(all, s), append(drafts, fact.Say(s, said{"before"}))
				}
				return drafts, nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		var refs []KeyRef
		for bucket := range 256 {
			some, err := j.KeyringList(b.Context(), byte(bucket))
			if err != nil {
				b.Fatal(err)
			}
			refs = append(refs, some...)
		}
		if wraps, err := j.Wraps(b.Context(), d.papers.card.Device, refs); err != nil || len(wraps) < subjects {
			b.Fatal(len(wraps), err)
		}
		if err := j.KeepKeys(b.Context()); err != nil { // what is due before
			b.Fatal(err)
		}
		facts, at := j.facts(b), time.Now()
		b.StartTimer()
		says := CutMade{Device: d.papers.card.Device, Since: fact.At(j.o.Clock()), Why: "stolen"}
		if _, err := j.Do(b.Context(), fact.Author{Role: "administrator"}, nil, func(*Tx) ([]fact.Draft, error) {
			return []fact.Draft{fact.Say(j.OrgSubject(), says)}, nil
		}); err != nil {
			b.Fatal(err)
		}
		if err := j.KeepKeys(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(time.Since(at).Microseconds())/1000, "ms/revoked")
		b.ReportMetric(float64(j.facts(b)-facts), "facts")
		at = time.Now()
		say(b, j, all[0], "after")
		b.ReportMetric(float64(time.Since(at).Microseconds())/1000, "ms/first-after")
		b.StopTimer()
		if err := j.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func (j *Journal) facts(b *testing.B) int64 {
	n, err := j.file.Load().write.oneInt("SELECT count(*) FROM facts")
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// BenchmarkJudgeDesks measures what the wrapping keys of 200 desks cost each time
// that the organisation's own facts are judged, with no desk and with 100 desks
// ever revoked.
func BenchmarkJudgeDesks(b *testing.B) {
	j := newJournal(b, testOptions(b))
	for name, revoked := range map[string]int{"none-revoked": 0, "100-revoked": 100} {
		b.Run(name, func(b *testing.B) {
			h := &house{}
			h.Devices = map[fact.Subject]Enrolled{}
			epoch := j.epochs.Load().now
			for range revoked {
				var f fresh
				f.epoch = epoch
				if _, err := rand.Read(f.name[:]); err != nil {
					b.Fatal(err)
				}
				h.fresh = append(h.fresh, &f)
			}
			for range 200 {
				s := newSubject(b, j)
				key := make([]byte, 32)
				if _, err := rand.Read(key); err != nil {
					b.Fatal(err)
				}
				wrap, err := hpke.Seal(j.epoch.PublicKey(), hpke.HKDFSHA256(), hpke.AES256GCM(), wrapInfo(s), key)
				if err != nil {
					b.Fatal(err)
				}
				h.Devices[s] = Enrolled{Wrap: wrap}
			}
			for b.Loop() {
				h.wrappers, h.desks = map[[16]byte]deskUse{}, map[fact.Subject]ring{}
				j.openDeskWraps(h)
			}
			if len(h.wrappers) != 200*(2+revoked) {
				b.Fatal(len(h.wrappers))
			}
		})
	}
}
