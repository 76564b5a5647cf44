package drill

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/sim/proxy"
)

func aloneDrill() Drill {
	return Drill{
		Number: 14, Name: "alone", Hazard: "H-796",
		About:    "A site node at work is stopped, and started from cold on a machine from which no route leads anywhere: no name server, no identity provider, no time server, no other device. Two people sign in by passkey, take a call from the first ring to the report, close the case and sign out.",
		Expected: "It starts, both sign in, and the whole shift is worked. Nothing is asked of anybody outside: not one packet finds no way out, and not one question is put to a name server.",
		run:      rehearseAlone,
	}
}

func rehearseAlone(ctx context.Context, s *Stage) error {
	town, err := proxy.NewAlone(fmt.Sprintf("hf%d", os.Getpid()%100_000))
	if err != nil {
		return err
	}
	s.after(town.Close)
	r, enrol, err := s.foundReal(ctx, "alone")
	if err != nil {
		return err
	}
	if err := r.start(ctx); err != nil { // still in the world
		return err
	}
	admin, err := r.administrator(ctx, enrol)
	if err != nil {
		return err
	}
	defer admin.Close()
	handler, err := r.hire(ctx, admin, "C. Okafor", string(access.CallHandler))
	if err != nil {
		return err
	}
	clinician, err := r.hire(ctx, admin, "S. Thorne", string(access.Clinician))
	if err != nil {
		return err
	}
	if err := r.process.stop(); err != nil {
		return err
	}

	r.space = town.Spaces[0]
	before, err := s.reachesOut(ctx, r.space)
	if err != nil {
		return err
	}
	begun := time.Now()
	if err := r.start(ctx); err != nil {
		s.Wrong("it does not start: %v", err)
		return nil
	}
	s.Most("seconds_to_start", time.Since(begun).Seconds())
	h, err := r.signIn(ctx, handler)
	if err != nil {
		s.Wrong("%v", err)
		return nil
	}
	defer h.Close()
	s.Most("seconds_to_sign_in", time.Since(begun).Seconds())
	c, err := r.signIn(ctx, clinician)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := s.wholeCall(ctx, h, c, "Fell"); err != nil {
		s.Wrong("the shift can't be worked: %v", err)
	}
	for _, b := range []*browser{h, c} {
		if _, err := b.Post(ctx, "/sign-out", url.Values{}); err != nil {
			return err
		}
	}
	s.Most("seconds_of_the_shift", time.Since(begun).Seconds())
	after, err := outward(r.space)
	if err != nil {
		return err
	}
	for what, n := range after {
		if n > before[what] {
			s.Wrong("%s: %d times", what, n-before[what])
		}
	}
	s.AtLeast("whole_calls", 1)
	s.AtLeast("ways_out_counted", 2)
	s.AtLeast("datagrams_counted", 1)
	s.Saw("started in %.1f s, the first signed in after %.1f s, the whole shift in %.1f s; nothing was asked of anybody outside",
		s.Figure("seconds_to_start"), s.Figure("seconds_to_sign_in"), s.Figure("seconds_of_the_shift"))
	return r.process.stop()
}

// reachesOut proves that what reaches out is counted, and gives the counts that
// the program begins with.
func (s *Stage) reachesOut(ctx context.Context, space *proxy.Space) (map[string]int, error) {
	before, err := outward(space)
	if err != nil {
		return nil, err
	}
	for _, network := range []string{"tcp", "udp"} {
		conn, err := space.Dial(ctx, network, "192.0.2.1:53") // RFC 5737: nobody's
		if err == nil {
			_ = conn.Close() // it leads nowhere
			return nil, fmt.Errorf("a way leads out of a network that should have none (%s)", network)
		}
	}
	conn, err := space.Dial(ctx, "udp", "127.0.0.1:53")
	if err != nil {
		return nil, err
	}
	_, err = conn.Write([]byte("a question"))
	if err = errors.Join(err, conn.Close()); err != nil {
		return nil, err
	}
	after, err := outward(space)
	if err != nil {
		return nil, err
	}
	s.Add("ways_out_counted", float64(after[noRoute]-before[noRoute]))
	s.Add("datagrams_counted", float64(after[aDatagram]-before[aDatagram]))
	return after, nil
}

// What the system counts of a network.
const (
	noRoute   = "something for outside found no route"
	aDatagram = "a datagram was sent" // by which name servers are asked, on loopback too; this program sends none
)

// outward reads what the system counted in a network.
func outward(space *proxy.Space) (map[string]int, error) {
	out := map[string]int{}
	err := space.Inside(func() error {
		four, err := os.ReadFile("/proc/thread-self/net/snmp")
		if err != nil {
			return err
		}
		six, err := os.ReadFile("/proc/thread-self/net/snmp6")
		if err != nil {
			return err
		}
		counts := namedCounts(four)
		for line := range strings.Lines(string(six)) {
			if w := strings.Fields(line); len(w) == 2 {
				counts[w[0]] = w[1]
			}
		}
		for name, what := range map[string]string{"Ip:OutNoRoutes": noRoute, "Ip6OutNoRoutes": noRoute, "Udp:OutDatagrams": aDatagram, "Udp6OutDatagrams": aDatagram} {
			n, err := strconv.Atoi(counts[name])
			if err != nil {
				return fmt.Errorf("the system does not count %s: %w", name, err)
			}
			out[what] += n
		}
		return nil
	})
	return out, err
}

// namedCounts reads the system's table, in which a line of names stands above each
// line of counts.
func namedCounts(table []byte) map[string]string {
	out, names := map[string]string{}, map[string][]string{}
	for line := range strings.Lines(string(table)) {
		w := strings.Fields(line)
		if len(w) == 0 {
			continue
		}
		for i, name := range names[w[0]] {
			if i > 0 && i < len(w) {
				out[w[0]+name] = w[i]
			}
		}
		names[w[0]] = w
	}
	return out
}
