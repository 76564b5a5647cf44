package people

import (
	"fmt"

	"holdfast/codes"
	"holdfast/directory"
	"holdfast/record"
)

// place is a town of the district.
type place struct {
	name     string
	district codes.Postcode
	grid     codes.Grid
}

var (
	fellside  = place{"Fellside", "QX1", codes.Grid{East: 412000, North: 508000}}
	aldermoor = place{"Aldermoor", "QX2", codes.Grid{East: 404800, North: 501500}}
	brackenby = place{"Brackenby", "QX3", codes.Grid{East: 425500, North: 512400}}
	coldwater = place{"Coldwater", "QX4", codes.Grid{East: 403200, North: 500400}}
	dunsett   = place{"Dunsett", "QX5", codes.Grid{East: 398700, North: 493900}}
)

func towns() []place { return []place{fellside, aldermoor, brackenby, coldwater, dunsett} }

// localities gives towns, districts and their sectors with points, so that
// distances can be reckoned.
func localities() []directory.Locality {
	var out []directory.Locality
	for _, t := range towns() {
		out = append(out, directory.Locality{Name: t.name, Postcode: t.district, Grid: t.grid})
		for sector := 1; sector <= 9; sector++ {
			out = append(out, directory.Locality{
				Postcode: codes.Postcode(fmt.Sprintf("%s %d", t.district, sector)),
				Grid:     codes.Grid{East: t.grid.East + (sector%3-1)*900, North: t.grid.North + (sector/3-1)*900},
			})
		}
	}
	return out
}

// practiceOf gives one of a town's practices.
func practiceOf(t place, n int) record.Practice {
	all := map[codes.Postcode][]record.Practice{
		fellside.district:  {{ODS: "ZZP01", Name: "Fellside Medical Centre"}, {ODS: "ZZP02", Name: "Viaduct Surgery"}},
		aldermoor.district: {{ODS: "ZZP03", Name: "Aldermoor Health Centre"}, {ODS: "ZZP04", Name: "Bobbin Mill Practice"}},
		brackenby.district: {{ODS: "ZZP05", Name: "Brackenby Group Practice"}},
		coldwater.district: {{ODS: "ZZP06", Name: "Millrace Practice"}, {ODS: "ZZP07", Name: "Tarnside Surgery"}},
		dunsett.district:   {{ODS: "ZZP08", Name: "Dunsett Surgery"}},
	}[t.district]
	return all[n%len(all)]
}

// practices lists the GP practices as organisations.
func practices() []directory.OrganisationListed {
	var out []directory.OrganisationListed
	for _, t := range towns() {
		for n := range 2 {
			p := practiceOf(t, n)
			if len(out) > 0 && out[len(out)-1].ODS == p.ODS {
				continue
			}
			out = append(out, directory.OrganisationListed{
				ODS: p.ODS, Name: p.Name, Type: "GP practice", Phone: codes.ReceivePhone(fmt.Sprintf("01632 9608%02d", len(out))),
				Place: codes.Place{Text: t.name, Postcode: t.district, Grid: t.grid},
			})
		}
	}
	return out
}
