package drill

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"holdfast/cmd/node"
)

func repeatDrill() Drill {
	return Drill{
		Number: 15, Name: "repeat", Hazard: "H-610",
		About:    "Every message between organisations and between devices is delivered 1,000 times.",
		Expected: "Nothing is there twice: facts, cases and attachments are counted before and after; an attachment stays with the message that it came with first.",
		run:      rehearseRepeat,
	}
}

const deliveries = 1000

func rehearseRepeat(ctx context.Context, s *Stage) error {
	if err := s.repeatReferrals(ctx); err != nil {
		return err
	}
	if err := s.repeatRanges(ctx); err != nil {
		return err
	}
	s.AtLeast("messages_delivered", 2*deliveries)
	s.AtLeast("frames_delivered", 2*deliveries)
	s.AtLeast("ranges_delivered", deliveries)
	s.Saw("%v messages from partners, %v frames between devices and %v ranges at rest delivered; facts, cases and attachments as after the first of each",
		s.Figure("messages_delivered"), s.Figure("frames_delivered"), s.Figure("ranges_delivered"))
	return nil
}

// counted is what a folder holds.
type counted struct {
	facts       uint64
	cases       string
	attachments string
	state       string
}

// count asks a device at work, and its file, what there is; it waits for the
// lists to be level.
func (s *Stage) count(ctx context.Context, b *browser, dir string) (counted, error) {
	for range 200 {
		st, err := node.Tell[struct{}, node.Status](ctx, dir, "status", struct{}{})
		if err != nil {
			return counted{}, err
		}
		if st.ViewsBehind > 0 || st.State == "" {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		cases, err := b.openCases(ctx, dir)
		if err != nil {
			return counted{}, err
		}
		attachments, err := attachmentsIn(dir)
		return counted{facts: st.Facts, cases: cases, attachments: attachments, state: st.State}, err
	}
	return counted{}, errors.New("the lists do not become level")
}

// attachmentsIn names every attachment of a folder.
func attachmentsIn(dir string) (_ string, err error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "journal.db")+"?mode=ro")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	all, err := column(db, "SELECT hex(hash) || ':' || length(sealed) FROM attachments ORDER BY hash")
	return fmt.Sprint(len(all), all), err
}

// repeatReferrals delivers two referrals many times over, then one of them with
// other words under the same number.
func (s *Stage) repeatReferrals(ctx context.Context) error {
	data, err := s.Folder("demo")
	if err != nil {
		return err
	}
	d, err := s.demo(ctx, data)
	if err != nil {
		return err
	}
	defer d.kill()
	const hours = 1
	p, err := d.partnerOf(hours)
	if err != nil {
		return err
	}
	defer p.close()
	b, err := newBrowser()
	if err != nil {
		return err
	}
	defer b.Close()
	b.Base = d.Organisations[hours].URL
	dir := filepath.Join(data, d.Organisations[hours].Kind)
	before, err := s.count(ctx, b, dir)
	if err != nil {
		return err
	}
	for number := range 2 {
		body, err := p.referral(number, "chest pain "+strconv.Itoa(number))
		if err != nil {
			return err
		}
		if status, answer, err := p.post(ctx, body, number); err != nil || status != 200 {
			return fmt.Errorf("the first delivery was answered %d %s: %w", status, answer, err)
		}
		first, err := s.count(ctx, b, dir)
		if err != nil {
			return err
		}
		if first.cases == before.cases || first.attachments == before.attachments {
			s.Wrong("a referral was answered as taken, and there is no case or no original of it")
		}
		if err := s.deliver(ctx, p, body, number); err != nil {
			return err
		}
		other, err := p.referral(number, "something else")
		if err != nil {
			return err
		}
		if _, _, err := p.post(ctx, other, number); err != nil {
			return err
		}
		after, err := s.count(ctx, b, dir)
		if err != nil {
			return err
		}
		if after.cases != first.cases || after.attachments != first.attachments {
			s.Wrong("a referral came %d times: %s cases became %s, attachments %.20s became %.20s", deliveries, first.cases, after.cases, first.attachments, after.attachments)
		}
		if after.facts > first.facts+1 { // that the altered one was refused may be written down
			s.Wrong("a referral came %d times: %d facts became %d", deliveries, first.facts, after.facts)
		}
		before = after
	}
	return errors.Join(d.stop(), s.verifyDemo(ctx, data))
}

// deliver delivers a message many times, four at a time.
func (s *Stage) deliver(ctx context.Context, p *partner, body []byte, number int) error {
	errs := make([]error, 4)
	var wait sync.WaitGroup
	for lane := range errs {
		wait.Go(func() {
			for range deliveries / len(errs) {
				status, answer, err := p.post(ctx, body, number)
				if err != nil {
					errs[lane] = err
					return
				}
				if status != http.StatusOK && status != http.StatusConflict { // as BaRS wants it: "this is a duplicate"
					s.Wrong("delivered again it is answered %d %.200s", status, answer)
				}
				s.Add("messages_delivered", 1)
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// repeatRanges has a site say everything many times over: to a site at work
// over the real door, and to a folder at rest.
func (s *Stage) repeatRanges(ctx context.Context) error {
	o, err := s.sites(ctx, 2)
	if err != nil {
		return err
	}
	one, other := o.all[0], o.all[1]
	if err := other.process.stop(); err != nil {
		return err
	}
	other.process = nil
	if err := s.run(ctx, "write", "--data", other.dir, "--acts", "3", "--run", "repeated", "--ledger", filepath.Join(s.dir, "repeated")); err != nil {
		return err
	}
	t, err := s.talk(ctx, other, one, "again", 0)
	if err != nil {
		return err
	}
	s.Add("frames_delivered", float64(t.Sent))
	first, err := s.count(ctx, one.browser, one.dir)
	if err != nil {
		return err
	}
	if !t.Level || t.Facts != first.facts {
		s.Wrong("a device that says everything %d times holds %d facts and the other %d; level: %v %s", deliveries, t.Facts, first.facts, t.Level, t.Closed)
	}
	if t, err = s.talk(ctx, other, one, "again", 0); err != nil {
		return err
	}
	s.Add("frames_delivered", float64(t.Sent))
	o.kill(one)
	c, err := s.carry(ctx, other, one, "again", deliveries, 0)
	if err != nil {
		return err
	}
	s.Add("ranges_delivered", float64(c.Taken))
	if c.After != c.Before {
		s.Wrong("everything handed over %d times: %d facts became %d", deliveries, c.Before, c.After)
	}
	if err := o.start(ctx, one); err != nil {
		return err
	}
	again, err := s.count(ctx, one.browser, one.dir)
	if err != nil {
		return err
	}
	if again.cases != first.cases || again.attachments != first.attachments {
		s.Wrong("after all repeats %+v became %+v", first, again)
	}
	if err := one.process.stop(); err != nil {
		return err
	}
	one.process = nil
	return s.verifyDemo(ctx, one.dir)
}

// talk has a site that is at rest talk to one at work.
func (s *Stage) talk(ctx context.Context, from, to *site, how string, seed int) (talked, error) {
	return s.talkFrom(ctx, from.dir, to, how, seed)
}

func (s *Stage) talkFrom(ctx context.Context, dir string, to *site, how string, seed int) (talked, error) {
	var t talked
	err := s.ask(ctx, &t, "talk", "--data", dir, "--to", to.address, "--how", how, "--times", strconv.Itoa(deliveries), "--seed", strconv.Itoa(seed))
	return t, err
}

// carry carries between two sites at rest.
func (s *Stage) carry(ctx context.Context, from, to *site, how string, times, seed int) (carried, error) {
	var c carried
	err := s.ask(ctx, &c, "carry", "--from", from.dir, "--to", to.dir, "--how", how, "--times", strconv.Itoa(times), "--seed", strconv.Itoa(seed))
	for _, what := range c.Believed {
		s.Wrong("%s: believed %s", how, what)
	}
	return c, err
}

// ask runs a helper to its end and reads the one line it says.
func (s *Stage) ask(ctx context.Context, into any, args ...string) error {
	p, err := s.helper(ctx, args...)
	if err != nil {
		return err
	}
	return errors.Join(p.line(into), p.wait())
}
