package codes

import "testing"

func TestRegistrationNumbers(t *testing.T) {
	for _, c := range []struct {
		body, number, want string
	}{
		{"GMC", "7012 345", "GMC 7012345"}, {"GMC", "0123456", ""}, {"GMC", "701234", ""}, {"GMC", "701234X", ""},
		{"NMC", "12a3456e", "NMC 12A3456E"}, {"NMC", "1234567", ""}, {"NMC", "12Z3456E", ""},
		{"HCPC", "PA12345", "HCPC PA12345"}, {"HCPC", "12345", ""},
		{"GPhC", "2012345", "GPhC 2012345"}, {"GPhC", "7012345", ""},
		{"BMA", "7012345", ""}, {"GMC", "", ""}, {"", "7012345", ""},
	} {
		r, err := ParseRegistration(c.body, c.number)
		if (err == nil) != (c.want != "") || err == nil && r.String() != c.want {
			t.Errorf("%s %q: %v %v", c.body, c.number, r, err)
		}
	}
}
