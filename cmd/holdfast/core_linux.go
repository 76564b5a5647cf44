package main

import "golang.org/x/sys/unix"

// leaveNoCore has the system keep no picture of this program's memory when it
// crashes, wherever it sends core dumps: they would hold keys, and what people
// typed, in clear. It holds until the program ends.
func leaveNoCore() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }
