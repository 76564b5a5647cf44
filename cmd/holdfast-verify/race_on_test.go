//go:build race

package main

// flipStep spares the race detector most of the bytes.
const flipStep = 97
