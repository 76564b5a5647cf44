package direct

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/exchange/exchangetest"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
)

var (
	update = flag.Bool("update", false, "write golden files anew")
	now    = time.Date(2026, 2, 3, 19, 30, 0, 0, time.UTC)
)

// org is one organisation with keys from a seed.
type org struct {
	id      fact.OrgID
	ods     codes.ODS
	device  ed25519.PrivateKey
	private hpke.PrivateKey
}

func newOrg(t testing.TB, name string, ods codes.ODS) org {
	t.Helper()
	seed := sha256.Sum256([]byte(name))
	private, err := hpke.MLKEM768X25519().DeriveKeyPair(seed[:])
	if err != nil {
		t.Fatal(err)
	}
	return org{id: fact.OrgID(sha256.Sum256(seed[:])), ods: ods, device: ed25519.NewKeyFromSeed(seed[:]), private: private}
}

func (o org) Sign(m []byte) ([]byte, error) { return ed25519.Sign(o.device, m), nil }
func (o org) Certificate() []byte {
	return append([]byte("cert:"), o.device.Public().(ed25519.PublicKey)...)
}
func (o org) public() []byte { return o.private.PublicKey().Bytes() }
func (o org) Open(key KeyID, info, box []byte) ([]byte, error) {
	if key != KeyIDOf(o.public()) {
		return nil, refusal.New(refusal.Missing, "The key is not known here")
	}
	return OpenBox(o.private, info, box)
}

// list is a Partners over organisations; revoked certificates are refused.
type list struct {
	orgs    []org
	address string
	revoked map[string]bool
}

func (l *list) partner(match func(org) bool) (Partner, error) {
	for _, o := range l.orgs {
		if match(o) {
			return Partner{Org: o.id, ODS: o.ods, Name: "Org " + string(o.ods), Address: l.address, Public: o.public()}, nil
		}
	}
	return Partner{}, refusal.New(refusal.Missing, "There is no such partner")
}

func (l *list) ByODS(_ context.Context, ods codes.ODS) (Partner, error) {
	return l.partner(func(o org) bool { return o.ods == ods })
}

func (l *list) ByOrg(_ context.Context, id fact.OrgID) (Partner, error) {
	return l.partner(func(o org) bool { return o.id == id })
}

func (l *list) Device(_ context.Context, id fact.OrgID, cert []byte) (ed25519.PublicKey, error) {
	for _, o := range l.orgs {
		if o.id == id && bytes.Equal(cert, o.Certificate()) && !l.revoked[string(cert)] {
			return o.device.Public().(ed25519.PublicKey), nil
		}
	}
	return nil, refusal.New(refusal.Forbidden, "The certificate is not one of this organisation")
}

type rig struct {
	t        *testing.T
	us, them org
	mallory  org
	memory   *exchangetest.Memory
	partners *list
	server   *httptest.Server
	client   Client
	door     Door
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, us: newOrg(t, "us", "FEL01"), them: newOrg(t, "them", "TVO01"), mallory: newOrg(t, "mallory", "BAD01"), memory: &exchangetest.Memory{}}
	r.partners = &list{orgs: []org{r.us, r.them}, revoked: map[string]bool{}}
	r.door = Handler(Config{
		Us: r.them.id, Opener: r.them, Signer: r.them, Partners: r.partners, Receiver: r.memory, Seen: r.memory, Now: func() time.Time { return now },
		Ours: func(context.Context) (exchange.Ours, error) {
			return exchange.Ours{ODS: "TVO01", Name: "Them", Services: []exchange.Service{{ID: "2000009001"}}}, nil
		},
	})
	r.server = httptest.NewTLSServer(r.door)
	t.Cleanup(r.server.Close)
	r.partners.address = r.server.URL
	r.client = Client{HTTP: r.server.Client(), Us: r.us.id, Signer: r.us, Partners: r.partners}
	return r
}

var (
	handler = access.Caller{Name: "A", Role: access.CallHandler, Org: "us", ODS: "FEL01"}
	device  = access.Caller{Name: "device", Role: access.Device}
	caseID  = fact.Subject{1, 2, 3}
)

func referral() exchange.Referral {
	return exchange.Referral{
		ID: "1", Purpose: exchange.ForReferral, From: exchange.Party{ODS: "FEL01"}, To: exchange.Party{ODS: "TVO01", Service: "2000009001"},
		Patient: record.Identity{Name: record.Name{Family: "Tansley"}}, Reason: "Chest pain", Dx: codes.ReceiveDx("Dx05"),
		Callback: codes.ReceivePhone("07700 900123"), Sent: fact.At(now),
	}
}

// prepared makes an envelope as the verbs and the fold have it.
func prepared(t *testing.T, r exchange.Referral) (exchange.Envelope, []byte) {
	t.Helper()
	drafts, err := exchange.Prepare(handler, exchange.ToSend{
		About: caseID, Referral: &r, To: r.To, Due: now.Add(5 * time.Minute), Routes: []exchange.Route{exchange.ByDirect},
	}, now)
	if err != nil {
		t.Fatal(err)
	}
	p := drafts[0].Content.(exchange.EnvelopePrepared)
	return exchange.Envelope{ID: p.Envelope, About: caseID, Carries: p.Carries, To: p.To, Content: p.Content, Prepared: fact.ID{1}}, drafts[0].Attach[0].Bytes
}

func TestThereAndBack(t *testing.T) {
	r := newRig(t)
	e, content := prepared(t, referral())
	sent, err := r.client.Send(t.Context(), e, content, now)
	if err != nil || sent.Receipt == nil || sent.Attempt.Outcome != exchange.Handed {
		t.Fatalf("%v %+v", err, sent)
	}
	if rc := sent.Receipt.Receipt; rc.Envelope != e.ID || rc.Content != e.Content || rc.By != "TVO01" || rc.Case == "" || rc.Again {
		t.Errorf("%+v", rc)
	}
	drafts, err := exchange.Receipted(e, device, *sent.Receipt, now)
	if err != nil || len(drafts) != 1 {
		t.Errorf("%v %v", drafts, err)
	}
	got := r.memory.Filed[0]
	if got.Patient.Name.Family != "Tansley" || got.Correlation.Message != e.ID.String() || got.Original.Hash != r.memory.Arrivals[0].Hash() {
		t.Errorf("%+v", got)
	}
	again, err := r.client.Send(t.Context(), e, content, now.Add(time.Minute))
	if err != nil || again.Receipt == nil || !again.Receipt.Receipt.Again || again.Receipt.Receipt.Case != sent.Receipt.Receipt.Case || len(r.memory.Filed) != 1 {
		t.Errorf("arriving twice: %v %+v, %d filed", err, again, len(r.memory.Filed))
	}
}

func TestReportTravels(t *testing.T) {
	r := newRig(t)
	report := exchange.Report{From: exchange.Party{ODS: "FEL01"}, To: exchange.Party{ODS: "TVO01"}, Happened: "Seen at home."}
	drafts, err := exchange.Prepare(access.Caller{Role: access.Clinician}, exchange.ToSend{About: caseID, Report: &report, To: report.To, Due: now.Add(time.Hour), Routes: []exchange.Route{exchange.ByDirect}}, now)
	if err != nil {
		t.Fatal(err)
	}
	p := drafts[0].Content.(exchange.EnvelopePrepared)
	sent, err := r.client.Send(t.Context(), exchange.Envelope{ID: p.Envelope, Carries: p.Carries, To: p.To, Content: p.Content}, drafts[0].Attach[0].Bytes, now)
	if err != nil || sent.Receipt == nil || len(r.memory.Reports) != 1 || r.memory.Reports[0].Happened != "Seen at home." {
		t.Errorf("%v %+v", err, sent)
	}
}

// wire makes a sealed letter as somebody would.
func (r *rig) wire(by org, l Letter, to org) []byte {
	r.t.Helper()
	letter, err := Sign(l, by)
	if err != nil {
		r.t.Fatal(err)
	}
	w, err := Seal(letter, to.id, to.public())
	if err != nil {
		r.t.Fatal(err)
	}
	return w
}

func (r *rig) post(body []byte, media string) (int, string) {
	r.t.Helper()
	resp, err := r.server.Client().Post(r.server.URL, media, bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, b.String()
}

func TestRefusesForgeryReplayAndWrongAddress(t *testing.T) {
	r := newRig(t)
	e, content := prepared(t, referral())
	good := Letter{Envelope: e.ID, From: r.us.id, To: r.them.id, Carries: exchange.CarriesReferral, Written: fact.At(now), Content: content}
	letter := func(change func(*Letter)) Letter { l := good; change(&l); return l }
	encode := func(ref exchange.Referral) []byte {
		b, err := fact.Encode(ref)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	otherName, otherPlace := referral(), referral()
	otherName.From.ODS = "BAD01"
	otherPlace.To = exchange.Party{ODS: "ELSE1"}
	toUs := r.wire(r.us, letter(func(l *Letter) { l.To = r.us.id }), r.us)
	flipped := r.wire(r.us, good, r.them)
	flipped[len(flipped)-40] ^= 1
	r.partners.revoked["unused"] = true
	cases := []struct {
		name   string
		wire   []byte
		status int
	}{
		{"not an envelope", []byte("hello"), 400},
		{"empty", nil, 400},
		{"cut", r.wire(r.us, good, r.them)[:500], 400},
		{"changed on the way", flipped, 400},
		{"signed by a stranger", r.wire(r.mallory, good, r.them), 403},
		{"from a stranger", r.wire(r.mallory, letter(func(l *Letter) { l.From = r.mallory.id }), r.them), 403},
		{"a partner in another's name", r.wire(r.us, letter(func(l *Letter) { l.Content = encode(otherName) }), r.them), 403},
		{"sealed to another", toUs, 403},
		{"replayed from another's envelope", r.wire(r.us, letter(func(l *Letter) { l.To = r.us.id }), r.them), 403},
		{"content for another", r.wire(r.us, letter(func(l *Letter) { l.Content = encode(otherPlace) }), r.them), 403},
		{"content no referral", r.wire(r.us, letter(func(l *Letter) { l.Content = []byte{1, 2} }), r.them), 400},
		{"newer content", r.wire(r.us, letter(func(l *Letter) { l.Carries = 9 }), r.them), 400},
	}
	for i, c := range cases {
		status, body := r.post(c.wire, EnvelopeMedia)
		if status != c.status || len(r.memory.Filed) != 0 || len(r.memory.Refused) != i+1 {
			t.Errorf("%s: %d %s, %d filed, %d audits", c.name, status, body, len(r.memory.Filed), len(r.memory.Refused))
		}
		if strings.Contains(body, "Tansley") || strings.Contains(body, "900123") {
			t.Errorf("%s: patient data in the answer", c.name)
		}
	}
	if status, _ := r.post(r.wire(r.us, good, r.them), EnvelopeMedia); status != 200 {
		t.Errorf("the good one: %d", status)
	}
	later := referral()
	later.Reason = "Something else"
	if status, _ := r.post(r.wire(r.us, letter(func(l *Letter) { l.Content = encode(later) }), r.them), EnvelopeMedia); status != 409 {
		t.Errorf("same number, other content: %d", status)
	}
	r.partners.revoked[string(r.us.Certificate())] = true
	if status, _ := r.post(r.wire(r.us, good, r.them), EnvelopeMedia); status != 403 {
		t.Errorf("revoked device: %d", status)
	}
}

func TestBadCalls(t *testing.T) {
	r := newRig(t)
	if status, _ := r.post([]byte("x"), "text/plain"); status != 415 {
		t.Error(status)
	}
	if status, _ := r.post(make([]byte, exchange.MaxMessage+overhead+1), EnvelopeMedia); status != 413 {
		t.Error(status)
	}
	resp, err := r.server.Client().Get(r.server.URL)
	if err != nil || resp.StatusCode != 405 {
		t.Error(err, resp.StatusCode)
	}
	if len(r.memory.Refused) != 2 {
		t.Errorf("%d audits", len(r.memory.Refused))
	}
}

func TestEveryWayToFail(t *testing.T) {
	e, content := prepared(t, referral())
	for name, c := range map[string]struct {
		spoil   func(*rig)
		outcome exchange.Outcome
	}{
		"nobody there":                  {func(r *rig) { r.server.Close() }, exchange.Unreachable},
		"not saved":                     {func(r *rig) { r.memory.Fail = refusal.New(refusal.Unavailable, "Nothing was saved") }, exchange.Unreachable},
		"saved but said to have failed": {func(r *rig) { r.memory.Then = refusal.New(refusal.Unknown, "It is not known") }, exchange.NotKnown},
		"not a partner":                 {func(r *rig) { r.partners.orgs = r.partners.orgs[1:] }, exchange.Turned},
		"receipt signed by another":     {func(r *rig) { r.door.Signer = r.mallory; r.serve(r.door) }, exchange.NotKnown},
		"no receipt": {func(r *rig) {
			r.serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("OK")) }))
		}, exchange.NotKnown},
	} {
		r := newRig(t)
		c.spoil(r)
		sent, err := r.client.Send(t.Context(), e, content, now)
		if err != nil || sent.Receipt != nil || sent.Attempt.Outcome != c.outcome {
			t.Errorf("%s: %v %+v", name, err, sent)
		}
		if _, err := exchange.Attempted(e, device, sent.Attempt, now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func (r *rig) serve(h http.Handler) {
	r.server.Close()
	r.server = httptest.NewTLSServer(h)
	r.t.Cleanup(r.server.Close)
	r.partners.address = r.server.URL
	r.client.HTTP = r.server.Client()
}

func TestWillNotSend(t *testing.T) {
	r := newRig(t)
	e, content := prepared(t, referral())
	if _, err := r.client.Send(t.Context(), e, append(content, 0), now); !refusal.Is(err, refusal.Invalid) {
		t.Errorf("other content: %v", err)
	}
	r.partners.address = "http://127.0.0.1:1/"
	if _, err := r.client.Send(t.Context(), e, content, now); !refusal.Is(err, refusal.Invalid) {
		t.Errorf("plain HTTP: %v", err)
	}
	e.To.ODS = "ELSE1"
	if _, err := r.client.Send(t.Context(), e, content, now); !refusal.Is(err, refusal.Missing) {
		t.Errorf("unknown partner: %v", err)
	}
	if _, err := Sign(Letter{Content: make([]byte, exchange.MaxMessage+1)}, r.us); !refusal.Is(err, refusal.Invalid) {
		t.Errorf("too long: %v", err)
	}
}

func TestReceiptOfAnother(t *testing.T) {
	us, them := newOrg(t, "us", "FEL01"), newOrg(t, "them", "TVO01")
	b, err := SignReceipt(exchange.Receipt{By: "TVO01"}, them.id, them)
	if err != nil {
		t.Fatal(err)
	}
	key := func(cert []byte) (ed25519.PublicKey, error) {
		return (&list{orgs: []org{them}}).Device(t.Context(), them.id, cert)
	}
	if _, err := OpenReceipt(b, them.id, key); err != nil {
		t.Error(err)
	}
	if _, err := OpenReceipt(b, us.id, key); !refusal.Is(err, refusal.Forbidden) {
		t.Error("a receipt of another organisation was taken")
	}
	for i := range b {
		bent := append([]byte(nil), b...)
		bent[i] ^= 1
		if r, err := OpenReceipt(bent, them.id, key); err == nil {
			t.Errorf("byte %d changed and taken: %+v", i, r)
		}
	}
}

// The wire is meant to be read by later versions: these bytes must always
// open to the same letter.
func TestGolden(t *testing.T) {
	us, them := newOrg(t, "us", "FEL01"), newOrg(t, "them", "TVO01")
	want := Letter{Envelope: exchange.EnvelopeID{1, 2, 3}, From: us.id, To: them.id, Carries: exchange.CarriesReferral, Written: 1770147000000, Content: []byte("content")}
	letter, err := Sign(want, us)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "letter.hex", letter)
	path := filepath.Join("testdata", "envelope.hex")
	if *update {
		wire, err := Seal(letter, them.id, them.public())
		if err != nil || os.WriteFile(path, []byte(hex.EncodeToString(wire)+"\n"), 0o644) != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wire, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	o, err := Open(wire, them.id, them)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Verify(us.device.Public().(ed25519.PublicKey)); err != nil || !bytes.Equal(o.Bytes, letter) || o.Letter.Envelope != want.Envelope || string(o.Letter.Content) != "content" {
		t.Errorf("%v %+v", err, o.Letter)
	}
	receipt, err := SignReceipt(exchange.Receipt{Envelope: want.Envelope, Content: want.ContentHash(), By: "TVO01", Filed: 1770147001000, Case: "T-1"}, them.id, them)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "receipt.hex", receipt)
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	text := hex.EncodeToString(got) + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != text {
		t.Errorf("%s: the bytes are not those of version 1", name)
	}
}

func TestSizesAreHidden(t *testing.T) {
	us, them := newOrg(t, "us", "FEL01"), newOrg(t, "them", "TVO01")
	sizes := map[int]bool{}
	for n := range 5 {
		letter, err := Sign(Letter{Content: make([]byte, n*20)}, us)
		if err != nil {
			t.Fatal(err)
		}
		wire, err := Seal(letter, them.id, them.public())
		if err != nil {
			t.Fatal(err)
		}
		sizes[len(wire)] = true
	}
	if len(sizes) != 1 {
		t.Errorf("%d sizes", len(sizes))
	}
}

func FuzzOpen(f *testing.F) {
	them := newOrg(f, "them", "TVO01")
	f.Add([]byte{0xa0})
	f.Add([]byte("hello"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if _, err := Open(in, them.id, them); refusal.KindOf(err) == 0 {
			t.Fatalf("%v is no refusal", err)
		}
		if _, err := parse(in, them.id); refusal.KindOf(err) == 0 {
			t.Fatalf("%v is no refusal", err)
		}
	})
}
