package drill

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"time"
)

func historyDrill() Drill {
	return Drill{
		Number: 26, Name: "history", Hazard: "H-006, H-534",
		About:    "Somebody with every right on one site's machine edits and deletes facts in its journal.",
		Expected: "Verify names the feed and the sequence; started again, the site mends itself from the other, which keeps its good copy; nothing is lost.",
		run:      rehearseHistory,
	}
}

func rehearseHistory(ctx context.Context, s *Stage) error {
	o, err := s.sites(ctx, 2)
	if err != nil {
		return err
	}
	victim := o.all[1]
	for range 6 {
		o.take(ctx, victim, "history")
	}
	if err := errors.Join(o.safe(ctx, victim), o.level(ctx, time.Minute)); err != nil {
		return err
	}
	good, err := o.status(ctx, o.all[0])
	if err != nil {
		return err
	}
	if err := victim.process.stop(); err != nil {
		return err
	}
	victim.process = nil
	seqs, err := tamper(filepath.Join(victim.dir, "journal.db"))
	if err != nil {
		return err
	}
	if err := s.named(ctx, victim.dir, seqs); err != nil {
		return err
	}
	if err := o.start(ctx, victim); err != nil {
		return err
	}
	if err := o.level(ctx, 90*time.Second); err != nil {
		return err
	}
	if now, err := o.status(ctx, o.all[0]); err != nil {
		return err
	} else if feed := shrunk(good.Feeds, now.Feeds); feed != "" {
		s.Wrong("the other site was taught something else about feed %.8s", feed)
	}
	if err := s.mended(ctx, o); err != nil {
		return err
	}
	s.AtLeast("calls_answered", 6)
	s.Saw("three facts edited or deleted on one site; verify named %v of them by sequence; mended from the other site, and both verify", s.Figure("sequences_named"))
	return nil
}

// tamper edits one fact and deletes two, as an administrator of the machine
// can; it tells their sequences.
func tamper(path string) (_ []string, err error) {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	seqs, err := column(db, "SELECT seq FROM facts WHERE pos IN (SELECT pos FROM facts ORDER BY pos DESC LIMIT 3 OFFSET 40) ORDER BY pos")
	if err != nil {
		return nil, err
	}
	for _, query := range []string{
		"UPDATE facts SET body = zeroblob(length(body)) WHERE pos = (SELECT pos FROM facts ORDER BY pos DESC LIMIT 1 OFFSET 42)",
		"DELETE FROM facts WHERE pos IN (SELECT pos FROM facts ORDER BY pos DESC LIMIT 2 OFFSET 40)",
	} {
		if _, err := db.Exec(query); err != nil {
			return nil, err
		}
	}
	return seqs, nil
}

// named checks that verify names what was tampered with.
func (s *Stage) named(ctx context.Context, dir string, seqs []string) error {
	p, err := s.start(ctx, "verify", "--json", dir)
	if err != nil {
		return err
	}
	var v struct {
		Holds    bool `json:"holds"`
		Failures []struct {
			Place string `json:"place"`
			What  string `json:"what"`
		} `json:"failures"`
	}
	if err := json.NewDecoder(p.out).Decode(&v); err != nil {
		return errors.Join(err, p.wait())
	}
	_ = p.wait() // status 1 says that it does not hold
	if v.Holds {
		s.Wrong("history was edited and deleted, and verify says that all holds")
	}
	all := ""
	for _, f := range v.Failures {
		all += f.Place + ": " + f.What + "\n"
	}
	for _, seq := range seqs {
		if strings.Contains(all, "seq "+seq) || strings.Contains(all, "fact "+seq) {
			s.Add("sequences_named", 1)
		}
	}
	if s.Figure("sequences_named") == 0 {
		s.Wrong("verify does not name the sequences %v: %s", seqs, all)
	}
	return nil
}

// mended checks that every site shows every call, and that all verify.
func (s *Stage) mended(ctx context.Context, o *sites) error {
	for _, one := range o.all {
		if err := o.checkCalls(ctx, one); err != nil {
			return err
		}
	}
	for _, one := range o.all {
		if err := one.process.stop(); err != nil {
			return err
		}
		one.process = nil
		if err := s.verifyDemo(ctx, one.dir); err != nil {
			return err
		}
	}
	return nil
}
