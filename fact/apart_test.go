package fact_test

import (
	"strings"
	"testing"

	"holdfast/fact"
)

func TestApart(t *testing.T) {
	w := &world{}
	a := w.add("A", 1, "before")
	l := w.add("A", 2, "left", a)
	r := w.add("B", 1, "right", a)
	h := fact.NewHistory(w.facts)
	place := map[fact.ID]int{}
	for i, f := range h.Facts() {
		place[f.ID] = i
	}
	if h.OneFeed() || !fact.NewHistory(w.facts[:2]).OneFeed() {
		t.Error("one feed is misread")
	}
	if !h.Apart(place[l], place[r]) || h.Apart(place[a], place[r]) || h.Apart(place[l], place[l]) {
		t.Error("apart is misread")
	}
	if !h.Covers([]fact.ID{l}, a) || !h.Covers([]fact.ID{l}, l) || h.Covers([]fact.ID{l}, r) || h.Covers(nil, a) || h.Covers([]fact.ID{l}, fact.ID{9}) {
		t.Error("what a page had seen is misread")
	}
	if v := h.Said(r, "text"); v.Feed != h.Facts()[place[r]].Header.Feed || v.Text != "text" || v.Fact != r {
		t.Errorf("%+v", v)
	}
	var reg fact.Register[string]
	reg.Set(h, place[l], "one")
	reg.Set(h, place[r], "one")
	if v, ok := reg.Get(); !ok || v != "one" || reg.Disputed() || len(fact.Disputed(h, fact.Subject{}, fact.Matter{}, "x", reg, strings.ToUpper)) != 0 {
		t.Errorf("the same value twice is one value: %+v", reg)
	}
	reg = fact.Register[string]{}
	reg.Set(h, place[l], "one")
	reg.Set(h, place[r], "")
	all := fact.Disputed(h, fact.Subject{3}, fact.Matter{Kind: 7}, "x", reg, strings.ToUpper)
	if len(all) != 1 || len(all[0].Values) != 2 || all[0].Subject != (fact.Subject{3}) || all[0].Matter.Kind != 7 {
		t.Fatalf("%+v", all)
	}
	if v, ok := fact.Chosen(reg, l.String()); !ok || v != "one" {
		t.Error("the chosen value is not found")
	}
	if _, ok := fact.Chosen(reg, "x"); ok {
		t.Error("something that is no value is chosen")
	}
}
