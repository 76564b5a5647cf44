package triage

import (
	"bytes"
	"io/fs"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"holdfast/content"
)

func TestShippedContentHolds(t *testing.T) {
	r := Check(os.DirFS("../content"), time.Now)
	for _, p := range r.Problems {
		t.Error(p)
	}
	t.Logf("%d complaints, %d rules, %d unsigned, %d cases, %d mutations, %d states, %.1f s, sampled %v",
		r.Complaints, r.Rules, r.Unsigned, r.Cases, r.Mutations, r.States, r.Seconds, r.Sampled)
	if r.Complaints < 4 || r.Rules < 30 || r.Cases < 60 || r.Mutations < r.Rules || r.States < 100 {
		t.Errorf("too little was checked: %+v", r)
	}
}

// edited is the shipped content with one text replaced in one file.
func edited(t *testing.T, file, from, to string) fs.FS {
	t.Helper()
	set, err := content.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{}
	for _, f := range set.Under("") {
		data := f.Bytes
		if f.Path == file {
			if !bytes.Contains(data, []byte(from)) {
				t.Fatalf("%s does not hold %q", file, from)
			}
			data = bytes.Replace(data, []byte(from), []byte(to), 1)
		}
		out[f.Path] = &fstest.MapFile{Data: data}
	}
	return out
}

func TestEveryPropertyCanFail(t *testing.T) {
	const abc, chest, fever, head = "triage/core/abc.triage", "triage/chest-pain.triage", "triage/fever-under-5.triage", "triage/head-injury.triage"
	for name, c := range map[string]struct{ file, from, to, property string }{
		"quotes that are not needed":      {chest, "owner: [clinical", "owner: [\"clinical\", clinical", "format"},
		"an unknown key":                  {chest, "heart: {type", "heart: {kind: x, type", "format"},
		"keys out of order":               {chest, "{level: L2, skill: [clinician]}\n    cite", "{skill: [clinician], level: L2}\n    cite", "format"},
		"unsure that is not bad":          {chest, "lasts: {type: yes_no_unsure, bad: [yes, unsure]", "lasts: {type: yes_no_unsure, bad: [yes]", "format"},
		"a band bad in the middle":        {chest, "bad: [12h-to-72h, under-12h, now]", "bad: [12h-to-72h]", "format"},
		"a fact from the record alone":    {"triage/record/anticoagulant.triage", "[record, ask]", "[record]", "format"},
		"self-care outside the scope":     {chest, "outside: {level: L2", "outside: {level: L10", "format"},
		"a negation":                      {chest, "[pain.under-12h, lasts.bad]", "[pain.under-12h, \"!lasts.bad\"]", "P2"},
		"a fact that is not there":        {chest, "[clot.bad]", "[clots.bad]", "P2"},
		"a best band as a red flag":       {chest, "[pain.under-12h, lasts.bad]", "[pain.over-72h, lasts.bad]", "P2"},
		"a question that decides nothing": {chest, "any: [lasts.bad, features.bad, heart.bad]", "any: [lasts.bad, features.bad]", "P2"},
		"a rule nobody can meet":          {fever, "scope: {age: 3m..5m}", "scope: {age: 9y..12y}", "P2"},
		"a module nobody imports":         {head, "record/anticoagulant, ", "", "P2"},
		"too many life-threat questions":  {head, "then: {level: L3, skill: [ed], sd: 4052}", "then: {level: L1, skill: [ed], sd: 4052}", "P6"},
		"bands with a hole":               {fever, "bands: [under-38.0, 38.0-38.9,", "bands: [under-37.5, 38.0-38.9,", "P7"},
		"bands that overlap":              {fever, "bands: [under-5, 5-or-more]", "bands: [under-6, 5-or-more]", "P7"},
		"a rule that adds nothing":        {abc, "\n    overlap: intended", "", "P8"},
		"an overlap that is none":         {abc, "hazard: H-106", "hazard: H-106\n    overlap: intended", "P8"},
		"no cite":                         {chest, "cite: {src: NICE NG158", "cite: {src: \"\"", "P9"},
		"no hazard":                       {chest, "hazard: H-115", "hazard: none", "P9"},
		"an id twice":                     {chest, "id: CHP-002", "id: CHP-001", "P9"},
		"no near miss":                    {"triage/core/stroke.triage", "  - {age: 70y, given: {focal: no}, expect: {level: L10}}\n", "", "P9"},
		"a young baby with fever waits":   {fever, "scope: {age: 0d..2m}\n    when: [temperature.bad]\n    then: {level: L2", "scope: {age: 0d..2m}\n    when: [temperature.bad]\n    then: {level: L3", "P11"},
		"arrest as a mere emergency":      {abc, "then: {level: L0, transport: ambulance, advice: [cpr-adult]}", "then: {level: L1, transport: ambulance, advice: [cpr-adult]}", "P11"},
		"a third call that may wait":      {"triage/core/contacts.triage", "then: {level: L2", "then: {level: L5", "P11"},
		"no life threats":                 {chest, "imports: [core/abc, ", "imports: [", "P11"},
		"a disposition too slow":          {"outcomes.csv", "L4,gp,none,Dx05", "L4,gp,none,Dx07", "P13"},
		"a retired disposition":           {"outcomes.csv", "L4,gp,none,Dx05", "L4,gp,none,Dx1113", "P13"},
		"an unknown discriminator":        {abc, "sd: 4033", "sd: 4999", "P13"},
		"an unknown symptom group":        {head, "sg: 1110", "sg: 1999", "P13"},
		"a skill without a row":           {head, "skill: [ed]", "skill: [surgeon]", "P13"},
		"a wrong expectation":             {head, "given: {force: yes}, expect: {level: L1", "given: {force: yes}, expect: {level: L2", "case"},
		"a limit of questions":            {chest, "dx: Dx08}, max_questions: 25}", "dx: Dx08}, max_questions: 3}", "case"},
		"a flag no test notices":          {fever, "  - {age: 2y, given: {limb: yes}, expect: {level: L5, rule: FEV-031}}\n", "", "mutation"},
		"a question without words":        {"triage/lang/en.yaml", "  chest-pain/clot:", "  chest-pain/clots:", "words"},
		"an instruction cut short":        {"triage/lang/cy.yaml", "      - \"Gwyliwch bob anadl. Dywedwch wrthyf ar unwaith os bydd yn stopio neu'n swnio'n anghywir.\"\n", "", "words"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := Check(edited(t, c.file, c.from, c.to), time.Now)
			if r.Failures == 0 || r.Failures != len(r.Problems) {
				t.Fatalf("nothing was found: %+v", r)
			}
			for _, p := range r.Problems {
				if p.Property == c.property {
					return
				}
			}
			t.Fatalf("%s was not named: %v", c.property, r.Problems)
		})
	}
}

// A program whose walk or join is broken is caught too: these properties hold
// by construction, so the test breaks the construction.
func TestWalkFindsLostDispositionsAndLoweredUrgency(t *testing.T) {
	c := shipped(t)
	p, err := c.compile([]string{"chest-pain"}, Years(50), Male)
	if err != nil {
		t.Fatal(err)
	}
	broken := *p
	broken.clauses = p.clauses[:len(p.clauses)-1] // the floor is gone
	k := &checker{c: c}
	k.graph(&broken)
	if len(k.r.Problems) == 0 || k.r.Problems[0].Property != "P1" {
		t.Errorf("a call without an outcome was not found: %v", k.r.Problems)
	}
	k = &checker{c: c}
	w := &walker{k: k, p: p, seen: map[mark]depths{}}
	lost := state{held: nothingHeld()}
	p.forget(&lost, &p.questions[p.index[response]], true) // a question that cannot be asked
	w.visit(&lost)
	if len(k.r.Problems) == 0 || k.r.Problems[0].Property != "P5" {
		t.Errorf("a red flag left undecided was not found: %v", k.r.Problems)
	}
	k = &checker{c: c}
	broken = *p
	broken.questions = append([]question(nil), p.questions...)
	for i := range broken.questions {
		if broken.questions[i].key == breathing {
			broken.questions[i].first = p.questions[p.index[airway]].first - 1 // its worst step is the airway's bit
		}
	}
	k.monotone(&broken)
	if len(k.r.Problems) == 0 || k.r.Problems[0].Property != "P3" {
		t.Errorf("a worse answer that lowers was not found: %v", k.r.Problems)
	}
}

func TestCheckReportsUnreadableContent(t *testing.T) {
	for _, fsys := range []fs.FS{fstest.MapFS{}, fstest.MapFS{"levels.csv": {Data: []byte("level\n")}}} {
		if r := Check(fsys, time.Now); r.Failures == 0 {
			t.Errorf("%+v", r)
		}
	}
}
