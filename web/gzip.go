package web

import (
	"compress/gzip"
	"crypto/rand"
	"net/http"
	"strings"
)

// takesGzip tells whether the browser asked for packed answers.
func takesGzip(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q = strings.ReplaceAll(q, " ", "")
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}

// packed is a writer that packs text. It decides at the first write, when the
// kind of answer is known.
type packed struct {
	http.ResponseWriter
	m       *Mux
	wanted  bool
	decided bool
	z       *gzip.Writer
}

const tooSmall = 600 // bytes; packing less gains nothing

func (m *Mux) zip(w http.ResponseWriter, r *http.Request) *packed {
	return &packed{ResponseWriter: w, m: m, wanted: takesGzip(r) && r.Method != http.MethodHead}
}

// Unwrap lets http.ResponseController reach the connection.
func (p *packed) Unwrap() http.ResponseWriter { return p.ResponseWriter }

func (p *packed) WriteHeader(status int) {
	if !p.decided {
		if status == http.StatusNoContent || status == http.StatusNotModified || status < 200 {
			p.wanted = false
		}
		p.decide(-1)
	}
	p.ResponseWriter.WriteHeader(status)
}

func (p *packed) Write(b []byte) (int, error) {
	if !p.decided {
		p.decide(len(b))
	}
	if p.z != nil {
		return p.z.Write(b)
	}
	return p.ResponseWriter.Write(b)
}

// decide starts packing unless the answer is packed, small or no text. Size is
// that of the first write, or -1 when it is not known.
func (p *packed) decide(size int) {
	p.decided = true
	h := p.Header()
	kind := h.Get("Content-Type")
	text := strings.HasPrefix(kind, "text/") || strings.HasPrefix(kind, "application/")
	if !text || h.Get("Content-Encoding") != "" || h.Get("Content-Length") != "" {
		return
	}
	h.Add("Vary", "Accept-Encoding")
	if !p.wanted || (size >= 0 && size < tooSmall) {
		return
	}
	h.Set("Content-Encoding", "gzip")
	z, ok := p.m.zips.Get().(*gzip.Writer)
	if !ok {
		z, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
	}
	z.Reset(p.ResponseWriter)
	z.Header.Comment = padding()
	p.z = z
}

// padding blurs the length of packed pages, so that somebody who can see
// lengths and choose a search word can't guess at names letter by letter.
func padding() string {
	var b [1]byte
	rand.Read(b[:])
	return strings.Repeat("x", 1+int(b[0]%96))
}

// end finishes the packing. A browser that went away needs no answer.
func (p *packed) end() {
	if p.z == nil {
		return
	}
	p.z.Close()
	p.m.zips.Put(p.z)
	p.z = nil
}
