package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/cmd/node"
)

// sockets asks the operating system where a process takes anything in: its
// listening TCP and Unix sockets and every UDP socket it has bound.
func sockets(t *testing.T, pid int) []string {
	t.Helper()
	own := map[string]bool{}
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		name, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, fd.Name()))
		if inode, ok := strings.CutPrefix(name, "socket:["); ok && err == nil {
			own[strings.TrimSuffix(inode, "]")] = true
		}
	}
	var out []string
	for file, state := range map[string]string{"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"} {
		for _, f := range table(t, pid, file) {
			if len(f) > 9 && f[3] == state && own[f[9]] {
				out = append(out, file[:3]+" "+address(t, f[1]))
			}
		}
	}
	for _, f := range table(t, pid, "unix") {
		const listens = "00010000" // __SO_ACCEPTCON of Linux
		if len(f) > 7 && f[3] == listens && own[f[6]] {
			out = append(out, "unix "+filepath.Base(f[7]))
		}
	}
	slices.Sort(out)
	return out
}

func table(t *testing.T, pid int, file string) [][]string {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, file))
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for _, line := range strings.Split(string(raw), "\n")[1:] {
		out = append(out, strings.Fields(line))
	}
	return out
}

// address reads ADDRESS:PORT as Linux prints it: words of 32 bits in the
// machine's own order.
func address(t *testing.T, s string) string {
	t.Helper()
	host, port, _ := strings.Cut(s, ":")
	ip := make(net.IP, len(host)/2)
	if _, err := fmt.Sscanf(host, "%x", (*[]byte)(&ip)); err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	for i := 0; i+4 <= len(ip); i += 4 {
		slices.Reverse(ip[i : i+4])
	}
	var n int
	if _, err := fmt.Sscanf(port, "%X", &n); err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return net.JoinHostPort(ip.String(), fmt.Sprint(n))
}

// declared asks the running program itself.
func declared(t *testing.T, dir string) ([]node.Listening, []string) {
	t.Helper()
	var s node.Status
	err := node.ErrNobody
	for end := time.Now().Add(10 * time.Second); errors.Is(err, node.ErrNobody) && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		s, err = node.Tell[struct{}, node.Status](t.Context(), dir, "status", struct{}{}) // the address is printed before the socket is there
	}
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range s.Listening {
		if l.Network == "unix" {
			names = append(names, "unix "+filepath.Base(l.Address))
		} else {
			names = append(names, "tcp "+l.Address)
		}
	}
	return s.Listening, names
}

func TestTheSystemShowsEverySocket(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	six, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	defer six.Close()
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	x, err := net.Listen("unix", filepath.Join(t.TempDir(), "x.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	all := sockets(t, os.Getpid())
	for _, want := range []string{"tcp " + l.Addr().String(), "tcp " + six.Addr().String(), "udp " + u.LocalAddr().String(), "unix x.sock"} {
		if !slices.Contains(all, want) {
			t.Errorf("%s is not seen among %v", want, all)
		}
	}
}

// What opens a door in the source stands in these files and nowhere else, so
// that a new listener or a mux of its own can't come unseen.
func TestNothingElseListens(t *testing.T) {
	allowed := map[string]string{
		"net.Listen":          "cmd/holdfast/serve.go cmd/holdfast/demo_org.go cmd/node/control.go",
		"http.NewServeMux":    "cmd/node/machine.go cmd/node/control.go cmd/node/doors.go web/mux.go",
		"http.Server":         "cmd/node/machine.go cmd/node/control.go cmd/node/node.go web/mux.go replicate/carrier/http.go",
		"http.ListenAndServe": "", "http.ListenAndServeTLS": "", "http.Serve": "", "http.ServeTLS": "", "http.Handle": "", "http.HandleFunc": "",
		"http.DefaultServeMux": "", "tls.Listen": "", "net.ListenTCP": "", "net.ListenUDP": "", "net.ListenPacket": "", "net.ListenUnix": "", "net.ListenConfig": "",
	}
	root := filepath.Join("..", "..")
	files := 0
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		rel = filepath.ToSlash(rel)
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "build" || d.Name() == ".git" || rel == "sim") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go") {
			return nil
		}
		files++
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		for _, i := range f.Imports {
			if v := strings.Trim(i.Path.Value, `"`); v == "net/http/pprof" || v == "expvar" {
				t.Errorf("%s imports %s, which opens routes by itself", rel, v)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := s.X.(*ast.Ident)
			if !ok {
				return true
			}
			name := x.Name + "." + s.Sel.Name
			if where, watched := allowed[name]; watched && !slices.Contains(strings.Fields(where), rel) {
				t.Errorf("%s uses %s: every listener and mux is made in %q", rel, name, where)
			}
			return true
		})
		return nil
	})
	if err != nil || files < 300 {
		t.Fatalf("%d files, %v", files, err)
	}
}
