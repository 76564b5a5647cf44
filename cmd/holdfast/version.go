package main

import (
	"context"
	"fmt"
	"runtime/debug"
)

// version is that of this program; the revision it was built from follows it
// when it is known.
const number = "0.1.0"

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return number
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return number + "+" + s.Value[:12]
		}
	}
	return number
}

func versionCommand(_ context.Context, t term, args []string) error {
	f := flags("version")
	asJSON := f.Bool("json", false, "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	if *asJSON {
		return printJSON(t.out, struct {
			Version string `json:"version"`
		}{version()})
	}
	_, err := fmt.Fprintln(t.out, "holdfast", version())
	return err
}
