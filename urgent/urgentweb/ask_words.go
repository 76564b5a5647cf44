package urgentweb

func (p askPage) chooseTitle() string {
	if p.Under {
		return "Another symptom"
	}
	return "Which questions?"
}

func (p askPage) choosePath() string {
	if p.Under {
		return p.path() + "/add"
	}
	return p.path()
}

func (p askPage) beginWords() string {
	if p.Under {
		return "Add and go on"
	}
	return "Begin the questions"
}

// leadWords says how the group is to be asked.
func (p askPage) leadWords() string {
	switch {
	case p.Settled:
		return ""
	case p.Group.Confirm:
		return "From the record. Say each aloud once"
	case p.Group.Again:
		return "Changing an answer. The urgency reached stays"
	case p.Group.Lead != "":
		return "Ask these " + numberWord(len(p.Group.Asks)) + " together. Say: “" + p.Group.Lead + "”"
	case p.Group.Grouped:
		return "Ask these " + numberWord(len(p.Group.Asks)) + " together"
	case p.Group.Threat:
		return "Life threat: on its own, in these words"
	}
	return ""
}

func (p askPage) groupEnd() string {
	if p.Settled {
		return "All asked"
	}
	return ""
}

func (p askPage) nextWords() string {
	if p.Group.Grouped {
		return "Next group"
	}
	return "Next"
}
