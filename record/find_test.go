package record

import (
	"reflect"
	"testing"

	"holdfast/codes"
)

func TestQueryOf(t *testing.T) {
	for text, want := range map[string]Query{
		"tansley":                       {Family: "tansley"},
		"Wilfred Tansley":               {Given: "Wilfred", Family: "Tansley"},
		"TANSLEY, Wilfred J":            {Given: "Wilfred J", Family: "TANSLEY"},
		"943 476 5919":                  {Number: "9434765919"},
		"tansley 3/2/48":                {Family: "tansley", Born: codes.Date{Year: 1948, Month: 2, Day: 3}},
		"tansley 3 feb 1948 qx4 7td":    {Family: "tansley", Born: codes.Date{Year: 1948, Month: 2, Day: 3}, Postcode: "QX4 7TD"},
		"01632 960418":                  {Phone: codes.ReceivePhone("01632 960418")},
		"Wilfred Tansley 07700 900 512": {Given: "Wilfred", Family: "Tansley", Phone: codes.ReceivePhone("07700900512")},
		"  ":                            {},
	} {
		if got := QueryOf(text, now); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}
