// Package directory is the list of organisations and services that patients
// can be sent to, and the search that ranks them.
//
// Its law: search is pure, counts in whole minutes and metres, and hides
// nothing: a service that does not fit is listed last with the reason. Opening
// hours are clock times in London; every comparison is made on moments. What
// two people wrote apart about a service stands side by side, and such a
// service says "ring first".
package directory

import (
	"holdfast/codes"
	"holdfast/fact"
)

func kind(number uint32, name string, join fact.Join) fact.Kind {
	return fact.Kind{Number: number, Version: 1, Lane: fact.Care, Name: name, Join: join}
}

// Kinds lists the kinds of fact that this package writes and folds.
func Kinds() []fact.Kind {
	return []fact.Kind{
		OrganisationListed{}.FactKind(), ServiceListed{}.FactKind(), ServiceEnded{}.FactKind(),
		NoticePosted{}.FactKind(), NoticeEnded{}.FactKind(), LocalitiesListed{}.FactKind(),
	}
}

// OrganisationListed says what is known of an organisation.
type OrganisationListed struct {
	ODS   codes.ODS   `cbor:"1,keyasint"`
	Name  string      `cbor:"2,keyasint"`
	Type  string      `cbor:"3,keyasint,omitempty"` // "111 provider", "out-of-hours provider", "GP practice"
	Phone codes.Phone `cbor:"4,keyasint,omitempty"` // for staff, not for patients
	Place codes.Place `cbor:"5,keyasint,omitempty"`
	Why   string      `cbor:"6,keyasint,omitempty"` // when it settles which of two entries stands
}

// FactKind is kind 500.
func (OrganisationListed) FactKind() fact.Kind {
	return kind(500, "organisation-listed", fact.Undetermined)
}

// ServiceListed says the whole of what is known of a service; a later one
// replaces what its writer had seen.
type ServiceListed struct {
	Service Service `cbor:"1,keyasint"`
	Why     string  `cbor:"2,keyasint,omitempty"` // when it settles which of two entries stands
}

// FactKind is kind 501.
func (ServiceListed) FactKind() fact.Kind { return kind(501, "service-listed", fact.Undetermined) }

// ServiceEnded says that a service no longer runs.
type ServiceEnded struct {
	Why string `cbor:"1,keyasint"`
}

// FactKind is kind 502.
func (ServiceEnded) FactKind() fact.Kind { return kind(502, "service-ended", fact.Grow) }

// NoticePosted says that a service is closed, full or slow for a while.
type NoticePosted struct {
	From   fact.Millis `cbor:"1,keyasint"`
	Until  fact.Millis `cbor:"2,keyasint"`
	Closed bool        `cbor:"3,keyasint,omitempty"`
	Text   string      `cbor:"4,keyasint"` // "Doctor off sick"
}

// FactKind is kind 503.
func (NoticePosted) FactKind() fact.Kind { return kind(503, "notice-posted", fact.Grow) }

// NoticeEnded takes a notice back before its time.
type NoticeEnded struct {
	Notice fact.ID `cbor:"1,keyasint"`
}

// FactKind is kind 504.
func (NoticeEnded) FactKind() fact.Kind { return kind(504, "notice-ended", fact.Grow) }

// LocalitiesListed says where places and postcodes lie, so that distance can
// be reckoned without asking anybody.
type LocalitiesListed struct {
	Localities []Locality `cbor:"1,keyasint"`
}

// FactKind is kind 505.
func (LocalitiesListed) FactKind() fact.Kind {
	return kind(505, "localities-listed", fact.Grow)
}

// Locality is a village, a district or a postcode with its point.
type Locality struct {
	Name     string         `cbor:"1,keyasint,omitempty"`
	Postcode codes.Postcode `cbor:"2,keyasint,omitempty"` // whole, sector or district
	Grid     codes.Grid     `cbor:"3,keyasint"`
}

// Type says what sort of service it is, in words.
type Type string

// The types in use; others may come in messages and are kept.
const (
	ClinicianQueue  Type = "clinician call-back"
	TreatmentCentre Type = "treatment centre"
	HomeVisits      Type = "home visits"
	EmergencyDept   Type = "emergency department"
	UrgentTreatment Type = "urgent treatment centre"
	GPPractice      Type = "GP practice"
	Pharmacy        Type = "pharmacy"
	Dental          Type = "dental"
	CommunityNurse  Type = "community nursing"
	MentalHealth    Type = "mental health crisis"
	Maternity       Type = "maternity"
	Ambulance       Type = "ambulance control"
	EyeCare         Type = "eye care"
	SexualHealth    Type = "sexual health"
)

// Service is something a patient can be sent to, or that can be sent to them.
type Service struct {
	Name        string           `cbor:"1,keyasint"`
	Type        Type             `cbor:"2,keyasint"`
	DoS         codes.DoSID      `cbor:"3,keyasint,omitempty"`
	ODS         codes.ODS        `cbor:"4,keyasint,omitempty"` // of the organisation that runs it
	Provider    string           `cbor:"5,keyasint,omitempty"` // its name
	Phone       codes.Phone      `cbor:"6,keyasint,omitempty"` // for staff
	Public      codes.Phone      `cbor:"7,keyasint,omitempty"` // for patients
	Place       codes.Place      `cbor:"8,keyasint,omitempty"`
	Always      bool             `cbor:"9,keyasint,omitempty"` // open day and night
	Hours       []Opening        `cbor:"10,keyasint,omitempty"`
	Special     []SpecialDay     `cbor:"11,keyasint,omitempty"` // bank holidays and the like, in place of Hours
	Ages        Ages             `cbor:"12,keyasint,omitempty"`
	Sexes       []codes.Sex      `cbor:"13,keyasint,omitempty"` // empty: anybody
	Takes       []Taking         `cbor:"14,keyasint,omitempty"`
	Dx          []codes.Dx       `cbor:"15,keyasint,omitempty"` // single outcomes it takes besides
	NotDx       []codes.Dx       `cbor:"16,keyasint,omitempty"` // single outcomes it does not take
	Problems    []string         `cbor:"17,keyasint,omitempty"` // symptom discriminators (SD) it is skilled in
	Districts   []codes.Postcode `cbor:"18,keyasint,omitempty"` // where its patients live; empty: anywhere
	OwnPatients bool             `cbor:"19,keyasint,omitempty"` // a practice: only those registered there
	ComesToThem bool             `cbor:"20,keyasint,omitempty"` // visits or rings; nobody travels
	Doors       []Door           `cbor:"21,keyasint,omitempty"` // how a referral reaches it, the best first
	WaitMinutes int              `cbor:"22,keyasint,omitempty"` // from referral to being seen, as it last said
	Note        string           `cbor:"23,keyasint,omitempty"` // for staff: "nurse only"
	Housebound  bool             `cbor:"24,keyasint,omitempty"` // only for people who cannot travel
}

// Taking is a group of outcomes, and the mode if only one of them.
type Taking struct {
	Group string `cbor:"1,keyasint"`           // as in the table of dispositions
	Mode  string `cbor:"2,keyasint,omitempty"` // attend, speak, contact…; empty: all
}

// Ages says whom a service sees: from so many months old, up to but not
// including so many; 0 for no limit.
type Ages struct {
	FromMonths  int `cbor:"1,keyasint,omitempty"`
	UnderMonths int `cbor:"2,keyasint,omitempty"`
}

// Route says how a referral travels.
type Route string

// The routes.
const (
	RouteDirect Route = "direct" // another Holdfast, straight over HTTPS
	RouteBaRS   Route = "bars"
	RouteITK    Route = "itk"
	RoutePhone  Route = "phone"
)

// Door is one way to refer to a service.
type Door struct {
	Route    Route  `cbor:"1,keyasint"`
	Endpoint string `cbor:"2,keyasint,omitempty"` // a URL, or a phone number
	Books    bool   `cbor:"3,keyasint,omitempty"` // a slot can be booked through it
}

// Opening is a weekly stretch of opening, in London clock time.
type Opening struct {
	Days uint8 `cbor:"1,keyasint"` // bit 0 Sunday … bit 6 Saturday, as time.Weekday
	From int   `cbor:"2,keyasint"` // minutes after midnight
	To   int   `cbor:"3,keyasint"` // at or before From: on the next day
}

// SpecialDay replaces the weekly hours on one date; without Hours the service
// is closed that day.
type SpecialDay struct {
	Date  codes.Date `cbor:"1,keyasint"`
	Hours []Opening  `cbor:"2,keyasint,omitempty"` // Days is not read
	Name  string     `cbor:"3,keyasint,omitempty"` // "Boxing Day"
}
