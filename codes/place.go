package codes

import (
	"math/bits"
	"strings"
)

// Place is where somebody or something is: words first, because "the lay-by
// after the second bridge" finds a patient and a postcode may not.
type Place struct {
	Text     string   `cbor:"1,keyasint,omitempty"`
	Postcode Postcode `cbor:"2,keyasint,omitempty"`
	Grid     Grid     `cbor:"3,keyasint,omitempty"`
}

// MaxPlaceText is the longest text of a place, in bytes.
const MaxPlaceText = 400

// ParsePlace reads a place and a postcode typed by a person. A postcode that
// cannot be read is refused; the words are never judged.
func ParsePlace(text, postcode string) (Place, error) {
	p, err := ParsePostcode(postcode)
	if err != nil {
		return Place{}, err
	}
	words := strings.Join(strings.Fields(text), " ")
	if len(words) > MaxPlaceText {
		return Place{}, invalidf("The place is longer than %d characters: shorten it", MaxPlaceText)
	}
	return Place{Text: words, Postcode: p}, nil
}

// IsZero tells whether nothing is known of the place.
func (p Place) IsZero() bool { return p == Place{} }

// String gives the words and the postcode on one line.
func (p Place) String() string {
	switch {
	case p.Postcode == "" || strings.Contains(p.Text, string(p.Postcode)):
		return p.Text
	case p.Text == "":
		return string(p.Postcode)
	}
	return p.Text + " " + string(p.Postcode)
}

// Grid is a point on the Ordnance Survey national grid (or, with Irish, on
// the Irish grid) in whole metres. The zero Grid means not known.
type Grid struct {
	East  int  `cbor:"1,keyasint,omitempty"`
	North int  `cbor:"2,keyasint,omitempty"`
	Irish bool `cbor:"3,keyasint,omitempty"`
}

// Known tells whether there is a point.
func (g Grid) Known() bool { return g.East != 0 || g.North != 0 }

// Metres gives the straight distance to o in whole metres, in integer
// arithmetic so that every machine ranks alike. ok is false when either point
// is not known or they lie on different grids.
func (g Grid) Metres(o Grid) (metres int, ok bool) {
	if !g.Known() || !o.Known() || g.Irish != o.Irish {
		return 0, false
	}
	dx, dy := int64(g.East-o.East), int64(g.North-o.North)
	return int(squareRoot(uint64(dx*dx + dy*dy))), true
}

// squareRoot gives the whole part of the square root.
func squareRoot(n uint64) uint64 {
	if n == 0 {
		return 0
	}
	x := uint64(1) << ((bits.Len64(n) + 1) / 2)
	for {
		y := (x + n/x) / 2
		if y >= x {
			return x
		}
		x = y
	}
}

// Miles gives metres as miles with one decimal, for pages: "1.2".
func Miles(metres int) string {
	tenths := (metres*10 + 804) / 1609
	return itoa(tenths/10) + "." + itoa(tenths%10)
}
