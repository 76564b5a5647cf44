package node_test

import (
	"bytes"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/web"
)

// give gives a desk keys as a link does.
func (h *house) give(desk fact.Subject, subjects ...fact.Subject) {
	h.t.Helper()
	for _, s := range subjects {
		ids, err := h.n.Journal.FactIDs(h.t.Context(), s)
		if err == nil {
			_, err = h.n.Journal.Proved(h.t.Context(), desk, s, ids)
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
}

// enrolDesk admits a desk that is never started.
func enrolDesk(t testing.TB, j *journal.Journal) fact.Subject {
	t.Helper()
	ask, err := journal.Ask(t.Context(), journal.Options{Dir: t.TempDir(), Demo: true}, fact.Desk, "laptop", "a car")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Enrol(t.Context(), boss.Author(), ask); err != nil {
		t.Fatal(err)
	}
	for id, d := range j.House().Devices {
		if d.Card.Name == "laptop" {
			return id
		}
	}
	t.Fatal("not enrolled")
	return fact.Subject{}
}

func (h *house) page(role access.Role, path string) (int, []byte) {
	h.t.Helper()
	got := h.ask(web.Route{Door: web.Session, Method: http.MethodGet}, path, h.token[role])
	return got.status, []byte(got.body)
}

// What could be read on a stolen desk is shown with names to information
// governance, without to administrators, to nobody else; for any moment; and each
// time that it was asked is on record.
func TestWhatCouldBeReadOnADesk(t *testing.T) {
	h := newHouse(t, "Fellside 111", "ZZ111", "Ida", "Tansley", "9990000018")
	desk := enrolDesk(t, h.n.Journal)
	before := h.n.Now()
	path := "/devices/" + desk.String() + "/readable"
	number, err := codes.ParseNHSNumber("9990000018")
	if err != nil {
		t.Fatal(err)
	}
	numbered, err := h.n.Cases.NewCase()
	if err == nil {
		_, err = h.n.Journal.Do(t.Context(), fact.Author{Role: "tester"}, nil, func(*journal.Tx) ([]fact.Draft, error) {
			return []fact.Draft{fact.Say(numbered, record.PersonRegistered{Identity: record.Identity{Name: record.Name{Given: "Ona", Family: "Lund"}, Born: codes.Date{Year: 1950, Month: 2, Day: 3}, NHS: number}})}, nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	h.give(desk, h.person, h.cases, numbered)
	until(t, "the lists are level", func() bool { _, _, behind := h.n.Journal.ViewsAt(); return behind == 0 })
	names := []byte("TANSLEY")
	status, body := h.page(access.InformationGovernance, path)
	if status != http.StatusOK || !bytes.Contains(body, names) || !bytes.Contains(body, []byte("999 000 0018")) || !bytes.Contains(body, []byte("3 Feb 1950")) {
		t.Errorf("information governance: %d %s", status, body)
	}
	status, body = h.page(access.Administrator, path)
	if status != http.StatusOK || bytes.Contains(bytes.ToUpper(body), names) || bytes.Contains(body, []byte("9990000018")) || !bytes.Contains(body, []byte(h.person.String())) {
		t.Errorf("an administrator: %d %s", status, body)
	}
	for _, role := range access.Roles() {
		status, body := h.page(role, path)
		if may := role == access.InformationGovernance || role == access.Administrator; (status == http.StatusOK) != may || !may && bytes.Contains(bytes.ToUpper(body), names) {
			t.Errorf("%s: %d", role, status)
		}
	}
	status, body = h.page(access.InformationGovernance, path+"?at="+before.Add(-time.Hour).In(codes.London()).Format("2006-01-02+15:04"))
	if status != http.StatusOK || bytes.Contains(body, names) {
		t.Errorf("an hour before it was given anything: %d %s", status, body)
	}
	if status, _ = h.page(access.InformationGovernance, path+"?at=yesterday"); status != http.StatusUnprocessableEntity {
		t.Errorf("a moment that is none: %d", status)
	}
	if status, _ = h.page(access.InformationGovernance, "/devices/"+h.n.Device.Person.String()+"/readable"); status != http.StatusNotFound {
		t.Errorf("of a site node: %d", status)
	}
	acts := map[access.Act]int{}
	subjects, err := h.n.Journal.Subjects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range subjects {
		for _, f := range mustHistory(t, h.n.Journal, s).Facts() {
			if l, err := fact.Read[access.Looked](f); err == nil && l.About == desk {
				acts[l.Act]++
			}
		}
	}
	if acts[access.NameReadable] != 4 || acts[access.SeeReadable] != 2 {
		t.Errorf("on record: %v", acts)
	}
	if _, body = h.page(access.Administrator, "/devices"); !strings.Contains(string(body), path) {
		t.Error("the page of devices does not lead there")
	}
}

// The page of a desk that could read many records is there in time: 200 of them,
// or HOLDFAST_SUBJECTS.
func TestWhatCouldBeReadOfMany(t *testing.T) {
	many := 200
	if text := os.Getenv("HOLDFAST_SUBJECTS"); text != "" {
		var err error
		if many, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	n, _ := openNode(t, "Fellside 111", "ZZ111")
	h := serve(t, n)
	h.sign(access.InformationGovernance)
	desk := enrolDesk(t, n.Journal)
	var all []fact.Subject
	for len(all) < many {
		_, err := n.Journal.Do(t.Context(), fact.Author{Role: "tester"}, nil, func(tx *journal.Tx) (out []fact.Draft, err error) {
			for range min(50, (many-len(all))/2) {
				who, err := tx.NewSubject()
				if err != nil {
					return nil, err
				}
				id, err := tx.NewSubject()
				if err != nil {
					return nil, err
				}
				all = append(all, who, id)
				identity := record.Identity{Name: record.Name{Given: "Ida", Family: "Tansley"}, Born: codes.Date{Year: 1950, Month: 2, Day: 3}}
				out = append(out, fact.Say(who, record.PersonRegistered{Identity: identity}),
					fact.Say(id, urgent.CallTaken{Number: "26-" + id.String()[:6]}), fact.Say(id, urgent.PatientDescribed{Record: who, Identity: identity}))
			}
			return out, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	h.give(desk, all...)
	until(t, "the lists are level", func() bool { _, _, behind := n.Journal.ViewsAt(); return behind == 0 })
	began := time.Now()
	status, body := h.page(access.InformationGovernance, "/devices/"+desk.String()+"/readable")
	if status != http.StatusOK || bytes.Count(body, []byte("<tr>")) < many {
		t.Fatalf("%d, %d lines", status, bytes.Count(body, []byte("<tr>")))
	}
	t.Logf("%d subjects: %.2f s, %.1f MB", many, time.Since(began).Seconds(), float64(len(body))/1e6)
}
