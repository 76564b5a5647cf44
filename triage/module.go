package triage

// Module is one content file: a complaint, or shared facts and rules that
// complaints import.
type Module struct {
	ID        string // its path below triage/, without the ending
	Complaint bool
	Version   int
	Status    string
	Owner     []string
	Source    string
	Scope     Scope
	SG        int
	Imports   []string
	Facts     []Fact
	Rules     []Rule
	Floor     Then // what stands when nothing is bad
	HasFloor  bool
	SafetyNet []string // rules whose signs the patient is told to ring back for
	Outside   Then     // who does not fit the scope; complaints only
	Cases     []Case

	path string
}

// AnswerKind is how a fact is answered.
type AnswerKind uint8

// The kinds of answer. Bands stand in order, the best first.
const (
	YesNo AnswerKind = iota
	Band
)

// Fact is one thing to find out.
type Fact struct {
	Name       string
	FromRecord bool // may be taken from the record and is then said aloud once
	Kind       AnswerKind
	Bands      []string // of a Band, the best first
	Unit       string   // says that the bands are numbers, and of what
	Bad        []string
	FirstHand  bool // only someone with the patient can tell
	Group      string
	Seconds    int // to ask; orders questions only
	Prior      int // bad answers in a thousand; orders questions only
	Scope      Scope
}

// Rule is one positive conjunction and what follows from it.
type Rule struct {
	ID      string
	Scope   Scope
	When    []Literal // all of these
	Any     []Literal // and, when there are any, one of these
	Then    Then
	Cite    Cite
	Hazard  string
	Overlap bool // meant to stand beside a more urgent or wider rule

	module string
}

// Literal is a fact at its bad point, or at a named band or worse.
type Literal struct {
	Fact string // as written: bare, or with its module
	At   string // "bad" or a band
}

// Then is what a rule asks for.
type Then struct {
	Level     Level
	Skill     []string
	Transport bool // an ambulance is needed to get there
	SD        int
	Advice    []string
}

// Cite says where a rule comes from.
type Cite struct {
	Source string // publisher and number, as "NICE NG143"
	Rec    string // section or recommendation
	Date   string
}

// Case is a worked case beside the rules. Facts that it does not name were
// answered "not bad".
type Case struct {
	Age          string
	Sex          Sex
	Given        [][2]string // fact and answer, in order
	Level        *Level
	Skill        string
	Dx           string
	Rule         string // this rule must have been met
	MaxQuestions int
	Line         int
}

// bits counts the steps from the best answer to the worst.
func (f *Fact) bits() int {
	if f.Kind == Band {
		return len(f.Bands) - 1
	}
	return 1
}
