package world

// Shrink leaves out steps of a plan while it still fails in the same way, as
// fails tells, and gives what is left. It runs the plan at most so many times.
func Shrink(p Plan, most int, fails func(Plan) bool) Plan {
	for size := len(p.Steps) / 2; size >= 1 && most > 0; {
		shorter := false
		for from := 0; from < len(p.Steps) && most > 0; {
			try := p
			to := min(from+size, len(p.Steps))
			try.Steps = append(append([]Step(nil), p.Steps[:from]...), p.Steps[to:]...)
			most--
			if fails(try) {
				p, shorter = try, true
			} else {
				from += size
			}
		}
		if size == 1 && !shorter {
			break
		}
		size = max(size/2, 1)
	}
	return p
}
