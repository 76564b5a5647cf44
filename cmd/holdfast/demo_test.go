package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast/exchange/exchangetest"
)

const asProgram = "HOLDFAST_TEST_RUNS_THE_PROGRAM"

// TestMain lets the test's own binary be the program.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// demoProcess is a demo that runs as a process of its own.
type demoProcess struct {
	printed
	t   *testing.T
	cmd *exec.Cmd
	err *bytes.Buffer
	ok  bool
}

func startDemo(t *testing.T, data string, more ...string) *demoProcess {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &demoProcess{t: t, cmd: exec.Command(exe, append([]string{"demo", "--json", "--data", data, "--listen", "127.0.0.1:0"}, more...)...), err: &bytes.Buffer{}}
	p.cmd.Env = append(os.Environ(), asProgram+"=1")
	p.cmd.Stderr = p.err
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !p.ok {
			_ = p.cmd.Process.Kill() // the test has failed already
			_ = p.cmd.Wait()
		}
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("no line: %v: %s", err, p.err)
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&p.printed); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return p
}

// stop asks the demo to stop as Ctrl-C does; it must leave cleanly and soon.
func (p *demoProcess) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		p.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- p.cmd.Wait() }()
	select {
	case err := <-done:
		p.ok = true
		if err != nil {
			p.t.Fatalf("it did not stop cleanly: %v: %s", err, p.err)
		}
	case <-time.After(15 * time.Second):
		p.t.Fatal("it does not stop")
	}
}

func (p *demoProcess) org(kind string) printedOrg {
	p.t.Helper()
	for _, o := range p.Organisations {
		if o.Kind == kind {
			return o
		}
	}
	p.t.Fatalf("no organisation of kind %s", kind)
	return printedOrg{}
}

// client is a browser; names below localhost are this machine, as browsers
// have it (RFC 6761, section 6.3).
func client(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		var d net.Dialer
		return d.DialContext(ctx, network, "127.0.0.1:"+port)
	}
	transport := &http.Transport{DialContext: dial}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: transport, Timeout: 20 * time.Second}
}

func get(t *testing.T, c *http.Client, url string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

// openCases asks the operator's numbers.
func (p *demoProcess) openCases(kind string) string {
	p.t.Helper()
	token, err := os.ReadFile(filepath.Join(p.Data, kind, "operator.token"))
	if err != nil {
		p.t.Fatal(err)
	}
	res, body := get(p.t, client(p.t), p.org(kind).URL+"/metrics", "Authorization", "Bearer "+strings.TrimSpace(string(token)))
	found := regexp.MustCompile(`(?m)^holdfast_open_cases (\d+)$`).FindStringSubmatch(body)
	if res.StatusCode != 200 || found == nil {
		p.t.Fatalf("%d %s", res.StatusCode, body)
	}
	return found[1]
}

func firstPages() map[string]string {
	return map[string]string{"call-handler": "/call", "clinician": "/worklist", "manager": "/board", "administrator": "/staff", "receptionist": "/worklist", "clinical-governance": "/worklist",
		"information-governance": "/looks", "commissioner": "/figures", "host-operator": "/devices"}
}

func TestDemoStartsSignsInStopsAndGoesOn(t *testing.T) {
	data := filepath.Join(t.TempDir(), "demo")
	p := startDemo(t, data, "--still")
	if p.Version == "" || p.Data != data || len(p.Organisations) != 2 {
		t.Fatalf("%+v", p.printed)
	}
	for _, o := range p.Organisations {
		checkOrg(t, o)
	}
	if got, other := p.openCases("111"), p.openCases("hours"); got != "44" || other != "76" {
		t.Errorf("%s and %s open cases", got, other)
	}
	checkOperatorDoor(t, p.org("111"))
	p.stop()
	verifyHolds(t, data)
	again := startDemo(t, data, "--still")
	if got, other := again.openCases("111"), again.openCases("hours"); got != "44" || other != "76" {
		t.Errorf("after a restart %s and %s open cases", got, other)
	}
	if again.org("111").SignIn["clinician"] == p.org("111").SignIn["clinician"] {
		t.Error("the links are not fresh")
	}
	checkLinks(t, again.org("111"))
	again.stop()
}

func checkOrg(t *testing.T, o printedOrg) {
	t.Helper()
	if o.Name == "" || o.ODS == "" || o.Service == "" || !strings.Contains(o.URL, "//"+o.Kind+".localhost:") || !strings.HasPrefix(o.BaRS, "https://") || !strings.HasPrefix(o.ITK, "https://") {
		t.Errorf("%+v", o)
	}
	for _, file := range []string{o.Partner.CA, o.Partner.Cert, o.Partner.Key} {
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	}
	if res, body := get(t, client(t), o.URL+"/healthz"); res.StatusCode != 200 || body != "ok\n" {
		t.Errorf("%d %q", res.StatusCode, body)
	}
	if res, _ := get(t, client(t), o.URL+"/worklist"); !strings.HasPrefix(res.Request.URL.Path, "/sign-in") {
		t.Errorf("the worklist is open to anybody: %s", res.Request.URL)
	}
	checkLinks(t, o)
}

// checkLinks signs in with each link: one GET, then the role's first page. In
// another browser the link is refused.
func checkLinks(t *testing.T, o printedOrg) {
	t.Helper()
	for role, path := range firstPages() {
		res, body := get(t, client(t), o.SignIn[role])
		if res.StatusCode != 200 || res.Request.URL.Path != path || !strings.Contains(body, o.Name) {
			t.Errorf("%s at %s: %d at %s", role, o.Kind, res.StatusCode, res.Request.URL.Path)
		}
		if res, _ := get(t, client(t), o.SignIn[role]); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s at %s: the link works in a second browser: %d", role, o.Kind, res.StatusCode)
		}
	}
}

func checkOperatorDoor(t *testing.T, o printedOrg) {
	t.Helper()
	for _, header := range []string{"", "Bearer ", "Bearer " + strings.Repeat("A", 43)} {
		if res, body := get(t, client(t), o.URL+"/metrics", "Authorization", header); res.StatusCode != http.StatusForbidden || strings.Contains(body, "holdfast_") {
			t.Errorf("%q: %d", header, res.StatusCode)
		}
	}
}

func verifyHolds(t *testing.T, data string) {
	t.Helper()
	var out, errOut bytes.Buffer
	if status := run(t.Context(), []string{"verify", "--json", data}, &out, &errOut); status != success {
		t.Errorf("verify: %d %s %s", status, out.String(), errOut.String())
	}
	if n := strings.Count(out.String(), `"holds":true`); n != 2 {
		t.Errorf("%d journals hold: %s", n, out.String())
	}
}

// machine is the demo partner's client.
func machine(t *testing.T, o printedOrg, withCert bool) *http.Client {
	t.Helper()
	ca, err := os.ReadFile(o.Partner.CA)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	if !config.RootCAs.AppendCertsFromPEM(ca) {
		t.Fatal("no certificate in the partner's ca file")
	}
	if withCert {
		pair, err := tls.LoadX509KeyPair(o.Partner.Cert, o.Partner.Key)
		if err != nil {
			t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	transport := &http.Transport{TLSClientConfig: config}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

func post(c *http.Client, url string, body []byte, header map[string]string) (int, string, error) {
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	return res.StatusCode, string(answer), err
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func barsHeaders(service, request string) map[string]string {
	return map[string]string{
		"NHSD-Target-Identifier":     b64(fmt.Sprintf(`{"value":%q,"system":"https://fhir.nhs.uk/Id/dos-service-id"}`, service)),
		"NHSD-End-User-Organisation": b64(`{"resourceType":"Organization","identifier":[{"value":"RND","system":"https://fhir.nhs.uk/Id/ods-organization-code"}],"name":"Ambulance"}`),
		"NHSD-Requesting-Software":   b64(`{"resourceType":"Device"}`), "use-context": "a4t1|validation|servicerequest-request|new",
		"X-Request-Id": request, "X-Correlation-Id": "9562466f-c982-4bd5-bb0e-255e9f5e6689",
		"Content-Type": "application/fhir+json; version=1.4.0", "Accept": "application/fhir+json; version=1.4.0",
	}
}

// Real messages, addressed to the demo, come through the partner door onto
// the out-of-hours worklist; addressed to others they are refused.
func TestRealMessagesReachTheWorklist(t *testing.T) {
	bars := exchangetest.Payload(t, "bars-api/1.4.0/process_message/request/ValidationRequest_POST_.json")
	soap := exchangetest.Payload(t, "itk-111/xml/adastra-itk-ooh-referral-dx86-itk-request.xml")
	p := startDemo(t, filepath.Join(t.TempDir(), "demo"), "--still")
	o := p.org("hours")
	partner, stranger := machine(t, o, true), machine(t, o, false)
	if _, _, err := post(stranger, o.ITK, soap, nil); err == nil {
		t.Error("a machine without a certificate was let in")
	}
	status, answer, err := post(partner, o.BaRS+"/$process-message", bars, barsHeaders("111111111", "c1ab3fba-6bae-4ba4-b257-5a87c44d4a91"))
	if err != nil || status < 400 || status >= 500 {
		t.Errorf("for somebody else: %d %s %v", status, answer, err)
	}
	mine := bytes.ReplaceAll(bytes.ReplaceAll(bars, []byte("111111111"), []byte(o.Service)), []byte(`"RYE"`), []byte(`"`+o.ODS+`"`))
	status, answer, err = post(partner, o.BaRS+"/$process-message", mine, barsHeaders(o.Service, "c1ab3fba-6bae-4ba4-b257-5a87c44d4a92"))
	if err != nil || status != 200 {
		t.Fatalf("BaRS: %d %s %v", status, answer, err)
	}
	soapHeader := map[string]string{"Content-Type": "text/xml; charset=utf-8", "SOAPAction": `"urn:nhs-itk:services:201005:SendNHS111Report-v2-0"`}
	if status, answer, err = post(partner, o.ITK, soap, soapHeader); err != nil || status != 500 || !strings.Contains(answer, "Fault") {
		t.Errorf("for somebody else: %d %s %v", status, answer, err)
	}
	ours := bytes.ReplaceAll(bytes.ReplaceAll(soap, []byte("urn:nhs-uk:addressing:ods:FDH68RPX"), []byte("urn:nhs-uk:addressing:ods:"+o.ODS)), []byte("2000038407"), []byte(o.Service))
	for range 2 { // the same message again changes nothing
		if status, answer, err = post(partner, o.ITK, ours, soapHeader); err != nil || status != 200 || !strings.Contains(answer, "SimpleMessageResponse") {
			t.Fatalf("ITK: %d %s %v", status, answer, err)
		}
	}
	if got := p.openCases("hours"); got != "78" {
		t.Errorf("%s open cases", got)
	}
	checkArrived(t, o)
	p.stop()
	verifyHolds(t, p.Data)
}

// checkArrived reads both patients on the worklist and opens their cases.
func checkArrived(t *testing.T, o printedOrg) {
	t.Helper()
	browser := client(t)
	get(t, browser, o.SignIn["clinician"])
	_, list := get(t, browser, o.URL+"/worklist")
	for name, parts := range map[string][]string{
		"JONES, Julie": {"07736 312 544", "unverified", "Dx333"}, "TESTONE, Test": {"Dx86", "Otter Close"},
	} {
		link := regexp.MustCompile(`href="(/case/[0-9a-f]{32})"[^>]*>\s*` + regexp.QuoteMeta(name)).FindStringSubmatch(list)
		if link == nil {
			t.Errorf("%s is not on the worklist", name)
			continue
		}
		res, page := get(t, browser, o.URL+link[1])
		for _, want := range append(parts, name) {
			if res.StatusCode != 200 || !strings.Contains(page, want) {
				t.Errorf("%s: %d, the case does not say %q", name, res.StatusCode, want)
			}
		}
	}
}

func TestUnfinishedSeedingBeginsAnew(t *testing.T) {
	data := filepath.Join(t.TempDir(), "demo")
	p := startDemo(t, data, "--still")
	p.stop()
	if err := os.WriteFile(filepath.Join(data, "111", unfinished), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	again := startDemo(t, data, "--still")
	if got := again.openCases("111"); got != "44" {
		t.Errorf("%s open cases", got)
	}
	again.stop()
	if _, err := os.Stat(filepath.Join(data, "111", unfinished)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the mark stands after seeding: %v", err)
	}
}

func TestExitStatuses(t *testing.T) {
	empty := t.TempDir()
	for _, c := range []struct {
		args []string
		want int
	}{
		{[]string{"version"}, success}, {[]string{"help"}, success}, {nil, unusable}, {[]string{"nonsense"}, unusable},
		{[]string{"verify"}, unusable}, {[]string{"verify", empty}, unusable}, {[]string{"verify", "--nonsense", empty}, unusable},
		{[]string{"content", "check", filepath.Join(empty, "none")}, unusable}, {[]string{"content", "check", empty}, failed},
		{[]string{"demo", "--listen", "nowhere"}, unusable}, {[]string{"demo", "too", "many"}, unusable}, {[]string{"demo", "--data", empty, "--listen", "0.0.0.0:0"}, unusable},
		{[]string{"serve"}, unusable}, {[]string{"serve", "--data", empty}, failed}, {[]string{"org", "create", "--data", empty}, unusable},
	} {
		var out, errOut bytes.Buffer
		if got := run(t.Context(), c.args, &out, &errOut); got != c.want {
			t.Errorf("%v: %d, want %d: %s", c.args, got, c.want, errOut.String())
		}
		if c.want == unusable && (out.Len() > 0 || errOut.Len() == 0) {
			t.Errorf("%v: says %q", c.args, out.String())
		}
	}
}

func TestEveryRouteHasADoor(t *testing.T) {
	var out, errOut bytes.Buffer
	if got := run(t.Context(), []string{"routes", "--json"}, &out, &errOut); got != success {
		t.Fatalf("%d %s", got, errOut.String())
	}
	var all []struct{ Door, Method, Pattern string }
	if err := json.Unmarshal(out.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	doors := map[string]int{}
	public := map[string]bool{
		"/emergency": true, "/enrol/{token}": true, "/enrol/{token}/begin": true, "/enrol/{token}/finish": true, "/healthz": true,
		"/.well-known/security.txt": true, "/in/{token}": true, "/sign-in": true, "/sign-in/begin": true, "/sign-in/finish": true, "/static/{name}": true, "/unlock": true, "/screen/typed": true, "/recover": true, "/sign-in/code": true, "/sign-in/with/{provider}": true, "/sign-in/from/{provider}": true,
	}
	for _, r := range all {
		doors[r.Door]++
		if r.Door == "public" && !public[r.Pattern] {
			t.Errorf("%s %s stands open", r.Method, r.Pattern)
		}
	}
	if doors["public"] != len(public)+1 || // /recover is read and sent
		doors["partner"] != 11 || doors["operator"] != 1 || doors["session"] < 10 ||
		doors["device"] != 2 || doors["account"] != 7 || len(doors) != 6 {
		t.Errorf("%v", doors)
	}
}
