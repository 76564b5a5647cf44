// Package access says who is asking and what they may do.
//
// Its law: the asker is an argument, never hidden; permission is one table in
// one place (permission.go); nothing is open unless that table says so; who
// may do what is folded from facts, and every act cites the grants it was
// made under.
package access

import (
	"slices"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Role is what a person is here to do.
type Role string

// The roles. A person may hold several and works in one at a time.
const (
	CallHandler   Role = "call-handler"
	Clinician     Role = "clinician"
	Dispatcher    Role = "dispatcher"
	Manager       Role = "manager"
	Administrator Role = "administrator"
	Partner       Role = "partner" // another organisation's system at a machine door
	Device        Role = "device"  // this device itself: timers, what arrives, founding
)

// Roles lists the roles that people can be given.
func Roles() []Role { return []Role{CallHandler, Clinician, Dispatcher, Manager, Administrator} }

// Title gives the role in plain words.
func (r Role) Title() string {
	switch r {
	case CallHandler:
		return "call handler"
	case Manager:
		return "shift manager"
	}
	return string(r)
}

// Caller is who is asking.
type Caller struct {
	Person  fact.Subject
	Name    string // as colleagues know them: "P. Varma"
	Title   string // "nurse", "GP"; may be empty
	Role    Role
	Org     string // the organisation's name
	ODS     string
	Desk    string // which desk or machine
	Session fact.Subject
	Grants  []fact.ID
	Until   time.Time // when the session ends; UTC

	Finishing []fact.Subject // open cases they may finish though their shift is over; empty while it is not
}

// Author is the caller as it stands in facts.
func (c Caller) Author() fact.Author {
	return fact.Author{Person: c.Person, Role: string(c.Role), Session: c.Session, Access: c.Grants}
}

// Says is the caller as other people read it: "P. Varma, nurse".
func (c Caller) Says() string {
	if c.Title != "" {
		return c.Name + ", " + c.Title
	}
	return c.Name
}

// May checks the permission table. Its refusal names who may do it instead.
func (c Caller) May(a Act) error {
	if len(c.Finishing) > 0 && !slices.Contains(finishing(), a) {
		return overNow()
	}
	if c.Role != "" && allowed(c.Role, a) {
		return nil
	}
	return refusal.Newf(refusal.Forbidden, "This needs %s. Ask one on your shift.", whoMay(a))
}
