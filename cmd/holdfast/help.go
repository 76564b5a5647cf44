package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// helpAsked tells whether help is asked for anywhere among a command's words, up
// to a bare --.
func helpAsked(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return slices.ContainsFunc(args, func(a string) bool { return a == "-h" || a == "-help" || a == "--help" })
}

// help prints what these words are about: one command, those that begin with one
// word, or all; false when there is no such command.
func help(words []string, out io.Writer) bool {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "help" || strings.HasPrefix(w, "-") })
	if len(words) == 0 {
		usage(out)
		return true
	}
	if c, _, ok := find(words); ok {
		fmt.Fprintf(out, "usage: holdfast %s\n", strings.TrimSpace(c.name+" "+c.args))
		if c.help != "" {
			fmt.Fprintf(out, "    %s\n", c.help)
		}
		return true
	}
	found := false
	for _, c := range commands() {
		if strings.HasPrefix(c.name, words[0]+" ") {
			found = true
			fmt.Fprintf(out, "  holdfast %s %s\n      %s\n", c.name, c.args, c.help)
		}
	}
	return found
}
