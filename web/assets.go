package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"sort"
	"strings"
)

//go:embed static/css/*.css static/js/*.js static/mark.svg
var static embed.FS

// The logical names of what every page asks for.
const (
	styleAsset  = "holdfast.css"
	scriptAsset = "holdfast.js"
	markAsset   = "mark.svg"
)

const assetsPath = "/static/"

// Assets are the files that every browser may fetch: style, script, mark. They
// are served under names that hold a hash of their bytes, so that a browser may
// keep them for a year and never shows an old one.
type Assets struct {
	paths map[string]string // logical name → path with hash
	files map[string]asset  // file name with hash → bytes
}

type asset struct {
	kind   string
	plain  []byte
	zipped []byte
	tag    string
}

// LoadAssets joins the embedded style and script files, each in the order of
// their names, and gives every result its hashed name.
func LoadAssets() (*Assets, error) {
	a := &Assets{paths: map[string]string{}, files: map[string]asset{}}
	css, err := join("static/css")
	if err != nil {
		return nil, err
	}
	js, err := join("static/js")
	if err != nil {
		return nil, err
	}
	mark, err := static.ReadFile("static/mark.svg")
	if err != nil {
		return nil, fmt.Errorf("web: reading the mark: %w", err)
	}
	script := wrap("(() => {\n\"use strict\";\n", js, "})();\n")
	for _, one := range []struct {
		name, kind string
		body       []byte
	}{
		{styleAsset, "text/css; charset=utf-8", css},
		{scriptAsset, "text/javascript; charset=utf-8", script},
		{markAsset, "image/svg+xml", mark},
	} {
		if err := a.add(one.name, one.kind, one.body); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func wrap(head string, body []byte, tail string) []byte {
	return bytes.Join([][]byte{[]byte(head), body, []byte(tail)}, nil)
}

// join reads the files of one folder in the order of their names.
func join(dir string) ([]byte, error) {
	entries, err := fs.ReadDir(static, dir)
	if err != nil {
		return nil, fmt.Errorf("web: reading %s: %w", dir, err)
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name() < entries[j].Name() })
	var out bytes.Buffer
	for _, e := range entries {
		b, err := static.ReadFile(path.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("web: reading %s: %w", e.Name(), err)
		}
		out.Write(b)
		out.WriteByte('\n')
	}
	return out.Bytes(), nil
}

func (a *Assets) add(name, kind string, body []byte) error {
	sum := sha256.Sum256(body)
	tag := hex.EncodeToString(sum[:8])
	dot := strings.LastIndexByte(name, '.')
	hashed := name[:dot] + "-" + tag + name[dot:]
	var zipped bytes.Buffer
	z, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return fmt.Errorf("web: packing %s: %w", name, err)
	}
	if _, err := z.Write(body); err != nil {
		return fmt.Errorf("web: packing %s: %w", name, err)
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("web: packing %s: %w", name, err)
	}
	a.files[hashed] = asset{kind: kind, plain: body, zipped: zipped.Bytes(), tag: `"` + tag + `"`}
	a.paths[name] = assetsPath + hashed
	return nil
}

// Style gives the path of the stylesheet.
func (a *Assets) Style() string { return a.paths[styleAsset] }

// Script gives the path of the script.
func (a *Assets) Script() string { return a.paths[scriptAsset] }

// Mark gives the path of the mark shown in a browser's tab.
func (a *Assets) Mark() string { return a.paths[markAsset] }

// serve answers one file by its hashed name.
func (a *Assets) serve(w http.ResponseWriter, r *http.Request, name string) bool {
	f, ok := a.files[name]
	if !ok {
		return false
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("ETag", f.tag)
	h.Set("Vary", "Accept-Encoding")
	if r.Header.Get("If-None-Match") == f.tag {
		w.WriteHeader(http.StatusNotModified)
		return true
	}
	body := f.plain
	if takesGzip(r) {
		h.Set("Content-Encoding", "gzip")
		body = f.zipped
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		w.Write(body) // a browser that went away needs no answer
	}
	return true
}
