package drill

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"holdfast/cmd/node"
)

func replayDrill() Drill {
	return Drill{
		Number: 17, Name: "replay", Hazard: "H-612",
		About:    "Somebody who has copied what goes between devices sends it again elsewhere: facts into another case or organisation, old receipts, an old admission, ranges of a device that was cut off.",
		Expected: "Each is refused, or changes nothing; what is written after a cut is kept and held.",
		run:      rehearseReplay,
	}
}

const forgeries = 40 // of each sort

func rehearseReplay(ctx context.Context, s *Stage) error {
	o, err := s.sites(ctx, 2)
	if err != nil {
		return err
	}
	a, b := o.all[0], o.all[1]
	for range 3 {
		o.take(ctx, a, "replayed")
		o.take(ctx, b, "replayed")
	}
	if err := o.safe(ctx, b); err != nil {
		return err
	}
	stranger := &site{name: "another organisation", dir: filepath.Join(s.dir, "org", "hours")}
	if err := s.strangerAtTheDoor(ctx, a, stranger); err != nil {
		return err
	}
	o.kill(a)
	o.kill(b)
	if err := s.oldAdmission(ctx, b); err != nil {
		return err
	}
	if err := s.replayAtRest(ctx, a, b, stranger); err != nil {
		return err
	}
	if err := o.start(ctx, a); err != nil {
		return err
	}
	if err := s.cutAtTheDoor(ctx, a, b); err != nil {
		return err
	}
	if err := o.checkCalls(ctx, a); err != nil {
		return err
	}
	if err := a.process.stop(); err != nil {
		return err
	}
	a.process = nil
	s.AtLeast("refused", forgeries)
	s.Saw("%v replayed ranges, papers, receipts and admissions: %v refused, the others changed nothing; a device that was cut off is turned away, and what it wrote afterwards is held",
		s.Figure("replayed"), s.Figure("refused"))
	return s.verifyDemo(ctx, a.dir)
}

// strangerAtTheDoor has a device of another organisation talk to ours.
func (s *Stage) strangerAtTheDoor(ctx context.Context, a, stranger *site) error {
	before, err := node.Tell[struct{}, node.Status](ctx, a.dir, "status", struct{}{})
	if err != nil {
		return err
	}
	t, err := s.talk(ctx, stranger, a, "plain", 0)
	if err != nil {
		return err
	}
	after, err := node.Tell[struct{}, node.Status](ctx, a.dir, "status", struct{}{})
	if err != nil {
		return err
	}
	s.turnedAway("another organisation's device", t)
	if after.Vector != before.Vector {
		s.Wrong("after another organisation's device came to the door there is something new")
	}
	return nil
}

func (s *Stage) turnedAway(who string, t talked) {
	if t.Closed == "" || t.Level {
		s.Wrong("%s was not turned away", who)
	} else {
		s.Add("refused", 1)
	}
	s.Add("replayed", 1)
}

// cutAtTheDoor has a device that was cut off talk to ours.
func (s *Stage) cutAtTheDoor(ctx context.Context, a, b *site) error {
	t, err := s.talk(ctx, b, a, "plain", 0)
	if err != nil {
		return err
	}
	s.turnedAway("a device that was cut off", t)
	return nil
}

// oldAdmission tries an admission that was used before: in a new folder, in the
// folder of its own device, and with a request that is admitted already.
func (s *Stage) oldAdmission(ctx context.Context, b *site) error {
	other := filepath.Join(s.dir, "other")
	request := other + "-request.json"
	if err := s.command(ctx, "org", "request", "--data", other, "--kind", "site", "--name", "other", "--domain", "other", "--demo", "--out", request); err != nil {
		return err
	}
	for what, args := range map[string][]string{
		"another device's admission": {"org", "join", "--data", other, "--admission", b.dir + "-admission.json"},
		"an admission used before":   {"org", "join", "--data", b.dir, "--admission", b.dir + "-admission.json"},
		"a request admitted before":  {"org", "enrol", "--data", filepath.Join(s.dir, "org", "111"), "--request", b.dir + "-request.json", "--out", other + "-admission.json"},
	} {
		err := s.command(ctx, args...)
		s.Add("replayed", 1)
		switch {
		case err == nil:
			s.Wrong("%s was taken", what)
		case strings.Contains(err.Error(), "panic"):
			s.Wrong("%s: %v", what, err)
		default:
			s.Add("refused", 1)
		}
	}
	if _, err := os.Stat(filepath.Join(other, "journal.db")); err == nil {
		s.Wrong("a folder with another device's admission became a device")
	}
	return nil
}

// command runs a command of the program to its end.
func (s *Stage) command(ctx context.Context, args ...string) error {
	p, err := s.start(ctx, args...)
	if err != nil {
		return err
	}
	_, err = p.out.WriteTo(discard{})
	return errors.Join(err, p.wait())
}

// replayAtRest hands over what was copied, changed or old.
func (s *Stage) replayAtRest(ctx context.Context, a, b, stranger *site) error {
	for _, one := range []struct {
		how  string
		from *site
		new  bool // something of it is rightly new
	}{{"forged", b, false}, {"stranger", stranger, false}, {"again", b, false}, {"receipts", a, true}, {"cut", b, true}} {
		to := a
		if one.how == "receipts" {
			to = b
		}
		c, err := s.carry(ctx, one.from, to, one.how, forgeries, int(s.seed))
		if err != nil {
			return err
		}
		if !one.new && c.After != c.Before {
			s.Wrong("%s: %d facts became %d", one.how, c.Before, c.After)
		}
		s.Add("refused", float64(c.Refused))
		s.Add("replayed", float64(c.Refused+c.Taken))
	}
	return nil
}
