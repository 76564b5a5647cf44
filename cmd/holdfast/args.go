package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// flags makes a flag set that reports to nobody by itself.
func flags(name string) *flag.FlagSet {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	return f
}

// parse reads flags wherever they stand and gives the other words, of which
// there must be as many as said.
func parse(f *flag.FlagSet, args []string, least, most int) ([]string, error) {
	var words []string
	for {
		if err := f.Parse(args); err != nil {
			return nil, fmt.Errorf("%w: %w", errUsage, err)
		}
		if f.NArg() == 0 {
			break
		}
		words, args = append(words, f.Arg(0)), f.Args()[1:]
	}
	if len(words) < least || len(words) > most {
		return nil, fmt.Errorf("%w: %d words where %d are wanted", errUsage, len(words), least)
	}
	return words, nil
}

// needed refuses flags that were left empty.
func needed(f *flag.FlagSet, names ...string) error {
	for _, name := range names {
		if f.Lookup(name).Value.String() == "" {
			return fmt.Errorf("%w: --%s is needed", errUsage, name)
		}
	}
	return nil
}

// passphrase reads the first line of a file; no file, no passphrase.
func passphrase(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	line, _, _ := bytes.Cut(raw, []byte("\n"))
	line = bytes.TrimRight(line, "\r")
	if len(line) < 12 {
		return nil, errors.New("the passphrase must be at least 12 characters long")
	}
	return line, nil
}

// credential is the name under which the system hands a device's passphrase to
// its service: systemd opens it with the machine's own key (TPM2, or the host's)
// and shows it to that service alone (systemd.exec, LoadCredentialEncrypted=).
const credential = "holdfast.passphrase"

// deviceSecret reads a device's passphrase: from the file that was named, else
// from what the machine's own key store hands to this service.
func deviceSecret(path string) ([]byte, error) {
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if path != "" || dir == "" {
		return passphrase(path)
	}
	secret, err := passphrase(filepath.Join(dir, credential))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return secret, err
}

// printJSON writes one object as one line.
func printJSON(w io.Writer, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", line)
	return err
}

// progress says what is being done whenever it takes more than a second.
type progress struct {
	mu    sync.Mutex
	w     io.Writer
	doing string
	said  string
	over  chan struct{}
	gone  sync.WaitGroup
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, over: make(chan struct{})}
	p.gone.Go(p.tell)
	return p
}

func (p *progress) tell() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-p.over:
			return
		case <-tick.C:
		}
		p.mu.Lock()
		if p.doing != p.said {
			fmt.Fprintf(p.w, "holdfast: %s\n", p.doing)
			p.said = p.doing
		}
		p.mu.Unlock()
	}
}

// doingNow names what is being done.
func (p *progress) doingNow(what string) {
	p.mu.Lock()
	p.doing = what
	p.mu.Unlock()
}

func (p *progress) done() {
	close(p.over)
	p.gone.Wait()
}
