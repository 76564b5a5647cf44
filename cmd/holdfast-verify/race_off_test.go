//go:build !race

package main

// flipStep is every byte.
const flipStep = 1
