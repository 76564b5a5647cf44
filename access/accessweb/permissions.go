package accessweb

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/web"
)

// permissionsView is the permission table as people read it.
type permissionsView struct {
	Frame   web.Frame
	Version string
	Status  string
	Source  string
	Role    string // shown alone; empty: all
	Roles   []web.Option
	Areas   []permissionArea
	Words   []web.Pair // what the words of the table mean
}

type permissionArea struct {
	Name string
	Rows []permissionLine
}

type permissionLine struct{ Act, Who, Linked, Otherwise, For, Written, Note, Passkey, TimeOver string }

// permissions shows who may do what, for all or one of the roles.
func (p *Pages) permissions(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := p.Gate.Enter(r.Context(), by, access.SeeTable, fact.Subject{}); err != nil {
		return err
	}
	table, err := access.InForce()
	if err != nil {
		return err
	}
	role, _ := access.RoleOf(r.URL.Query().Get("role"))
	v := permissionsView{
		Frame: p.Shell.Frame(r, by, "Who may do what"), Version: strconv.Itoa(table.Version), Status: table.Status, Source: table.Source,
		Role: string(role), Roles: []web.Option{{Value: "", Text: "Everybody"}}, Words: tableWords(),
	}
	v.Frame.Here = "/permissions"
	for _, one := range access.Roles() {
		v.Roles = append(v.Roles, web.Option{Value: string(one), Text: capital(one.Title())})
	}
	for _, row := range table.Rows {
		if role != "" && !slices.Contains(row.Who, role) {
			continue
		}
		if len(v.Areas) == 0 || v.Areas[len(v.Areas)-1].Name != row.Area {
			v.Areas = append(v.Areas, permissionArea{Name: row.Area})
		}
		area := &v.Areas[len(v.Areas)-1]
		area.Rows = append(area.Rows, permissionLineOf(row))
	}
	return web.Render(w, r, http.StatusOK, permissionsPage(v))
}

func permissionLineOf(row access.Row) permissionLine {
	line := permissionLine{
		Act: capital(string(row.Act)), Linked: capital(string(row.Relation)), Otherwise: capital(string(row.Otherwise)),
		Written: capital(string(row.Audit)), Note: row.Note, Passkey: capital(string(row.Passkey)),
		TimeOver: timeOverWords(row.TimeOver),
	}
	if row.Relation == access.Unlinked {
		line.Linked = "No link needed"
	}
	var who, purposes []string
	for _, one := range row.Who {
		who = append(who, one.Title())
	}
	for _, one := range row.Purposes {
		purposes = append(purposes, string(one))
	}
	line.Who, line.For = capital(strings.Join(who, ", ")), capital(strings.Join(purposes, ", "))
	return line
}

func timeOverWords(t access.TimeOver) string {
	switch t {
	case access.OfInHand:
		return "With what they have in hand"
	case access.WithAny:
		return "Yes"
	}
	return "No"
}

func tableWords() []web.Pair {
	return []web.Pair{
		{Name: "On shift", Value: "Signed in and at work here, and it is live work of the service: every open case, and a closed one whose GP report still has to go or whose patient has rung again"},
		{Name: "In the caseload", Value: "The person is one of those they look after"},
		{Name: "On the case", Value: "They have the case, or took part in it"},
		{Name: "Say why", Value: "Who is not linked may go on by saying why. It is written down, and others are told"},
		{Name: "Look", Value: "The person, the record, when, on which machine, what linked them to it and for what purpose: before anything is shown, at most once in 15 minutes"},
		{Name: "List", Value: "The same, once for each list shown"},
		{Name: "Its own fact", Value: "What they did is itself on record under their name, and never changes"},
		{Name: "Passkey", Value: "Whether somebody may be asked to show again who they are before it. Never before an act of care"},
		{Name: "Time over", Value: "What is left to somebody whose role or session has run out while they have open work: their cases, tasks, and the people these are about"},
		{Name: "Whoever is not in the table", Value: "May not. A refusal is written down too"},
	}
}
