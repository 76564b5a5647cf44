package pdstest

import (
	"holdfast/codes"
	"holdfast/record"
)

// Strangers are made-up people whom the index knows and nobody here: one who
// speaks Polish and married, one whose whereabouts are protected, one who has
// died, and twins.
func Strangers() []record.Identity {
	one := func(given, family, number string, sex codes.Sex, y, m, d int) record.Identity {
		return record.Identity{
			Name: record.Name{Given: given, Family: family}, Born: codes.Date{Year: y, Month: m, Day: d}, Sex: sex, NHS: codes.ReceiveNHSNumber(number),
			Address: codes.Place{Text: "3 Weir Cottages, Coldwater", Postcode: "QX4 7TD"}, Practice: record.Practice{ODS: "X99001"},
			Lines: []record.Line{{Phone: codes.ReceivePhone("01632 960774"), Use: "home"}},
		}
	}
	polish := one("Maja", "Zielinska", "9993000000", codes.Female, 1988, 6, 1)
	polish.Language, polish.Interpreter, polish.Aliases = "Polish", record.Yes, []record.Name{{Given: "Maja", Family: "Kowalska"}}
	hidden := one("Nora", "Quillfeather", "9993001376", codes.Female, 1990, 4, 9)
	hidden.Restricted = true
	dead := one("Agnes", "Ferriby", "9993002747", codes.Female, 1931, 1, 2)
	dead.Death = record.Death{Dead: record.Yes, On: codes.Date{Year: 2025, Month: 10, Day: 30}}
	return []record.Identity{
		polish, hidden, dead, one("Ivy", "Marchbank", "9993004111", codes.Female, 2019, 7, 7), one("Ava", "Marchbank", "9993005487", codes.Female, 2019, 7, 7),
	}
}
