package node

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"holdfast/access"
	"holdfast/access/accessweb"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/web"
)

// readable lets the caller in, which is written down, and lists what could be
// read on a desk: with names for those who have to tell the people concerned.
func (n *Node) readable(ctx context.Context, by web.Caller, device fact.Subject, at time.Time) (accessweb.Readable, error) {
	out := accessweb.Readable{Device: device, At: at, Named: by.May(access.NameReadable) == nil, MayHold: by.May(access.CutTrust) == nil}
	act := access.SeeReadable
	if out.Named {
		act = access.NameReadable
	}
	if err := n.Gate.Enter(ctx, by, act, device); err != nil {
		return out, err
	}
	m, err := n.Manifest(ctx, ManifestWanted{Device: device.String(), At: at})
	if err != nil {
		return out, err
	}
	out.Name, out.Heard, out.CutOff, out.Cases, out.Records, out.Others = m.Name, m.Heard, m.CutOff, m.Cases, m.Records, m.Others
	for _, l := range m.Lines {
		if l.Sort == "other" {
			continue
		}
		line, err := n.readableLine(ctx, l, out.Named)
		if err != nil {
			return out, err
		}
		if l.LetGo == nil {
			out.Lines = append(out.Lines, line)
		} else {
			out.Gone = append(out.Gone, line)
		}
	}
	for _, lines := range [][]accessweb.ReadableLine{out.Lines, out.Gone} {
		slices.SortFunc(lines, func(a, b accessweb.ReadableLine) int {
			return cmp.Or(cmp.Compare(b.Sort, a.Sort), cmp.Compare(a.What, b.What), a.Since.Compare(b.Since))
		})
	}
	return out, nil
}

func (n *Node) readableLine(ctx context.Context, l ManifestLine, named bool) (accessweb.ReadableLine, error) {
	zone := n.Shell.Zone()
	out := accessweb.ReadableLine{What: l.Subject, Sort: l.Sort, Since: l.Since.In(zone), Written: l.Written}
	if l.Again != nil {
		out.Again = l.Again.In(zone)
	}
	if l.LetGo != nil {
		out.LetGo = l.LetGo.In(zone)
	}
	s, err := fact.ParseSubject(l.Subject)
	if err != nil || !named {
		return out, err
	}
	if l.Sort == "case" {
		row, _, err := n.Cases.Row(ctx, s)
		if err != nil {
			return out, err
		}
		if out.What = "Case " + row.Number + ": " + row.Patient; row.Patient == "" {
			out.What = "Case " + row.Number
		}
		if row.Born.Year != 0 {
			out.Born = row.Born.Display()
		}
		return out, nil
	}
	var called, born, number string
	err = n.Journal.Views().QueryRowContext(ctx, `SELECT called, born, nhs FROM record_person WHERE subject = ?`, s[:]).Scan(&called, &born, &number)
	if errors.Is(err, sql.ErrNoRows) {
		out.What = "A record that can’t be read here, " + l.Subject
		return out, nil
	}
	if d, bad := codes.ParseDate(born, n.clock()); bad == nil {
		born = d.Display()
	}
	if out.What, out.Born = called, born; number != "" {
		out.Number = codes.NHSNumber{Text: number}.Format()
	}
	return out, err
}
