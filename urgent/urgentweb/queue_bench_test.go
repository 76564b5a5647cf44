package urgentweb

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"
)

// BenchmarkWorklistOf2000 draws the worklist of 2,000 open cases through its
// handler, an eighth of them held for validation, and tells the slowest page of
// a hundred.
func BenchmarkWorklistOf2000(b *testing.B) {
	d := openDesk(b)
	d.fill(2000)
	d.app.Cases.Journal.WaitLevel(context.Background(), time.Minute)
	var took, worked []time.Duration // by the clock, and of processor time, which other work on the machine does not lengthen
	began := cpu(b)
	for b.Loop() {
		r := httptest.NewRequest(http.MethodGet, "/worklist", nil)
		r.Header.Set("Accept-Encoding", "gzip")
		w := httptest.NewRecorder()
		at, busy := time.Now(), cpu(b)
		d.mux.ServeHTTP(w, r)
		took, worked = append(took, time.Since(at)), append(worked, cpu(b)-busy)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
	b.ReportMetric(float64((cpu(b)-began).Microseconds())/1000/float64(b.N), "cpu-ms/page")
	slices.Sort(took)
	slices.Sort(worked)
	b.ReportMetric(float64(worked[len(worked)*99/100].Microseconds())/1000, "p99-cpu-ms")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
