package access

import (
	"errors"
	"slices"
	"strings"

	"holdfast/fact/refusal"
)

// Ask is one request at the door. What is left out is what holds for everybody
// at work: a relation of on shift, and the usual purpose of their role.
type Ask struct {
	Act      Act
	Relation Relation // empty: on shift
	Purpose  Purpose  // empty: the usual one
	Why      string   // said by somebody whom nothing links to it
}

// Answer says how what is allowed is written down.
type Answer struct {
	Audit    Audit
	Relation Relation
	Purpose  Purpose
	Told     bool // they are not linked to it and said why: others must be told
}

// ErrSayWhy is in the refusal of somebody who may go on by saying why.
var ErrSayWhy = errors.New("nothing links the caller to this record")

// May checks the permission table for the role alone: whether there is anything
// of the kind that the caller may do. Its refusal names who may do it instead.
func (c Caller) May(a Act) error {
	if _, err := c.row(a); err != nil {
		return err
	}
	return nil
}

// Judge checks a request against the permission table: role, relation and
// purpose. The answer beside an error that holds ErrSayWhy says how a look
// would be written down.
func (c Caller) Judge(q Ask) (Answer, error) {
	r, err := c.row(q.Act)
	if err != nil {
		return Answer{}, err
	}
	out := Answer{Audit: r.Audit, Relation: q.Relation, Purpose: q.Purpose}
	if out.Relation == "" {
		out.Relation = OnShift
	}
	if out.Purpose == "" && slices.Contains(r.Purposes, c.Purpose) {
		out.Purpose = c.Purpose
	}
	if out.Purpose == "" {
		out.Purpose = r.Purposes[0]
	}
	if !slices.Contains(r.Purposes, out.Purpose) {
		return Answer{}, refusal.Newf(refusal.Forbidden, "This is open to %s for %s. Choose what you need it for.", c.Role.person(), purposesOf(r))
	}
	if out.Relation.enough(r.Relation) {
		return out, nil
	}
	if r.Otherwise != SayWhy {
		return Answer{}, refusal.Newf(refusal.Forbidden, "This is for %s who is %s. Ask one.", c.Role.person(), r.Relation)
	}
	out.Told = true
	if strings.TrimSpace(q.Why) == "" {
		return out, refusal.New(refusal.Forbidden, "Nothing here links you to this record. Say why you open it; it is written down, and others are told.").Because(ErrSayWhy)
	}
	return out, nil
}

func (c Caller) row(a Act) (Row, error) {
	t, err := inForce()
	if err != nil {
		return Row{}, refusal.New(refusal.Forbidden, "The permission table of this program can’t be read, so nobody may do anything. Use another machine.").Because(err)
	}
	if r, ok := t.of(a, c.Role); ok {
		return r, c.inTime(r)
	}
	return Row{}, refusal.Newf(refusal.Forbidden, "This needs %s. Ask one on your shift.", whoMay(t, a))
}

// AuditOf says how an act is written down; one that the table does not know
// counts as a look, though nobody is allowed it.
func AuditOf(a Act) Audit {
	t, err := inForce()
	if err != nil {
		return Look
	}
	for _, r := range t.Rows {
		if r.Act == a {
			return r.Audit
		}
	}
	return Look
}

// allowed tells whether a role may do an act at all.
func allowed(role Role, a Act) bool { return Caller{Role: role}.May(a) == nil }

func purposesOf(r Row) string {
	var out []string
	for _, p := range r.Purposes {
		out = append(out, string(p))
	}
	return anyOf(out)
}

func whoMay(t *Permissions, a Act) string {
	var names []string
	for _, r := range t.Rows {
		if r.Act != a {
			continue
		}
		for _, who := range r.Who {
			if who != Device && who != Partner {
				names = append(names, who.person())
			}
		}
	}
	if len(names) == 0 {
		return "the device itself"
	}
	return anyOf(names)
}

func anyOf(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}
