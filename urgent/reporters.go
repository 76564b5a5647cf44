package urgent

import (
	"fmt"

	"holdfast/content"
)

// loadReporters reads which sorts of service tell the GP themselves.
func (r *Rules) loadReporters(set *content.Set) error {
	t, err := set.Table("urgent/reports-themselves.csv", "type", "reports")
	if err != nil {
		return err
	}
	r.reportsItself = map[string]bool{}
	for i := range t.Len() {
		says := t.Cell(i, "reports")
		if says != "yes" && says != "no" {
			return fmt.Errorf("reports-themselves: %s is yes or no", t.Cell(i, "type"))
		}
		r.reportsItself[t.Cell(i, "type")] = says == "yes"
	}
	return nil
}

// ReportIsOurs tells whether a case that was handed on without an outcome of
// ours is still ours to report: it went to a service that does not tell the GP
// itself. Where the sort of service is not on record, it is taken to do so, as
// out-of-hours care does.
func (c Case) ReportIsOurs(r *Rules) bool {
	if _, ok := c.Outcome.Get(); ok || !c.Outcome.Empty() || len(c.SentNow()) == 0 || c.Stage() != HandedOn && c.Stage() != Over {
		return false
	}
	v, ok := c.Service.Get()
	return ok && v.Type != "" && !r.reportsItself[v.Type]
}
