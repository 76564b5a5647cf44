package drill

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// pulled is a protection taken out of the source: the drill named must then
// fail, and say so by these words. What stands twice is taken out twice.
type pulled struct {
	drill, what string
	seen        string
	out         []change
}

// change is one place in the source and what stands there without the
// protection.
type change struct{ file, old, new string }

// noSum has lists believed without the sum with which they were put to rest.
func noSum() change {
	return change{"journal/viewsum.go", "return have == string(want), os.Remove", "return have == string(want) || have != \"\", os.Remove"}
}

// answeredEarly has acts answered when their facts are placed and not yet
// committed.
func answeredEarly() []change {
	return []change{
		{"journal/run.go", "\t\tfor i, a := range batch {\n\t\t\ta.answer <- out.answers[i]\n\t\t}\n", ""},
		{"journal/writer.go", "\t\treturn w.writeLanes(c, lanes)\n", "\t\tfor i, a := range batch {\n\t\t\tif a.answer != nil {\n\t\t\t\ta.answer <- out.answers[i]\n\t\t\t}\n\t\t}\n\t\treturn w.writeLanes(c, lanes)\n"},
		{"journal/run.go", "\t\ta.answer <- answer{err: err}\n", "\t\tselect {\n\t\tcase a.answer <- answer{err: err}:\n\t\tdefault:\n\t\t}\n"},
	}
}

func allPulled() []pulled {
	return []pulled{
		{"kill", "acts are answered before their commit", "answered as saved and not there", answeredEarly()},
		{"power", "a new file's name is not flushed", "it could not be founded anew", []change{
			{"journal/store.go", "os.O_EXCL|os.O_WRONLY); err != nil {\n\t\treturn err\n\t}\n\treturn d.SyncFolder(filepath.Dir(path))", "os.O_EXCL|os.O_WRONLY); err != nil {\n\t\treturn err\n\t}\n\treturn nil"}}},
		{"power", "SQLite does not flush its log", "no such table", []change{
			{"journal/dbfile.go", `{"synchronous", "full", "2"}`, `{"synchronous", "off", "0"}`}}},
		{"flush", "the file is written again after a failed flush", "no banner says why", []change{
			{"journal/run.go", "\t\treturn j.failStop(w, check, err)\n\t}\n\treturn w\n}\n\n// looksOf", "\t}\n\treturn w\n}\n\n// looksOf"}}},
		{"torn", "a damaged log is taken for its end", "dropped as if they had never been saved", []change{
			{"journal/logtail.go", "\tif err != nil || dropped == 0 {\n\t\treturn false, err", "\t_ = log\n\tif true {\n\t\treturn false, err"}}},
		{"bits", "lists are believed without their sum", "lists were shown from it", []change{noSum()}},
		{"full", "saving is not taken up again", "waiting for saving to be taken up in vain", []change{
			{"journal/run.go", "\tif !j.reserve.restore() {", "\tif j.reserve.restore(); true {"}}},
		{"full", "acts are answered before their commit", "waiting for refusals on the full disk in vain", answeredEarly()},
		{"views", "lists of another journal are gone on with", "another organisation's", []change{
			{"journal/views.go", "return cursor, err == nil && string(have) == string(id), err", "return cursor, err == nil && len(have)+len(id) > 0, err"}}},
		{"views", "twice: lists are believed without their sum; what came after them is not taken in", "they do not hold what they held", []change{noSum(),
			{"journal/views.go", "err == nil && cursor < end {", "err == nil && cursor > end {"}}},
		{"loss", "what stands here alone counts as safe", "as safe while it was cut off", []change{
			{"journal/receipts.go", "if c.device != own && domain != j.Domain() {", "if c.device == own || domain != j.Domain() {"}}},
		{"backup", "twice: the start token always fits; a device that others know further goes on", "the sites do not agree", []change{
			{"journal/start.go", "\t\t\treturn false // the journal is older", "\t\t\treturn true // the journal is older"},
			{"journal/start.go", "\t\t\treturn true\n\t\t}\n\t}\n\treturn false\n}", "\t\t\treturn true\n\t\t}\n\t}\n\treturn want != fact.Hash{}\n}"},
			{"replicate/common.go", "\tl.searchFrom(ctx, f, t.Place())\n\treturn true\n}\n\n// probe", "\treturn false\n}\n\n// probe"}}},
		{"clone", "a branch is dropped", "did not reach the first site", []change{
			{"journal/receive.go", "\t\tat, err := j.parting(fork, r.First, w)\n\t\treturn &leaving{from: fork, at: at, fork: true}, err", "\t\treturn nil, nil"}}},
		{"clock", "facts stand in the order of the clocks", "by a clock", []change{
			{"fact/history.go", "\torder := topological(all, parents)\n", "\torder := topological(all, parents)\n\tsort.SliceStable(order, func(a, b int) bool { return all[order[a]].Header.Recorded < all[order[b]].Header.Recorded })\n"}}},
		{"partition", "a device that was linked is not dialled again", "the sites do not agree", []change{
			{"replicate/carrier/http.go", "\t\tif m.cfg.Clock().Sub(began) > m.cfg.Longest {", "\t\tif m.note(address, err); err != nil && m.cfg.Clock().Sub(began) > m.cfg.Retry {\n\t\t\treturn\n\t\t}\n\t\tif m.cfg.Clock().Sub(began) > m.cfg.Longest {"}}},
		{"repeat", "twice: neither the door nor the journal asks what was filed", "a referral came", []change{
			{"exchange/bars/message.go", "\tseen, err := d.Seen.Seen(ctx, key)", "\tseen, err := d.Seen.Seen(ctx, key)\n\tseen = false"},
			{"urgent/urgentdb/receive.go", "if was := urgent.Filed(h); len(was) > 0 {\n\t\t\treturn exchange.Filed{About", "if was := urgent.Filed(h); len(was) > 0 && tx == nil {\n\t\t\treturn exchange.Filed{About"}}},
		{"repeat", "twice: a range that is held is a branch; where it parts is not looked for", "facts became", []change{
			{"journal/receive.go", "\t\t\tif root == w.end.root() {\n\t\t\t\treturn nil, nil", "\t\t\tif root == w.end.root() {\n\t\t\t\treturn &leaving{from: b, at: r.First, fork: true}, nil"}}},
		{"order", "gaps are not named", "does not say that something is missing", []change{
			{"fact/history.go", "\t\t\t\tmissing[id] = true\n\t\t\t}\n\t\t}\n\t}\n\treturn sortedIDs(missing)", "\t\t\t\t_ = id\n\t\t\t}\n\t\t}\n\t}\n\treturn sortedIDs(missing)"}}},
		{"replay", "root and last fact of a head are not compared", "believed", []change{
			{"journal/receive.go", "head.Size != w.end.size || head.Root != w.end.root() || head.LastID != last.ID:", "head.Size != w.end.size:"}}},
		{"replay", "a joined folder is joined again", "an admission used before was taken", []change{
			{"journal/join.go", "os.Stat(filepath.Join(o.Dir, foundingMarker)); errors.Is(err", "os.Stat(filepath.Join(o.Dir)); errors.Is(err"}}},
		{"poison", "what is not shown is not said", "does not say that something is not shown", []change{
			{"urgent/fold.go", "c.NotShown = append(c.NotShown, one.ID)", "_ = one.ID"}}},
		{"heavy", "a commit waits for the lists", "waits for lists", []change{
			{"journal/run.go", "\t\tfor i, a := range batch {\n\t\t\ta.answer <- out.answers[i]", "\t\tfor _, _, n := j.ViewsAt(); n > 0; _, _, n = j.ViewsAt() {\n\t\t\truntime.Gosched()\n\t\t}\n\t\tfor i, a := range batch {\n\t\t\ta.answer <- out.answers[i]"}}},
		{"history", "stored facts are not read through", "the sites do not agree", []change{
			{"cmd/node/sisters.go", "n.Journal.Scrub(ctx); err", "0, error(nil); err"}}},
		{"care", "the verified state alone is shown", "marked as unverified: false", []change{
			{"urgent/careful.go", "\tif len(h.Held()) == 0 {\n\t\treturn verified", "\tif len(h.Facts()) >= 0 {\n\t\treturn verified"}}},
		{"care", "looks are refused on a full disk", "can't be looked at", []change{
			{"journal/run.go", "only := a.arriving == nil && len(a.facts) > 0", "only := false"}}},
		{"care", "the authority of a desk never runs out", "the staff list opens", []change{
			{"access/accessdb/lease.go", "\tif !s.Out {\n\t\treturn nil", "\tif s.Out || !s.Out {\n\t\treturn nil"}}},
		{"care", "without authority open work is closed too", "an open case can't be looked at", []change{
			{"access/lease.go", "|| open && InOpenWork(a) {", "|| open && a == \"\" {"}}},
		{"care", "what is written without authority counts at once", "authority ran out: the", []change{
			{"journal/lapse.go", "\treturn c.holds(num, f)\n}", "\treturn !c.lapse && c.holds(num, f)\n}"}}},
		{"laptop", "a desk's lists lie on its disk", "what was typed lies in clear in", []change{
			{"journal/views.go", "v.path, v.vfs = \"/holdfast-\"+name.String(), \"memdb\"", "_ = name"}}},
		{"insider", "governance is not told", "nobody was told of the canary within 60 s", []change{
			{"cmd/node/alarms.go", "if err := n.raise(ctx, id, raise); err != nil {", "if err := error(nil); err != nil && raise.Due == 0 {"}}},
		{"insider", "a canary holds nobody", "not held", []change{
			{"access/looking.go", "opened.IsZero() || opened.Before(c.Shown()) ||", "true ||"}}},
		{"insider", "a mark asks for no reason", "a well-known person's case opens without a reason", []change{
			{"access/looking.go", "return m != MarkCanary })", "return false && m != MarkCanary })"}}},
		{"insider", "who watches is no alarm, for everybody", "that they were noticed", []change{
			{"cmd/node/alarms.go", "return by.Role == access.InformationGovernance\n\t}", "return true\n\t}"}}},
		{"session", "no cap on records", "records were served to a stolen session", []change{
			{"access/looking.go", "n.Seen || care.Mine || n.Records < most", "true"}}},
		{"session", "the cap holds up their own cases", "the owner's open case is closed to them", []change{
			{"access/looking.go", "n.Seen || care.Mine || n.Records < most", "n.Seen || n.Records < most"}}},
		{"paper", "the recovery key is not shared out: it stands on every page", "pages give the key that opens the record", []change{
			{"fact/root/shamir.go", "parts[i].Bytes[at] = y ^ secret[at]", "parts[i].Bytes[at] = y&0 ^ secret[at]"}}},
		{"paper", "the organisation's key is not sealed for its holders", "do not bring it back", []change{
			{"journal/recover.go", "\tif len(g.Recovery) == 0 {", "\tif len(g.Recovery) >= 0 {"}}},
		{"paper", "pages that were replaced go on admitting", "admit a device, on a card", []change{
			{"fact/roots.go", "\treturn ErrRootsReplaced\n", "\treturn nil\n"}}},
		{"paper", "the keys stay closed for the holders before", "do not bring it back", []change{
			{"journal/recover.go", "\tif g.Name != was.Name {", "\tif g.Name != was.Name && len(g.Keys) == 0 {"}}},
		{"paper", "twice: the keys stay closed for the holders before; a copy asks for the pages of the founding", "pages that were replaced bring the record back", []change{
			{"journal/recover.go", "\tif g.Name != was.Name {", "\tif g.Name != was.Name && len(g.Keys) == 0 {"},
			{"journal/recover.go", "\tset, ok := p.chain.InForce()\n", "\tset, ok := p.genesis.Set(), true\n"}}},
		{"paper", "twice: nobody counts who signed an exchange", "that too few signed", []change{
			{"fact/roots.go", "\t\tif g.Have < g.Need {", "\t\tif g.Have < g.Need && g.Need > 16 {"},
			{"journal/holders.go", "\t\tif g.Have >= g.Need {", "\t\tif g.Have >= g.Need || g.Need > 0 {"}}},
		{"paper", "what the lost machines wrote is not confirmed", "facts that were recovered", []change{
			{"cmd/holdfast/root.go", "*admin, dateRecovered)", "*admin)"},
			{"cmd/holdfast/root.go", "func dateRecovered(", "func _("}}},
		{"leak", "addresses that were asked for are logged", "lies in clear in kept/said", []change{
			{"web/serve.go", `slog.String("route", a.note.pattern)`, `slog.String("route", r.URL.RequestURI())`}}},
		{"leak", "a crash leaves the program's memory on the disk", "left the program's memory", []change{
			{"cmd/holdfast/core_linux.go", "unix.PR_SET_DUMPABLE, 0,", "unix.PR_SET_DUMPABLE, 1,"}}},
		{"alone", "something outside is asked at the start", "found no route", []change{
			{"cmd/holdfast/serve.go", "\tn, err := openDevice(ctx, dir, s, log)\n", "\tif time, err := net.Dial(\"tcp\", \"192.0.2.1:123\"); err == nil {\n\t\t_ = time.Close()\n\t}\n\tn, err := openDevice(ctx, dir, s, log)\n"}}},
		{"revoke", "a device that is cut off is admitted", "is still linked to a device revoked", []change{
			{"journal/papers.go", "if j.house.Load().CutOff(card.Device) {", "if j.house.Load().CutOff(card.Device) && false {"}}},
		{"revoke", "old subjects keep the keys that the revoked device has", "reads a fact of kind", []change{
			{"journal/subjectkeys.go", "if k.Class == class && wrapperIn(k.wrap) == w.ID {", "if k.Class == class {"}}},
		{"revoke", "fresh keys are begun and not used", "the revoked desk reads a fact of kind", []change{
			{"journal/freshkeys.go", "\tif f != nil {\n\t\tmade, err", "\tif f != nil && j.epoch == nil {\n\t\tmade, err"}}},
	}
}

// without gives the source without a protection, by path.
func (p pulled) without(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, c := range p.out {
		path, err := filepath.Abs(filepath.Join("..", "..", filepath.FromSlash(c.file)))
		if err != nil {
			t.Fatal(err)
		}
		if out[path] == "" {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			out[path] = string(raw)
		}
		if n := strings.Count(out[path], c.old); n != 1 {
			t.Fatalf("%s: what protects stands there %d times: %q", c.file, n, c.old)
		}
		out[path] = strings.Replace(out[path], c.old, c.new, 1)
	}
	return out
}

// build builds the program without a protection.
func (p pulled) build(t *testing.T, dir string) Program {
	t.Helper()
	replace := map[string]string{}
	for path, source := range p.without(t) {
		changed := filepath.Join(dir, filepath.Base(filepath.Dir(path))+"-"+filepath.Base(path))
		if err := os.WriteFile(changed, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[path] = changed
	}
	raw, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay, program := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "holdfast")
	if err := os.WriteFile(overlay, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlay, "-o", program, "holdfast/cmd/holdfast")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return Program{Path: program}
}

var pullFlag = flag.String("pull", "", "rehearse the drills of these protections with the protection out: a drill's name, or all")

// TestEveryDrillFailsWithoutItsProtection builds the program without one
// protection after another (only those named by -pull: each takes a build and a
// drill) and rehearses its drill, which must fail for that reason; it is ended
// as soon as it sees something wrong. Those not named are still where they are
// said to be, and no drill is without one.
func TestEveryDrillFailsWithoutItsProtection(t *testing.T) {
	rows := map[string]int{}
	for _, p := range allPulled() {
		rows[p.drill]++
		t.Run(p.drill+": "+p.what, func(t *testing.T) {
			p.without(t)
			if p.seen == "" {
				t.Error("any failure would pass: say what the drill must see")
			}
			if *pullFlag != "all" && *pullFlag != p.drill {
				return
			}
			program := p.build(t, t.TempDir())
			drills, err := Find([]string{p.drill})
			if err != nil {
				t.Fatal(err)
			}
			r := rehearse(t.Context(), drills[0], program, 1, t.TempDir(), true)
			t.Logf("%.1f s: %s", r.Seconds, r.Seen)
			switch {
			case r.Pass:
				t.Errorf("%s passes without what it rehearses", p.drill)
			case !strings.Contains(r.Seen, p.seen):
				t.Errorf("%s fails, and not because %s", p.drill, p.what)
			}
		})
	}
	for _, d := range Drills() {
		if rows[d.Name] == 0 {
			t.Errorf("%s: no protection is taken out for it", d.Name)
		}
	}
}
