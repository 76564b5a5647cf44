// Package speed measures what several devices cost: catching up, the way from
// saved to safe, views built from nothing, a start, one verb, bytes kept and
// sent.
//
// Its law: benchmarks only, never a test that fails on a slow machine. Each
// works on real folders, real processes and real TLS, with the views of
// cmd/node and the made-up district of sim/people. `make bench` runs them;
// docs/measurements.md keeps the figures.
package speed
