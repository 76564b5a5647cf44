package drill

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"holdfast/sim/proxy"
)

// Program is the program under rehearsal.
type Program struct {
	Path string   // the executable
	Env  []string // added to its environment
}

// Helper is the hidden word under which the program does a drill's work in a
// process of its own.
const Helper = "drill-helper"

// process is one that a drill started.
type process struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	err  *lastBytes
	last string // refusal it gave
	once sync.Once
	end  error
}

// start starts the program. It dies with the drill, whatever happens.
func (s *Stage) start(ctx context.Context, args ...string) (*process, error) {
	return s.startIn(ctx, s.space, args...)
}

// startIn starts the program in a network of its own; nil is this machine's.
func (s *Stage) startIn(ctx context.Context, space *proxy.Space, args ...string) (*process, error) {
	path := s.program.Path
	if space != nil {
		path, args = space.Command(path, args...)
	}
	p := &process{cmd: exec.CommandContext(ctx, path, args...), err: &lastBytes{}}
	p.cmd.Env = append(os.Environ(), s.program.Env...)
	p.cmd.Stderr = p.err
	if s.said != "" {
		all, err := os.CreateTemp(s.said, "said-")
		if err != nil {
			return nil, err
		}
		s.after(all.Close) // what the process says is written there for as long as it runs
		p.cmd.Stderr = io.MultiWriter(all, p.err)
	}
	p.cmd.Dir = s.dir
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReaderSize(out, 1<<20)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	s.Add("processes", 1)
	return p, nil
}

// helper starts the program as a helper.
func (s *Stage) helper(ctx context.Context, args ...string) (*process, error) {
	return s.start(ctx, append([]string{Helper}, args...)...)
}

// run runs a helper to its end.
func (s *Stage) run(ctx context.Context, args ...string) error {
	p, err := s.helper(ctx, args...)
	if err != nil {
		return err
	}
	_, readErr := io.Copy(io.Discard, p.out)
	return errors.Join(readErr, p.wait())
}

// wait waits for its end.
func (p *process) wait() error {
	p.once.Do(func() {
		if p.end = p.cmd.Wait(); p.end != nil {
			p.end = fmt.Errorf("%w: %s", p.end, strings.TrimSpace(p.err.String()))
		}
	})
	return p.end
}

// kill kills it as kill -9 does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended by itself: wait tells
	_ = p.wait()             // it was killed
}

// stop asks it to stop as Ctrl-C does.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	late := time.AfterFunc(20*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer late.Stop()
	return p.wait()
}

// line reads one line as JSON.
func (p *process) line(into any) error {
	raw, err := p.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("the program said nothing: %w", errors.Join(err, p.wait()))
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	return d.Decode(into)
}

// tell writes one line of JSON to it.
func (p *process) tell(v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = p.in.Write(append(raw, '\n'))
	return err
}

// lastBytes keeps the end of what a process complained about.
type lastBytes struct {
	mu  sync.Mutex
	all []byte
}

const mostComplaint = 4 << 10

// Write keeps the last bytes.
func (l *lastBytes) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, b...)
	if over := len(l.all) - mostComplaint; over > 0 {
		l.all = append([]byte(nil), l.all[over:]...)
	}
	return len(b), nil
}

// String gives them.
func (l *lastBytes) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.all)
}
