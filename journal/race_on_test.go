//go:build race

package journal

// slower is how much fewer of the many small steps are tried when every
// memory access is watched.
const slower = 7
