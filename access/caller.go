// Package access says who is asking and what they may do.
//
// Its law: the asker is an argument, never hidden; permission is one table in
// one place (permissions.csv); nothing is open unless that table says so; who
// may do what is folded from facts, and every act cites the grants it was
// made under.
package access

import (
	"strings"
	"time"

	"holdfast/fact"
)

// Role is what a person is here to do.
type Role string

// The roles. A person may hold several and works in one at a time.
const (
	CallHandler           Role = "call-handler"
	Clinician             Role = "clinician"
	Dispatcher            Role = "dispatcher"
	Receptionist          Role = "receptionist"
	Manager               Role = "manager"
	ClinicalGovernance    Role = "clinical-governance"
	InformationGovernance Role = "information-governance"
	Administrator         Role = "administrator"
	Commissioner          Role = "commissioner"  // or a Local Health Board: reads, without names
	Carer                 Role = "carer"         // sees the people of their own caseload
	HostOperator          Role = "host-operator" // keeps the machines running; no records at all
	Partner               Role = "partner"       // another organisation's system at a machine door
	Device                Role = "device"        // this device itself: timers, what arrives, founding
)

// Roles lists the roles that people can be given.
func Roles() []Role {
	return []Role{
		CallHandler, Clinician, Dispatcher, Receptionist, Manager, ClinicalGovernance, InformationGovernance,
		Administrator, Commissioner, Carer, HostOperator,
	}
}

// Title gives the role in plain words.
func (r Role) Title() string {
	switch r {
	case Manager:
		return "shift manager"
	case Partner:
		return "partner’s system"
	case Device:
		return "device itself"
	}
	return strings.ReplaceAll(string(r), "-", " ")
}

// person gives the role as one who works in it: "a shift manager".
func (r Role) person() string {
	switch r {
	case ClinicalGovernance, InformationGovernance:
		return "somebody in " + r.Title()
	case Administrator:
		return "an " + r.Title()
	}
	return "a " + r.Title()
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
	Until   time.Time     // when the session ends; UTC
	Purpose Purpose       // what they say they need records for; empty: the usual of their role
	Lapsed  time.Time     // when the role or the session ran out; zero: it is held. They finish what they have and take up nothing new
	Proved  time.Time     // when they last showed who they are; UTC
	LetOn   time.Time     // when a colleague last let them go on to other records; UTC, zero: never
	Reasons []ReasonGiven // given in this session; each holds for its record and time
	Locked  bool          // their screen is locked: nothing may be done until they show who they are

	// Finishing are the open cases and tasks that somebody who has lapsed had in
	// hand, and the people they are about; empty when that can't be told, and then
	// no case is kept from them.
	Finishing []fact.Subject
	OnLine    bool // one of them is a call whose patient is not known yet
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
