package node

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"runtime"
	"strings"

	"holdfast/access"
	"holdfast/exchange/exchangedb"
	"holdfast/fact/refusal"
	"holdfast/web"
)

// operators lets in whoever holds the operator's token, as a bearer token
// (RFC 6750, section 2.1).
type operators struct{ want [32]byte }

func newOperators(token string) operators { return operators{sha256.Sum256([]byte(token))} }

// Caller answers web.ErrNoSession without the right token.
func (o operators) Caller(r *http.Request) (access.Caller, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	have := sha256.Sum256([]byte(strings.TrimSpace(token)))
	if !ok || subtle.ConstantTimeCompare(have[:], o.want[:]) != 1 {
		return access.Caller{}, refusal.New(refusal.Forbidden, "This needs the operator's token.")
	}
	return access.Caller{Name: "operator"}, nil
}

func (n *Node) healthz(w http.ResponseWriter, _ *http.Request, _ web.Caller) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if !n.Journal.Health().Saving {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, err := fmt.Fprintln(w, "not saving")
		return err
	}
	_, err := fmt.Fprintln(w, "ok")
	return err
}

// metrics answers in the Prometheus text format 0.0.4: counts and gauges of
// this device, nothing about any person.
func (n *Node) metrics(w http.ResponseWriter, r *http.Request, _ web.Caller) error {
	all, err := n.measure(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	for _, m := range all {
		if _, err := fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", m.name, m.help, m.name, m.kind); err != nil {
			return err
		}
		for _, v := range m.values {
			if _, err := fmt.Fprintf(w, "%s%s %d\n", m.name, v.labels, v.value); err != nil {
				return err
			}
		}
	}
	return nil
}

type metric struct {
	name, kind, help string
	values           []measured
}

type measured struct {
	labels string
	value  int64
}

func one(v int64) []measured { return []measured{{"", v}} }

func (n *Node) measure(ctx context.Context) ([]metric, error) {
	h := n.Journal.Health()
	open, err := n.openCases(ctx)
	if err != nil {
		return nil, err
	}
	pending, err := exchangedb.Pending(ctx, n.Journal)
	if err != nil {
		return nil, err
	}
	people := 0
	for _, e := range pending {
		if e.NeedsPerson() {
			people++
		}
	}
	_, _, behind := n.Journal.ViewsAt()
	var saving int64
	if h.Saving {
		saving = 1
	}
	var facts []measured
	for _, f := range h.Feeds {
		facts = append(facts, measured{`{lane="` + f.Lane.String() + `"}`, int64(f.Size)})
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	return []metric{
		{"holdfast_saving", "gauge", "1 while this device can save.", one(saving)},
		{"holdfast_incarnation", "gauge", "Number of this device's present incarnation.", one(int64(h.Incarnation))},
		{"holdfast_facts_total", "counter", "Facts in the feeds of the present incarnation.", facts},
		{"holdfast_views_behind_facts", "gauge", "Facts that lists have not taken in yet.", one(int64(behind))},
		{"holdfast_open_cases", "gauge", "Cases on the worklist.", one(int64(open))},
		{"holdfast_envelopes_pending", "gauge", "Envelopes without a receipt.", one(int64(len(pending)))},
		{"holdfast_envelopes_for_people", "gauge", "Envelopes about which a person must ring.", one(int64(people))},
		{"holdfast_pages_live", "gauge", "Open pages that listen.", one(int64(n.Shell.Live().Watching()))},
		{"holdfast_go_goroutines", "gauge", "Goroutines of the process.", one(int64(runtime.NumGoroutine()))},
		{"holdfast_go_heap_bytes", "gauge", "Bytes of live heap of the process.", one(int64(mem.HeapAlloc))},
	}, nil
}
