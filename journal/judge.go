package journal

import (
	"context"
	"time"
)

// judgeAgain is how long after a failed judgement the next one is tried.
const judgeAgain = time.Second

const unjudgedSentence = "What was cut off or erased last is not applied on this machine yet, because its disk could not be read. It is tried again by itself."

// unjudged notes that the organisation's own facts could not be judged, and has
// it tried again until it is done: what was judged before counts until then.
func (j *Journal) unjudged(err error) {
	j.o.Log.Error("the organisation's own facts can't be judged", "err", err)
	j.state.unjudged.Store(true)
	time.AfterFunc(judgeAgain, func() {
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
		if err != nil && j.state.unjudged.Load() {
			j.unjudged(err)
		}
	})
}
