package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// site founds an organisation with the command and gives its folder, its
// passphrase file and the path that enrols the first administrator.
func site(t *testing.T) (dir, pass, enrol string) {
	t.Helper()
	dir, pass = filepath.Join(t.TempDir(), "site"), filepath.Join(t.TempDir(), "pass")
	if err := os.WriteFile(pass, []byte("correct horse battery\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	args := []string{"org", "create", "--data", dir, "--name", "Larkfield", "--ods", "zz900", "--device", "Node A", "--admin", "A. Holt", "--passphrase-file", pass, "--json"}
	if status := run(t.Context(), args, &out, &errOut); status != success {
		t.Fatalf("%d %s", status, errOut.String())
	}
	var made struct{ Data, Name, ODS, Enrol string }
	if err := json.Unmarshal(out.Bytes(), &made); err != nil || made.ODS != "ZZ900" || !strings.HasPrefix(made.Enrol, "/enrol/") {
		t.Fatalf("%v %s", err, out.String())
	}
	if status := run(t.Context(), args, &out, &errOut); status != failed {
		t.Errorf("founded twice in one folder: %d", status)
	}
	return dir, pass, made.Enrol
}

func TestSiteNodeServesOverTLSWithPasskeysOnly(t *testing.T) {
	dir, pass, enrol := site(t)
	config := filepath.Join(t.TempDir(), "site.yaml")
	text := "volume: encrypted-by-host\nlisten: 127.0.0.1:0\ndoors: 127.0.0.1:0\nname: localhost\npassphrase_file: " + pass + "\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	url, stop := serving(t, "serve", "--data", dir, "--config", config)
	ca, err := os.ReadFile(filepath.Join(dir, "doors", "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}, Timeout: 10 * time.Second}
	defer c.CloseIdleConnections()
	res, body := get(t, c, url+"/sign-in")
	if res.StatusCode != 200 || res.ProtoMajor != 2 || !strings.Contains(body, "Use your passkey") || res.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%d HTTP/%d", res.StatusCode, res.ProtoMajor)
	}
	if strings.Contains(body, "demo") {
		t.Error("the page speaks of a demo")
	}
	if res, _ := get(t, c, url+enrol); res.StatusCode != 200 {
		t.Errorf("enrolment: %d", res.StatusCode)
	}
	if status, answer, err := post(c, url+enrol+"/begin", nil, nil); err != nil || status != 200 || !strings.Contains(answer, "A. Holt") {
		t.Errorf("%d %s %v", status, answer, err)
	}
	if res, _ := get(t, c, url+strings.Replace(enrol, "/enrol/", "/in/", 1)); res.StatusCode != http.StatusNotFound {
		t.Errorf("a link signs in: %d", res.StatusCode)
	}
	stop()
	var out, errOut bytes.Buffer
	if status := run(t.Context(), []string{"verify", dir, "--passphrase-file", pass}, &out, &errOut); status != success || !strings.Contains(out.String(), "all holds") {
		t.Errorf("%d %s %s", status, out.String(), errOut.String())
	}
}

// serving starts a site node as a process and waits for its address.
func serving(t *testing.T, args ...string) (url string, stop func()) {
	t.Helper()
	url, _, stop = servingAs(t, args...)
	return url, stop
}

// servingAs also tells the process's number.
func servingAs(t *testing.T, args ...string) (url string, pid int, stop func()) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	found := regexp.MustCompile(`https://\S+:\d+`).FindString(line)
	if err != nil || found == "" {
		_ = cmd.Process.Kill() // the test fails in any case
		t.Fatalf("%v %q %s", err, line, log.String())
	}
	return found, cmd.Process.Pid, func() {
		t.Helper()
		if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
			t.Errorf("%v: %s", err, log.String())
		}
	}
}

func TestServeRefusesWhatIsNotFit(t *testing.T) {
	dir, pass, _ := site(t)
	secret := []string{"--passphrase-file", pass, "--listen", "127.0.0.1:0", "--doors", "127.0.0.1:0"}
	try := func(want int, say string, args ...string) {
		t.Helper()
		var out, errOut bytes.Buffer
		if got := run(t.Context(), append(append([]string{"serve"}, args...), secret...), &out, &errOut); got != want || !strings.Contains(errOut.String(), say) {
			t.Errorf("%v: %d %s", args, got, errOut.String())
		}
	}
	if safe, err := encrypted(dir); err != nil || !safe {
		try(failed, "encrypted disk", "--data", dir)
	}
	config := filepath.Join(t.TempDir(), "site.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("volume: trust-me\n")
	try(unusable, "volume", "--data", dir, "--config", config)
	write("volumme: encrypted-by-host\n")
	try(unusable, "volumme", "--data", dir, "--config", config)
	wrong := filepath.Join(t.TempDir(), "wrong")
	if err := os.WriteFile(wrong, []byte("another passphrase\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	write("volume: encrypted-by-host\n")
	secret[1] = wrong
	try(failed, "", "--data", dir, "--config", config)
	secret[1] = pass
	demo := filepath.Join(t.TempDir(), "demo")
	p := startDemo(t, demo, "--still")
	p.stop()
	try(failed, "never use it for care", "--data", filepath.Join(demo, "111"), "--config", config)
}

func TestViewsRebuild(t *testing.T) {
	demo := filepath.Join(t.TempDir(), "demo")
	p := startDemo(t, demo, "--still")
	p.stop()
	if err := os.WriteFile(filepath.Join(demo, "111", "views.db"), []byte("not a database"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	if status := run(t.Context(), []string{"views", "rebuild", demo}, &out, &errOut); status != success || strings.Count(out.String(), "rebuilt") != 2 {
		t.Fatalf("%d %s %s", status, out.String(), errOut.String())
	}
	again := startDemo(t, demo, "--still")
	if got := again.openCases("111"); got != "44" {
		t.Errorf("%s open cases", got)
	}
	again.stop()
}
