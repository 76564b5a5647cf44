package speed

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast/cmd/node"
)

// A benchmark that wants another process starts its own binary again with
// these: the folder that the child opens, whom it dials, and how many facts it
// waits for before it says that it is level.
const (
	childFolder  = "HOLDFAST_SPEED_FOLDER"
	childSister  = "HOLDFAST_SPEED_SISTER"
	childWaits   = "HOLDFAST_SPEED_WAITS"
	childProfile = "HOLDFAST_SPEED_PROFILE" // folder for CPU profiles; empty: none
	childPeers   = "HOLDFAST_SPEED_PEERS"   // folders of devices that are only linked
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childFolder); dir != "" {
		if err := child(dir); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if dirs := os.Getenv(childPeers); dirs != "" {
		if err := linkedPeers(strings.Split(dirs, string(os.PathListSeparator))); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child is a site node in a process of its own. It says "opened" with the
// seconds that took, "calm" with its address, "level" with its seconds of CPU,
// and "used" with all of them when its input ends. Between, it says how many
// MB it takes up.
func child(dir string) error {
	start := time.Now()
	lib, err := node.Shipped()
	if err != nil {
		return err
	}
	var sisters []string
	if s := os.Getenv(childSister); s != "" {
		sisters = []string{s}
	}
	n, err := open(context.Background(), lib, dir, sisters...)
	if err != nil {
		return err
	}
	waits, err := strconv.Atoi(os.Getenv(childWaits))
	if err != nil {
		return errors.Join(err, n.Close())
	}
	fmt.Printf("opened %.3f\nresident %.1f\n", time.Since(start).Seconds(), resident())
	if len(sisters) == 0 {
		untilCalm()
	}
	stop, err := profile(filepath.Base(dir))
	if err != nil {
		return errors.Join(err, n.Close())
	}
	began := cpu()
	fmt.Printf("calm %s\nresident %.1f\n", n.DeviceAddress(), resident())
	for !levelAt(n, waits) {
		time.Sleep(5 * time.Millisecond)
	}
	fmt.Printf("level %.3f\n", cpu()-began)
	_, err = io.Copy(io.Discard, os.Stdin)
	fmt.Printf("used %.3f\n", cpu()-began)
	stop()
	return errors.Join(err, n.Close())
}

func levelAt(n *node.Node, facts int) bool {
	if held(n.Journal) < facts {
		return false
	}
	_, _, behind := n.Journal.ViewsAt()
	return behind == 0
}

// cpu gives the seconds of CPU that this process has used.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// resident gives the MB of memory that this process takes up.
func resident() float64 {
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, pages int
	if _, err := fmt.Sscan(string(raw), &size, &pages); err != nil {
		return 0
	}
	return float64(pages*os.Getpagesize()) / 1e6
}

// untilCalm waits until what a node does after its start is done: it reads
// every stored byte once and folds every subject, in small steps with pauses.
func untilCalm() {
	for calm := 0; calm < 10; {
		before := cpu()
		time.Sleep(200 * time.Millisecond)
		if calm++; cpu()-before > 0.02 {
			calm = 0
		}
	}
}

func profile(name string) (stop func(), err error) {
	dir := os.Getenv(childProfile)
	if dir == "" {
		return func() {}, nil
	}
	f, err := os.Create(filepath.Join(dir, name+".prof"))
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close()
	}, nil
}

// process is a site node in another process.
type process struct {
	b     *testing.B
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
}

func start(b *testing.B, dir, sister string, waits int) *process {
	b.Helper()
	return startWith(b, childFolder+"="+dir, childSister+"="+sister, fmt.Sprintf("%s=%d", childWaits, waits))
}

func startWith(b *testing.B, environment ...string) *process {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	p := &process{b: b, cmd: exec.Command(self)}
	p.cmd.Env = append(os.Environ(), environment...)
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		p.in, err = p.cmd.StdinPipe()
	}
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	p.lines = bufio.NewScanner(out)
	return p
}

// says waits for a line that begins with a word, and gives the rest of it.
func (p *process) says(word string) string {
	p.b.Helper()
	for p.lines.Scan() {
		if rest, ok := strings.CutPrefix(p.lines.Text(), word+" "); ok {
			return rest
		}
		if strings.HasPrefix(p.lines.Text(), "error") {
			p.b.Fatal(p.lines.Text())
		}
	}
	p.b.Fatalf("the process ended before it said %q: %v", word, p.cmd.Wait())
	return ""
}

// seconds waits for a line and reads its number.
func (p *process) seconds(word string) float64 {
	p.b.Helper()
	n, err := strconv.ParseFloat(p.says(word), 64)
	if err != nil {
		p.b.Fatal(err)
	}
	return n
}

// kill ends the process at once.
func (p *process) kill() {
	p.b.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		p.b.Fatal(err)
	}
	_ = p.cmd.Wait() // it was killed
}

// end tells the process to stop, and gives the seconds of CPU that it used.
func (p *process) end() float64 {
	p.b.Helper()
	if err := p.in.Close(); err != nil {
		p.b.Fatal(err)
	}
	used := p.seconds("used")
	if err := p.cmd.Wait(); err != nil {
		p.b.Fatal(err)
	}
	return used
}
