package journal

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/fact"
)

// killedFolder names, for the child process, the folder to write in.
const killedFolder = "HOLDFAST_KILLED_FOLDER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(killedFolder); dir != "" {
		writeUntilKilled(dir)
	}
	if dir := os.Getenv(namesFolder); dir != "" {
		writeNames(dir)
	}
	os.Exit(m.Run())
}

// writeUntilKilled writes acts from several goroutines and prints the id of
// every fact that was answered as saved.
func writeUntilKilled(dir string) {
	o := Options{Dir: dir, Demo: true, Reserve: -1, CheckpointPages: 50, Views: []View{counts{}}}
	j, err := Open(context.Background(), o)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	var mu sync.Mutex
	for g := range 6 {
		go func() {
			s, err := fact.NewSubject(j.o.Random)
			for n := 0; err == nil; n++ {
				var facts []fact.Fact
				facts, err = j.Do(context.Background(), fact.Author{Role: "tester"}, nil, func(tx *Tx) ([]fact.Draft, error) {
					if _, err := tx.History(s); err != nil {
						return nil, err
					}
					text := fmt.Sprintf("%d/%d", g, n)
					return []fact.Draft{fact.Say(s, said{text}), fact.Say(s, said{text + "b"}), fact.Say(s, looked{text})}, nil
				})
				if err == nil {
					line := s.String()
					for _, f := range facts {
						line += " " + f.ID.String()
					}
					mu.Lock()
					_, err = os.Stdout.WriteString(line + "\n")
					mu.Unlock()
				}
			}
			fmt.Println("error", err)
		}()
	}
	select {}
}

// TestKilled kills a process in the middle of writing. Every fact that was
// answered is there once, acts are whole, and the journal holds.
func TestKilled(t *testing.T) {
	rounds := 10
	if n, err := strconv.Atoi(os.Getenv("HOLDFAST_KILLS")); err == nil {
		rounds = n
	}
	o := testOptions(t)
	o.Views = []View{counts{}}
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	saved := map[fact.ID]fact.Subject{}
	for round := range rounds {
		before := len(saved)
		killOnce(t, o, time.Duration(20+rand.IntN(250))*time.Millisecond, saved)
		checkSaved(t, o, saved)
		if t.Failed() {
			t.Fatalf("round %d", round)
		}
		t.Logf("round %d: %d facts answered", round, len(saved)-before)
	}
	if len(saved) == 0 {
		t.Error("no round saved anything")
	}
}

func killOnce(t *testing.T, o Options, after time.Duration, saved map[fact.ID]fact.Subject) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), killedFolder+"="+o.Dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	started := false
	for lines.Scan() {
		if !started { // the clock runs from the first answer
			started = true
			time.AfterFunc(after, func() { _ = child.Process.Kill() })
		}
		words := strings.Fields(lines.Text())
		if len(words) != 4 {
			if strings.HasPrefix(lines.Text(), "error") {
				t.Error(lines.Text())
				_ = child.Process.Kill()
			}
			continue // a line cut short by the kill was never read as an answer
		}
		note(t, words, saved)
	}
	_ = child.Wait() // it was killed
	if !started {
		t.Error("the child answered nothing")
	}
}

func note(t *testing.T, words []string, saved map[fact.ID]fact.Subject) {
	s, err := fact.ParseSubject(words[0])
	if err != nil {
		return
	}
	for _, w := range words[1:] {
		id, err := fact.ParseID(w)
		if err != nil {
			return // cut short
		}
		if _, twice := saved[id]; twice {
			t.Errorf("fact %s was answered twice", w)
		}
		saved[id] = s
	}
}

func checkSaved(t *testing.T, o Options, saved map[fact.ID]fact.Subject) {
	t.Helper()
	holds(t, o)
	j, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if h := j.Health(); h.Incarnation != 1 {
		t.Errorf("a killed process came back as incarnation %d", h.Incarnation)
	}
	there := map[fact.ID]int{}
	perSubject := map[fact.Subject]int{}
	for _, s := range saved {
		if perSubject[s] > 0 {
			continue
		}
		h, err := j.History(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		perSubject[s] = h.Len()
		for _, f := range h.Facts() {
			there[f.ID]++
		}
		if h.Len()%3 != 0 {
			t.Errorf("subject %s has %d facts: an act is there in part", s, h.Len())
		}
		if n := countOf(t, j, s); n != h.Len()/3*2 {
			t.Errorf("the view counts %d, the journal holds %d", n, h.Len()/3*2)
		}
	}
	for id := range saved {
		if there[id] != 1 {
			t.Errorf("fact %s was answered as saved and is there %d times", id, there[id])
		}
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}
