package directory

import (
	"testing"

	"holdfast/fact"
)

func TestAHeldEntryClosesNoService(t *testing.T) {
	d := listed(t, base())
	w := d.w["a"]
	for name := range d.w {
		w = d.w[name]
	}
	made := w.State(t, keeper.Author(), fact.NewHistory(d.facts).Frontier(),
		fact.Say(about, ServiceEnded{Why: "gone"}), fact.Say(about, NoticePosted{Text: "closed tonight", Closed: true}))
	for i := range made {
		made[i].Held, made[i].Since = true, fact.At(now)
	}
	d.facts = append(d.facts, made...)
	e := d.sync()
	if e.Ended != "" || len(e.Notices) != 1 || e.Notices[0].Says.Closed || e.HeldFrom != fact.At(now) {
		t.Errorf("%+v", e)
	}
}
