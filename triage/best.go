package triage

// Best gives the answer to a question that speaks least for urgency, for those
// who make calls up; NotAsked when there is no such question.
func (c *Content) Best(key string) Answer {
	for _, id := range c.names {
		m := c.modules[id]
		for i := range m.Facts {
			if m.ID+"/"+m.Facts[i].Name != key {
				continue
			}
			q := question{fact: &m.Facts[i]}
			return q.answer(0)
		}
	}
	return NotAsked
}
