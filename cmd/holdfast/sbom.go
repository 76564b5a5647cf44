package main

import (
	"context"
	"errors"
	"runtime/debug"
	"sort"
	"strings"
)

// bom is a software bill of materials: CycloneDX 1.6 in JSON, as far as it is
// needed. It holds nothing of time or place, so that the same program always
// gives the same bytes.
type bom struct {
	Format       string          `json:"bomFormat"`
	Spec         string          `json:"specVersion"`
	Version      int             `json:"version"`
	Metadata     bomMetadata     `json:"metadata"`
	Components   []bomComponent  `json:"components"`
	Dependencies []bomDependency `json:"dependencies"`
}

type bomMetadata struct {
	Component bomComponent `json:"component"`
}

type bomComponent struct {
	Type       string        `json:"type"`
	Ref        string        `json:"bom-ref"`
	Name       string        `json:"name"`
	Version    string        `json:"version"`
	PURL       string        `json:"purl,omitempty"`
	Properties []bomProperty `json:"properties,omitempty"`
}

type bomProperty struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type bomDependency struct {
	Ref string   `json:"ref"`
	On  []string `json:"dependsOn"`
}

// sbomCommand prints what this very program was built from, as the compiler wrote
// it down: nothing is looked up.
func sbomCommand(_ context.Context, t term, args []string) error {
	if _, err := parse(flags("sbom"), args, 0, 0); err != nil {
		return err
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return errors.New("this program was built without a record of its parts")
	}
	return printJSON(t.out, bomOf(info))
}

func bomOf(info *debug.BuildInfo) bom {
	main := bomComponent{Type: "application", Ref: "holdfast", Name: "holdfast", Version: version()}
	out := bom{Format: "CycloneDX", Spec: "1.6", Version: 1, Metadata: bomMetadata{main}}
	goVersion := strings.TrimPrefix(info.GoVersion, "go")
	out.Components = append(out.Components, bomComponent{
		Type: "platform", Ref: "pkg:golang/std@" + goVersion, Name: "std", Version: goVersion, PURL: "pkg:golang/std@" + goVersion,
	})
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		purl := "pkg:golang/" + m.Path + "@" + m.Version
		c := bomComponent{Type: "library", Ref: purl, Name: m.Path, Version: m.Version, PURL: purl}
		if m.Sum != "" {
			c.Properties = []bomProperty{{"golang:go.sum", m.Sum}}
		}
		out.Components = append(out.Components, c)
	}
	sort.Slice(out.Components, func(i, k int) bool { return out.Components[i].Ref < out.Components[k].Ref })
	root := bomDependency{Ref: main.Ref}
	for _, c := range out.Components {
		root.On = append(root.On, c.Ref)
	}
	out.Dependencies = []bomDependency{root}
	return out
}
