package urgent

import (
	"testing"
	"time"

	"holdfast/fact"
)

func TestWhatTiesAPersonToAHome(t *testing.T) {
	claimed := Holding{Person: nurse.Person}
	at := fact.At(evening)
	open := Case{ID: fact.Subject{9}, Number: "1", Taken: &CallTaken{}}
	with := func(change func(*Case)) Case {
		c := open
		change(&c)
		return c
	}
	home := with(func(c *Case) {
		c.Claims, c.Started = []Holding{claimed}, []Started{{Person: nurse.Person, Mode: "home", At: at}}
	})
	outcome := with(func(c *Case) {
		c.Outcome.Values = []fact.Stated[OutcomeSet]{{Value: OutcomeSet{Outcome: "visit"}}}
		c.Dispositions = []Disposition{{What: DispositionSet{Level: 4, Due: at}}}
	})
	called := with(func(c *Case) { c.Ambulances = []Ambulance{{At: at}} })
	ended := with(func(c *Case) { c.Ambulances, c.Closings = []Ambulance{{At: at}}, []Closing{{}} })
	for name, one := range map[string]struct {
		c                              Case
		now                            time.Time
		is, visit, mine, emergency, at bool
	}{
		"no case":              {c: Case{}},
		"open":                 {c: open, is: true},
		"a home consultation":  {c: home, is: true, visit: true, mine: true, at: true},
		"another's":            {c: with(func(c *Case) { *c = home; c.Claims = []Holding{{Person: doctor.Person}} }), is: true},
		"a visit to be made":   {c: outcome, is: true, visit: true, at: true},
		"closed":               {c: with(func(c *Case) { *c = home; c.Closings = []Closing{{}} })},
		"an ambulance":         {c: called, is: true, emergency: true},
		"ended, crew arrives":  {c: ended, now: evening.Add(3 * time.Hour), is: true, emergency: true},
		"ended long ago":       {c: ended, now: evening.Add(13 * time.Hour)},
		"an ambulance urgency": {c: with(func(c *Case) { c.Dispositions = []Disposition{{What: DispositionSet{Level: 1}}} }), is: true, emergency: true},
		"a lesser urgency":     {c: with(func(c *Case) { c.Dispositions = []Disposition{{What: DispositionSet{Level: 2, Due: at}}} }), is: true, at: true},
	} {
		now := one.now
		if now.IsZero() {
			now = evening
		}
		r, is := EntryRelation(one.c, nurse.Person, 12*time.Hour, now)
		if is != one.is || r.Visit != one.visit || r.Mine != one.mine || r.Emergency != one.emergency || r.At.IsZero() == one.at {
			t.Errorf("%s: %v %+v", name, is, r)
		}
	}
}
