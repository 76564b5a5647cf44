package web

import (
	"context"
	"fmt"
	"html"
	"io"
	"sort"
	"strings"
	"time"

	"github.com/a-h/templ"
)

// in puts parts inside a component.
func in(parent templ.Component, kids ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return parent.Render(templ.WithChildren(ctx, templ.Join(kids...)), w)
	})
}

func raw(s string) templ.Component { return templ.Raw(s) }

// box is one element round its parts.
func box(open string, kids ...templ.Component) templ.Component {
	tag, _, _ := strings.Cut(open, " ")
	return templ.Join(append(append([]templ.Component{raw("<" + open + ">")}, kids...), raw("</"+tag+">"))...)
}

var tansley = Patient{
	Name:  "TANSLEY, Wilfred",
	Pairs: []Pair{{"Born", "3 Feb 1948 (78) M", false}, {"NHS no", "999 412 0735", true}, {"Now at", "11 Tenter Row, Coldwater", false}},
	Flags: []Tag{{"Do not attempt CPR", "fill"}, {"Penicillin: rash", "amb"}, {"Steroids daily", "amb"}},
}

func (g *gallery) signInPage(f Frame) templ.Component {
	return in(OutsidePage(f, "sign-page"), box(`main id="main" class="sign"`,
		box(`div class="sign-box"`,
			NameMark(), raw(`<h1>Start your shift</h1><p class="meta">Fellside 111 · Aldermoor control room · desk 14</p>`),
			box(`form class="panel" method="post" action="/sign-in"`,
				box(`div class="in stack"`,
					TextField(Text{Name: "staff", Label: "Your staff number", Hint: "Or leave it empty: your passkey knows you", Autocomplete: "username webauthn", InputMode: "numeric"}),
					Btn(Button{Text: "Use your passkey", Key: "Enter", Tone: "go", Tall: true, Wide: true}),
					raw(`<p class="meta">Touch your key or look at the reader. Holdfast never asks for a password alone.</p>`))),
			box(`p class="sign-sos"`, Btn(Button{Text: "Emergency call without signing in", Key: "F2", Tone: "sos", Href: "#"}))),
		box(`aside class="sign-side" aria-label="Before you start"`,
			in(Panel(Head{Title: "This desk", End: "checked 18:52"}), box(`div class="in"`, Pairs([]Pair{{"Works alone", "Ready. Holds 41 open cases and tonight’s services", false}, {"Safe copies", "Site nodes A and B answered 2 seconds ago", false}}))))))
}

func (g *gallery) callPage(f Frame, v *Form) templ.Component {
	f.Keys = []Key{K("F2", "Emergency"), K("F4", "Get a clinician"), K("F9", "Go on"), K("Tab", "Next field"), K("Esc", "Leave the field")}
	f.KeysEnd = []Key{K("Alt+B", "I need a break")}
	text := func(t Text) templ.Component {
		t.Value, t.Error = v.Value(t.Name), v.Error(t.Name)
		return TextField(t)
	}
	seg := func(s Seg) Seg { s.Chosen, s.Error = v.Value(s.Name), v.Error(s.Name); return s }
	first := box(`section class="first" aria-label="First seconds"`,
		box(`div class="first-sos"`, Btn(Button{Text: "Emergency", Key: "F2", Tone: "sos", Href: "/triage#cpr"}), raw(`<span class="meta">needs only these two</span>`)),
		text(Text{Name: "number", Label: "Number calling", Hint: "From the line. Read it back", Large: true, InputMode: "tel"}),
		text(Text{Name: "place", Label: "Where is the patient now?", Large: true, Class: "first-place"}),
		box(`div class="first-life" role="group" aria-label="Life threat"`,
			SegRow(seg(Seg{Name: "awake", Label: "Awake and talking?", Choices: YesNoUnsure("no"), Answers: true, Unasked: false})),
			SegRow(seg(Seg{Name: "breathing", Label: "Breathing normally?", Choices: YesNoUnsure("no"), Answers: true})),
			SegRow(seg(Seg{Name: "bleeding", Label: "Heavy bleeding?", Choices: YesNoUnsure("yes"), Answers: true}))),
		box(`div class="first-clock"`, raw(`<span class="meta">On the call</span>`), OnCall(f.Now.Add(-48*time.Second), f.Now), raw(`<span class="meta">case 26-118204</span>`)))
	caller := in(Panel(Head{Title: "Caller", Ends: SegBar(seg(Seg{Name: "caller", Label: "Caller is", Choices: []Choice{{Value: "patient", Text: "The patient"}, {Value: "other", Text: "Someone else"}, {Value: "pro", Text: "Professional"}}}))}),
		box(`div class="in grid g3"`,
			text(Text{Name: "caller_name", Label: "Name"}), text(Text{Name: "relation", Label: "To the patient"}), text(Text{Name: "ring_back", Label: "Ring back on", InputMode: "tel"}),
			SegField(seg(Seg{Name: "with", Label: "With the patient?", Choices: YesNo(), Hint: "Elsewhere: “unsure” is no finding", Unasked: true})),
			SelectField(Pick{Name: "language", Label: "Language", Value: v.Value("language"), Options: []Option{{"en", "English"}, {"cy", "Cymraeg"}}})))
	patient := in(Panel(Head{Title: "Patient", End: "Any two of name, birth date and place find a record. None is needed to go on."}),
		box(`div class="in grid g4"`,
			text(Text{Name: "first", Label: "First name"}), text(Text{Name: "last", Label: "Last name"}), text(Text{Name: "born", Label: "Born", InputMode: "numeric", Hint: "Day month year"}),
			SelectField(Pick{Name: "sex", Label: "Sex, for clinical risk", Value: v.Value("sex"), Options: []Option{{"", "Not asked"}, {"male", "Male"}, {"female", "Female"}}}),
			text(Text{Name: "why", Label: "Why are they ringing? Their own words", Class: "g-2", Hint: "Starts the question set"}),
			box(`div class="f"`, raw(`<span class="lab">Record</span><span class="stacked">`), CheckField(Check{Name: "agreed", Label: "He agreed to us looking", Checked: v.Has("agreed", "yes")}), raw(`</span>`))))
	flags := in(Panel(Head{Title: "Know before you ask", Meta: "2 flags", Ends: Btn(Button{Text: "I have read both", Key: "F8"})}),
		Flags([]Flag{{Tag{"Second call", "amb"}, "Rang Thursday 21:50, cough.", "Outcome: own GP within 24 h."}, {Tag{"Adjustment", ""}, "Deaf in the left ear.", "Speak slowly, no background noise."}}))
	goOn := box(`section class="go-on"`, Btn(Button{Text: "Go to questions", Key: "F9", Tone: "go", Tall: true, Wide: true}), box(`p class="meta"`, DraftLine()))
	return in(Page(f), box(`main id="main"`, raw(`<h1 class="vh">New call</h1>`),
		box(`form method="post" action="/call" data-draft="call" data-once`, first,
			Interrupt(Interruption{What: "Resuscitation decision on record: do not attempt CPR", More: "Signed by Dr P. Whitlock, 14 Sep 2026, review 14 Mar 2027. Paper copy on the fridge.", Act: Button{Text: "Read it", Key: "Alt+Q", Href: "#"}}),
			box(`div class="page"`, ErrorSummary(v.Errors()), box(`div class="cols call-cols"`, box(`div class="stack"`, caller, patient), box(`div class="stack"`, flags, goOn))))))
}

func (g *gallery) triagePage(f Frame) templ.Component {
	f.Keys = []Key{K("Y N U", "Answer"), K("0", "None of these"), K("↑ ↓", "Question"), K("Alt+C", "CPR"), K("F9", "Next group")}
	q := func(n int, text, name string) templ.Component {
		return box(`li class="q"`, raw(fmt.Sprintf(`<div><span class="q-n">%d</span>%s</div>`, n, text)), box(`div class="q-a"`, SegBar(Seg{Name: name, Label: text, Choices: YesNoUnsure(""), Answers: true, Unasked: true})))
	}
	drawer := in(DrawerBox(Drawer{ID: "cpr", Title: "CPR, adult. Read aloud", Tag: Tag{"Category 1 ambulance requested 19:51:41", "red"}}),
		raw(`<ol class="say"><li>“Put the phone on speaker, on the floor beside them.”</li><li>“Push down hard, 5 to 6 cm, and let it come up. Count with me.”</li></ol>`), Metronome(Beat{PerMinute: 110, Source: "Change over every 2 minutes if someone else is there."}))
	p := tansley
	p.CallSince = f.Now.Add(-199 * time.Second)
	return in(Page(f), Who(p, f.Now), box(`main id="main" class="page cols tri-cols"`,
		box(`div class="stack"`, in(Panel(Head{Title: "Cough, breathlessness", Meta: "Ask these three together", End: "Group 3 of about 5"}),
			box(`form method="post" action="/taken"`, box(`ol class="qs plain"`, q(7, "Is he more breathless than is usual for him?", "q7"), q(8, "Is he newly confused or very drowsy?", "q8"), q(9, "Are his lips or face blue or grey?", "q9")),
				box(`div class="in q-next"`, Btn(Button{Text: "Next group", Key: "F9", Tone: "go"}), Btn(Button{Text: "None of these three", Key: "0", Name: "none", Value: "yes"}))))),
		box(`aside class="stack" aria-label="Urgency so far"`, in(Panel(Head{Title: "Urgency so far", End: "rises only", Class: "urg"}),
			box(`div class="in"`, raw(`<h3>Because</h3>`), Because([]string{"Second call in 4 days for the same problem"}, false), raw(`<h3>Would raise it</h3>`), Because([]string{"Blue or grey lips, not asked"}, true)),
			box(`div class="in drawer-pull"`, raw(`<h3>Instructions</h3>`), Btn(Button{Text: "CPR, adult", Key: "Alt+C", Opens: "cpr", Href: "#cpr"}))))), drawer)
}

// row is one case on the made-up worklist.
type row struct {
	id, name, age, mark, why, where, needs, who string
	pri                                         int
	start, deadline                             time.Time
}

func (r row) order() string { return fmt.Sprintf("%013d", r.deadline.UnixMilli()) }

func (r row) draw(now time.Time) templ.Component {
	class := ""
	if r.who != "Free" {
		class = ` class="taken"`
	}
	var mark templ.Component = templ.NopComponent
	if r.mark != "" {
		mark = SmallMark(r.mark)
	}
	who := html.EscapeString(r.who)
	if r.who == "Free" {
		who = "<b>Free</b>"
	}
	return box(fmt.Sprintf(`tr id="%s" data-order="%s"%s`, r.id, r.order(), class),
		box("td", TimeLeft(r.deadline, now)), box(`td class="hide-s"`, TimeUsed(r.start, r.deadline, now)),
		raw(`<td class="n num">`+r.deadline.Format("15:04")+`</td>`), box("td", Priority(r.pri)), raw("<td>"+r.needs+"</td>"),
		box("td", raw(`<a class="pt" href="/case">`+r.name+`</a> <small>`+r.age+`</small>`), mark),
		raw(`<td class="fit" title="`+r.why+`">`+r.why+`</td><td class="hide-s">`+r.where+`</td><td>`+who+`</td>`))
}

func someRows(now time.Time) []row {
	at := func(min int) time.Time { return now.Add(time.Duration(min)*time.Minute + 30*time.Second) }
	var out []row
	names := []string{"FERRIBY, Dolores", "ASPINALL, Joss", "MARCHBANK, Ottoline", "KAUR-ELLIS, Simran", "OYELARAN, Tunde", "HOLROYDE, Agnes", "BRODIE-FINCH, Callum", "UNKNOWN, woman about 40", "LINDQVIST, Maja", "PEVERELL, Stanley", "ADEBAYO, Folake", "RUTHERGLEN, Iain", "ZIELINSKA, Hania", "BATTERSBY, Colin", "IMRAN, Zara", "WETHERALL, Jude", "SCARGILL, Winifred", "VANTERPOOL, Leon", "ARKWRIGHT, Noor", "DUNPHY, Cormac"}
	mins := []int{-11, -6, -2, 3, 4, 7, 8, 9, 12, 14, 16, 19, 21, 33, 36, 41, 44, 47, 344, 402}
	whys := []string{"Dizzy since new tablets, fell in the hall, no head injury", "Fever 39.4 for two days, drinking less", "32 weeks, headache and swollen hands since morning", "Pain breaking through, syringe driver alarm"}
	for i, n := range names {
		r := row{id: fmt.Sprintf("r%d", i+1), name: n, age: "81 F", why: whys[i%len(whys)], where: "Coldwater", needs: `Ring back <small class="hide-s">Dx34</small>`, who: "Free", pri: 1 + i/7, start: now.Add(-30 * time.Minute), deadline: at(mins[i])}
		if i < 3 {
			r.who = "Nurse Bashir, third try now"
		}
		if i%5 == 3 {
			r.mark = "2nd call"
		}
		out = append(out, r)
	}
	return out
}

func (g *gallery) worklistPage(f Frame) templ.Component {
	f.Live = "/worklist/live"
	f.Keys = []Key{K("J K", "Row"), K("Enter", "Open"), K("T", "Take next"), K("/", "Find"), K(".", "Show changes")}
	g.mu.Lock()
	rows := append([]row(nil), g.rows...)
	g.mu.Unlock()
	sort.Slice(rows, func(i, j int) bool { return rows[i].order() < rows[j].order() })
	titles := []Group{{Text: "Late", Kind: Late, Order: ""}, {Text: "Late within 10 minutes unless taken", Kind: Due}, {Text: "Within 30 minutes", Kind: Soon}, {Text: "Later", Kind: InTime}}
	var kids []templ.Component
	for _, t := range titles {
		var mine []templ.Component
		for _, r := range rows {
			if KindOfBreach(r.deadline, f.Now) == t.Kind {
				mine = append(mine, r.draw(f.Now))
			}
		}
		t.Span, t.More = 9, Plural(len(mine), "case", "cases")
		kids = append(append(kids, WorkGroup(t)), mine...)
	}
	cols := []Column{{"Time to breach", ""}, {"Time used", "hide-s"}, {"By", "n"}, {"Pri", ""}, {"Needs", ""}, {"Patient", ""}, {"Why", "fit-h"}, {"Where", "hide-s"}, {"Who has it", ""}}
	return in(Page(f), box(`main id="main" class="wl"`,
		box(`div class="wl-top"`, raw(fmt.Sprintf(`<h1>Worklist <span class="meta">%d open, what will be late first</span></h1>`, len(rows))),
			box(`div class="wl-next"`, Btn(Button{Text: "Take next", Key: "T", Tone: "go", Tall: true, Href: "/case"}), raw(`<span class="tight"><b>KAUR-ELLIS, Simran, 34 F, pregnant</b><span class="meta">3 min left · ring back · yours alone from the moment you press</span></span>`)),
			raw(`<dl class="wl-sum"><div class="late"><dt>Late</dt><dd>3</dd></div><div class="due"><dt>Next 10 min</dt><dd>5</dd></div><div><dt>Free</dt><dd>17</dd></div></dl>`)),
		box(`form class="wl-bar" method="get" action="/worklist"`,
			box(`div class="wl-find"`, raw(`<label class="vh" for="f-find">Find in list</label><input class="in" id="f-find" name="find" placeholder="Name, number, place or words" data-key="/" aria-keyshortcuts="/"><kbd aria-hidden="true">/</kbd>`)),
			SegBar(Seg{Name: "show", Label: "Show", Chosen: "", Choices: []Choice{{Value: "", Text: fmt.Sprintf("All %d", len(rows))}, {Value: "speak", Text: "Speak 22"}, {Value: "visit", Text: "See or visit 12"}}, Submit: true}),
			CheckField(Check{Name: "free", Label: "Free only", Key: "F", Submit: true}), LiveLine()),
		in(WorkTable(Work{ID: "cases", Label: "Open cases", Columns: cols}), kids...)))
}

func (g *gallery) casePage(f Frame) templ.Component {
	line := in(Timeline(), Day("Saturday 21 November"),
		MomentLine(Moment{At: "20:02", Mark: "key", What: "Accepted.", More: "Visit by car 2", By: []string{"T. Grundy, Tarn Valley Out of Hours"}}),
		MomentLine(Moment{At: "19:46", Mark: "other", What: "GP record read.", By: []string{"R. Ashdown, Fellside 111"}}),
		MomentLine(Moment{At: "14:10", Mark: "late", What: "Temperature 38.1 at home,", More: "thermometer of the carer", By: []string{"Happened 14:10 · written down 18:40 · reached us 19:58"}}),
		MomentLine(Moment{At: "—", Mark: "gap", What: "Something is not shown.", More: "Treat as unknown, not as nothing.", By: []string{"Ring Larkfield, on call: 01632 960 377"}}))
	return in(Page(f), Who(tansley, f.Now), box(`main id="main" class="page cols con-cols"`,
		in(Panel(Head{Title: "Timeline", End: "happened, newest first"}), box(`div class="in"`, line)),
		box(`div class="stack"`, in(Panel(Head{Title: "Two values. Which is right?", Tone: "ask", Ends: Mark(Tag{"Ask a person", "ask"})}), box(`div class="in"`, raw("<p><b>Oxygen target.</b> Both were written apart and neither replaces the other.</p>"))),
			in(Panel(Head{Title: "Tasks"}), Empty("No task is open.", "The next comes when no receipt arrives by 20:20.")),
			in(Panel(Head{Title: "Notes"}), box(`form class="in" method="post" action="/taken" data-draft="note"`, TextArea(Text{Name: "note", Label: "Note", Rows: 3, Hint: "Saved as you type"}), Btn(Button{Text: "Add note", Key: "F9", Tone: "go"}), raw(" "), DraftLine())))))
}

func (g *gallery) reportPage(f Frame) templ.Component {
	return in(PaperPage(f), box(`main id="main" class="sheet"`,
		raw(`<header class="rep-head"><div><b class="rep-org">Tarn Valley Out of Hours</b><span>Report to Millrace Practice, for Dr P. Whitlock</span></div></header><section class="rep-who"><h1>TANSLEY, Wilfred</h1><span>3 Feb 1948 (78) male</span></section><section class="rep-act"><h2>For action: 1</h2><table><thead><tr><td></td><th scope="col">What you are asked to do</th><th scope="col">By</th></tr></thead><tbody><tr><td class="n">1</td><td><b>Review his chest and breathing</b></td><td><b>Mon 23 Nov</b></td></tr></tbody></table></section>`), PaperFoot("26-118204", "21 Nov 2026 21:30")),
		box(`aside class="noprint rep-tools" aria-label="Sending"`, Btn(Button{Text: "Send again", Href: "/case"})))
}

func (g *gallery) framesPage(f Frame) templ.Component {
	zone, t := f.Zone, f.Now
	f.State = Unsafe(3, 9*time.Minute).With(DemoStrip(), Stale(t, zone))
	f.State.Strips = append(f.State.Strips, CannotSave(t, zone, "Move to desk 7, or go on with paper form 7140.").Strips...)
	f.State.Strips = append(f.State.Strips, Rehearsal(10).Strips...)
	f.State.Strips = append(f.State.Strips, Strip{ID: "hub", Tone: StripPart, What: "The hub is cut off since 04:12.", Do: "Carry on.", More: []Act{{Text: "The 6 waiting", Href: "/worklist"}, {Text: "Print them", Href: "/report", Key: "Alt+P"}}},
		Strip{ID: "ask", Tone: StripAsk, What: "2 entries on 1 case can’t be shown.", Do: "Silence is not “no”."})
	f.Live = ""
	return in(Page(f), box(`main id="main" class="page"`, raw("<h1>The frame in every state</h1>")))
}

// breachPage shows many deadlines as the server says them; the script must say
// the same.
func (g *gallery) breachPage(f Frame) templ.Component {
	f.Live = ""
	var kids []templ.Component
	for _, s := range breachSeconds() {
		d := f.Now.Add(time.Duration(s)*time.Second + 900*time.Millisecond)
		if s < 0 {
			d = f.Now.Add(time.Duration(s)*time.Second - 50*time.Millisecond)
		}
		kids = append(kids, box(fmt.Sprintf(`p data-want="%s|%s"`, BreachWords(d, f.Now), KindOfBreach(d, f.Now)), TimeLeft(d, f.Now)))
	}
	return in(Page(f), box(`main id="main" class="page"`, append([]templ.Component{raw("<h1>Deadlines</h1>")}, kids...)...))
}

func breachSeconds() []int64 {
	return []int64{0, 1, 59, 60, 61, 599, 600, 601, 1799, 1800, 3599, 3600, 3661, 86399, 172799, 172800, 200000, -1, -59, -60, -3600, -172800}
}
