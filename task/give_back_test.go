package task

import (
	"testing"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

func TestGiveBack(t *testing.T) {
	o := newOffice(t)
	drafts, err := Raise(o.on("a"), dev, ring, now)
	o.say("a", dev, drafts, err)
	drafts, err = Take(o.on("a"), kemi, "", now)
	o.say("a", kemi, drafts, err)
	one := o.on("a")
	if _, err := GiveBack(one, ruth, kemi.Person, "left"); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("a dispatcher gives back for others: %v", err)
	}
	if _, err := GiveBack(one, admin, kemi.Person, ""); !refusal.Is(err, refusal.Invalid) {
		t.Errorf("no reason: %v", err)
	}
	if drafts, err := GiveBack(one, admin, ruth.Person, "left"); err != nil || len(drafts) != 0 {
		t.Errorf("taken from somebody else: %v %v", drafts, err)
	}
	drafts, err = GiveBack(one, admin, kemi.Person, "left")
	o.say("a", admin, drafts, err)
	one = o.sync("a")
	if len(one.Holders()) != 0 || !one.Open() {
		t.Errorf("held by %+v, open %v", one.Holders(), one.Open())
	}
	if drafts, err := GiveBack(one, admin, kemi.Person, "left"); err != nil || len(drafts) != 0 {
		t.Errorf("twice: %v %v", drafts, err)
	}
	if drafts, err := GiveBack(Task{Subject: fact.Subject{9}}, admin, kemi.Person, "left"); err != nil || len(drafts) != 0 {
		t.Errorf("no such task: %v %v", drafts, err)
	}
}
