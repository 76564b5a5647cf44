package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Space is a network of its own on this machine: a name space with one address,
// joined to the others of its Town by a bridge in a name space of its own. The
// machine's own network has no part in it.
type Space struct {
	Name    string
	Address string
	town    *Town
	end     string // of its wire, at the bridge
}

// Town is some spaces that can reach each other, until they are parted.
type Town struct {
	name   string
	Spaces []*Space
}

// NewTown makes spaces; close it whatever happens. It takes root's rights and
// the tool ip.
func NewTown(name string, count int) (*Town, error) {
	if _, err := exec.LookPath("ip"); err != nil {
		return nil, errors.New("networks can't be made here: install the package iproute2")
	}
	t := &Town{name: name}
	if err := ip("netns", "add", name); err != nil {
		return nil, fmt.Errorf("networks can't be made here: run this as root on a machine with network name spaces (%w)", err)
	}
	err := errors.Join(ip("-n", name, "link", "add", "square", "type", "bridge"), ip("-n", name, "link", "set", "square", "up"))
	for n := 0; n < count && err == nil; n++ {
		err = t.add(n)
	}
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// NewAlone makes one space with nothing but its own loopback: no route leads
// anywhere. Close it as a town.
func NewAlone(name string) (*Town, error) {
	t, err := NewTown(name, 0)
	if err != nil {
		return nil, err
	}
	s := &Space{Name: name + "-0", Address: "127.0.0.1", town: t}
	if err = ip("netns", "add", s.Name); err == nil {
		t.Spaces = append(t.Spaces, s)
		err = ip("-n", s.Name, "link", "set", "lo", "up")
	}
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

func (t *Town) add(n int) error {
	s := &Space{Name: fmt.Sprintf("%s-%d", t.name, n), Address: fmt.Sprintf("10.213.0.%d", n+1), town: t, end: fmt.Sprintf("end%d", n)}
	if err := ip("netns", "add", s.Name); err != nil {
		return err
	}
	t.Spaces = append(t.Spaces, s)
	for _, args := range [][]string{
		{"-n", t.name, "link", "add", s.end, "type", "veth", "peer", "name", "door", "netns", s.Name},
		{"-n", t.name, "link", "set", s.end, "master", "square", "up"},
		{"-n", s.Name, "addr", "add", s.Address + "/24", "dev", "door"},
		{"-n", s.Name, "link", "set", "door", "up"},
		{"-n", s.Name, "link", "set", "lo", "up"},
	} {
		if err := ip(args...); err != nil {
			return err
		}
	}
	return nil
}

// Cut takes a space off the bridge, or joins it again.
func (s *Space) Cut(cut bool) error {
	state := "up"
	if cut {
		state = "down"
	}
	return ip("-n", s.town.name, "link", "set", s.end, state)
}

// Command is how a program is run inside a space.
func (s *Space) Command(program string, args ...string) (string, []string) {
	return "ip", append([]string{"netns", "exec", s.Name, program}, args...)
}

// Dial opens a connection from inside a space; from this machine's own network
// when the space is nil.
func (s *Space) Dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	err = s.Inside(func() error {
		var d net.Dialer
		conn, err = d.DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// Inside does something on a thread that stands inside a space; in this
// machine's own network when the space is nil.
func (s *Space) Inside(do func() error) error {
	if s == nil {
		return do()
	}
	// The thread must live on: a process that it started dies with it.
	runtime.LockOSThread()
	here, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer here.Close()
	if err := enter("/run/netns/" + s.Name); err != nil {
		runtime.UnlockOSThread()
		return err
	}
	err = do()
	if back := unix.Setns(int(here.Fd()), unix.CLONE_NEWNET); back != nil {
		return errors.Join(err, back) // still locked: nobody else may use this thread
	}
	runtime.UnlockOSThread()
	return err
}

func enter(name string) error {
	there, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(unix.Setns(int(there.Fd()), unix.CLONE_NEWNET), there.Close())
}

// Close takes everything away.
func (t *Town) Close() error {
	var err error
	for _, s := range t.Spaces {
		err = errors.Join(err, ip("netns", "del", s.Name))
	}
	return errors.Join(err, ip("netns", "del", t.name))
}

func ip(args ...string) error {
	out, err := exec.Command("ip", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
