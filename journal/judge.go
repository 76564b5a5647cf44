package journal

import (
	"context"
	"time"
)

// judgeAgain is how long after a failed judgement the next one is tried; each
// further one waits twice as long, up to judgeLater.
const (
	judgeAgain = time.Second
	judgeLater = time.Minute
)

const unjudgedSentence = "What was cut off or erased last is not applied on this machine yet, because it could not be read. It is tried again by itself."

// unjudged notes that the organisation's own facts could not be judged, and has
// it tried again until it is done: what was judged before counts until then.
func (j *Journal) unjudged(err error) {
	j.o.Log.Error("the organisation's own facts can't be judged", "err", err)
	if !j.state.unjudged.Swap(true) { // else it is being tried again already
		j.judgeIn(judgeAgain)
	}
}

func (j *Journal) judgeIn(wait time.Duration) {
	time.AfterFunc(wait, func() {
		select {
		case <-j.closing:
			return
		default:
		}
		err := j.control1(context.Background(), func(w *writer) error {
			if !j.state.unjudged.Load() {
				return nil
			}
			return j.houseMoved(w, nil)
		})
		if err != nil || j.state.unjudged.Load() {
			j.judgeIn(min(2*wait, judgeLater))
		}
	})
}
