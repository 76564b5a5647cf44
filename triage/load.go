package triage

import (
	"errors"
	"slices"
	"sort"
	"strings"

	"holdfast/content"
	"holdfast/fact/refusal"
)

const (
	folder   = "triage"
	ending   = ".triage"
	langPath = "triage/lang"
)

// Content is everything that triage needs, read once and never changed.
type Content struct {
	set       *content.Set
	modules   map[string]*Module
	names     []string // of modules, sorted
	levels    [levelCount]LevelInfo
	outcomes  *outcomeTable
	dx        *Dispositions
	words     map[Lang]*wording
	news2     *news2Table
	hash      content.Hash // of all that decides
	wordsHash content.Hash
}

// The tables that triage reads beside its own folder.
var tables = []string{"levels.csv", "outcomes.csv", "dispositions.csv", "ambulance-standards.csv", "calendar.csv", "news2.csv"}

// Load reads triage from a content set. It refuses content that cannot be
// read, naming file and line; whether the content is any good is for Check.
func Load(set *content.Set) (*Content, error) {
	c := &Content{set: set, modules: map[string]*Module{}, words: map[Lang]*wording{}}
	var errs []error
	for _, f := range set.Under(folder) {
		if !strings.HasSuffix(f.Path, ending) {
			continue
		}
		m, err := decodeModule(f.Path, f.Bytes)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		c.modules[m.ID] = m
		c.names = append(c.names, m.ID)
	}
	sort.Strings(c.names)
	for _, f := range set.Under(langPath) {
		w, err := loadWording(f)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		c.words[Lang(strings.TrimSuffix(strings.TrimPrefix(f.Path, langPath+"/"), ".yaml"))] = w
	}
	errs = append(errs, c.loadTables())
	if err := errors.Join(errs...); err != nil {
		return nil, refusal.New(refusal.Invalid, "the triage content cannot be read: "+err.Error()).Because(err)
	}
	if c.words[English] == nil {
		return nil, refusal.New(refusal.Missing, "the triage content has no English wording")
	}
	return c, nil
}

func (c *Content) loadTables() error {
	var err1, err2, err3, err4, err5, err6 error
	c.levels, err1 = loadLevels(c.set)
	c.outcomes, err2 = loadOutcomes(c.set)
	c.dx, err3 = loadDispositions(c.set)
	c.news2, err4 = loadNEWS2(c.set)
	decides, worded := c.paths()
	c.hash, err5 = c.set.HashOf(decides...)
	c.wordsHash, err6 = c.set.HashOf(worded...)
	return errors.Join(err1, err2, err3, err4, err5, err6)
}

// paths lists the files that decide, and those that only word.
func (c *Content) paths() (decides, words []string) {
	decides = slices.Clone(tables)
	for _, f := range c.set.Under(folder) {
		switch {
		case strings.HasPrefix(f.Path, langPath+"/"):
			words = append(words, f.Path)
		case strings.HasSuffix(f.Path, ending):
			decides = append(decides, f.Path)
		}
	}
	return decides, words
}

// Hash is the hash over every file that decides: rules and tables.
func (c *Content) Hash() content.Hash { return c.hash }

// WordingHash is the hash over the language files.
func (c *Content) WordingHash() content.Hash { return c.wordsHash }

// Dispositions is the table of Dx codes with their clocks.
func (c *Content) Dispositions() *Dispositions { return c.dx }

// LevelInfo gives a level's name, time and whether it is a red-flag tier.
func (c *Content) LevelInfo(l Level) LevelInfo { return c.levels[min(l, L10)] }

// Complaints lists the complaints that can be started, sorted by id.
func (c *Content) Complaints() []string {
	var out []string
	for _, n := range c.names {
		if c.modules[n].Complaint {
			out = append(out, n)
		}
	}
	return out
}

// Suits tells whether somebody is inside a complaint's scope. Outside it the
// complaint still runs its life threats and then asks for a clinician.
func (c *Content) Suits(complaint string, age Age, sex Sex) bool {
	m := c.modules[complaint]
	return m != nil && m.Complaint && m.Scope.surely(age, sex)
}

// About gives a complaint's version and the status its authors claim.
func (c *Content) About(complaint string) (version int, status string, err error) {
	m := c.modules[complaint]
	if m == nil {
		return 0, "", refusal.Newf(refusal.Missing, "there is no complaint %q in this content", complaint)
	}
	return m.Version, m.Status, nil
}

// Permit is leave to run triage, given by MayRun alone.
type Permit struct {
	content *Content
}

// MayRun gives leave to run for an audience and nation. Outside demonstration
// and rehearsal every file that decides or words must be signed by the
// clinical safety officer of the deploying organisation.
func (c *Content) MayRun(audience content.Audience, nation content.Nation, rehearsalOrDemo bool) (Permit, error) {
	decides, words := c.paths()
	if err := c.set.MayRun(audience, nation, rehearsalOrDemo, append(decides, words...)...); err != nil {
		return Permit{}, err
	}
	return Permit{content: c}, nil
}
