package node

import (
	"holdfast/access"
	"holdfast/stock/stockdb"
	"holdfast/stock/stockweb"
	"holdfast/web"
)

// putForms registers the pages of numbered forms and gives the part that keeps
// their work items.
func (n *Node) putForms() part {
	forms := &stockdb.Forms{Journal: n.Journal, Gate: n.Gate, Device: n.Device}
	pages := &stockweb.Pages{Shell: n.Shell, Forms: forms}
	pages.Register(n.Mux)
	return part{"numbered forms", forms.Run}
}

// formsPlace is the place of numbered forms, for those who may see them.
func formsPlace(by access.Caller) []web.Place {
	if by.May(access.SeeForms) != nil {
		return nil
	}
	return []web.Place{{Name: "Forms", Href: "/forms"}}
}
