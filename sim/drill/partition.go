package drill

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"holdfast/sim/proxy"
)

func partitionDrill() Drill {
	return Drill{
		Number: 12, Name: "partition", Hazard: "H-532",
		About:    "Five site nodes of one organisation are parted in every way there is, one-way, and by wires that flap, while calls are taken on all sides.",
		Expected: "Every side reads and writes all the time; after each healing all five hold the same facts and fold the same states within 60 s; nothing is lost.",
		run:      rehearsePartition,
	}
}

const partedSites = 5

func rehearsePartition(ctx context.Context, s *Stage) error {
	o, err := s.sites(ctx, partedSites)
	if err != nil {
		return err
	}
	for mask := 1; mask < 1<<(partedSites-1); mask++ {
		how := proxy.Cut
		if mask%5 == 0 {
			how = proxy.OneWay
		}
		if err := o.partOnce(ctx, func(n int) bool { return mask>>n&1 == 1 }, how); err != nil {
			return err
		}
		s.Add("partitions", 1)
	}
	for n := range 6 { // flapping
		o.part(func(i int) bool { return i%2 == n%2 && n%3 != 2 }, proxy.Cut)
		o.take(ctx, o.all[n%partedSites], "flapping")
		time.Sleep(50 * time.Millisecond)
	}
	o.heal()
	if err := o.level(ctx, time.Minute); err != nil {
		return err
	}
	if err := o.inTown(ctx); err != nil {
		return err
	}
	for _, one := range o.all {
		if err := o.checkCalls(ctx, one); err != nil {
			return err
		}
	}
	s.AtLeast("partitions", 15)
	s.AtLeast("calls_answered", 75)
	s.AtLeast("apart", 12)
	s.AtLeast("apart_in_town", 5)
	s.Saw("%v partitions of five site nodes by wires and each of them cut off once in networks of their own, %v calls taken while apart, the slowest agreed %.1f s after healing, none lost at any", s.Figure("partitions"), s.Figure("calls_answered"), s.Figure("slowest_convergence_s"))
	return nil
}

// partOnce parts the sites, takes a call at each and heals them.
func (o *sites) partOnce(ctx context.Context, side func(int) bool, how proxy.State) error {
	o.part(side, how)
	for _, one := range o.all {
		o.take(ctx, one, "parted")
	}
	time.Sleep(100 * time.Millisecond)
	if same, _, err := o.same(ctx); err != nil {
		return err
	} else if !same {
		o.stage.Add("apart", 1) // else nothing was parted
	}
	o.heal()
	return o.level(ctx, time.Minute)
}

// townPort is where each site's devices door stands in its own network.
const townPort = ":7000"

// inTown moves the sites into networks of their own, with addresses of their
// own, and pulls each one's plug in turn.
func (o *sites) inTown(ctx context.Context) error {
	town, err := proxy.NewTown(fmt.Sprintf("hf%d", os.Getpid()), len(o.all))
	if err != nil {
		return err
	}
	o.stage.after(town.Close)
	for n, one := range o.all {
		o.kill(one)
		one.space, one.peers = town.Spaces[n], nil
		for _, earlier := range o.all[:n] {
			one.peers = append(one.peers, earlier.space.Address+townPort)
		}
		// A demo's doors stand on loopback: the wire carries from the network to it.
		wire, err := o.stage.startIn(ctx, one.space, Helper, "wire", "--from", one.space.Address+townPort, "--to", one.address)
		if err != nil {
			return err
		}
		o.stage.after(func() error { wire.kill(); return nil })
		if _, err := wire.out.ReadBytes('\n'); err != nil {
			return errors.Join(err, wire.wait())
		}
		if err := o.start(ctx, one); err != nil {
			return err
		}
	}
	if err := o.level(ctx, time.Minute); err != nil {
		return err
	}
	for n, one := range o.all {
		if err := town.Spaces[n].Cut(true); err != nil {
			return err
		}
		o.take(ctx, one, "unplugged")
		o.take(ctx, o.all[(n+1)%len(o.all)], "plugged in")
		if same, _, err := o.same(ctx); err != nil {
			return err
		} else if !same {
			o.stage.Add("apart_in_town", 1)
		}
		if err := town.Spaces[n].Cut(false); err != nil {
			return err
		}
		if err := o.level(ctx, time.Minute); err != nil {
			return err
		}
	}
	return nil
}

// helpWire carries connections from one address to another until it is killed.
func helpWire(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet("wire", flag.ContinueOnError)
	from, to := f.String("from", "", ""), f.String("to", "", "")
	if err := f.Parse(args); err != nil {
		return err
	}
	w, err := proxy.From(*from, *to)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, w.Address())
	<-ctx.Done()
	return w.Close()
}
