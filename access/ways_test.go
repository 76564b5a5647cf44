package access

import (
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"testing"
	"time"

	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
)

func cheap() Hashing { return Hashing{MemoryKiB: 64, Passes: 1, Lanes: 1} }

func TestWaysInWrittenApart(t *testing.T) {
	until := fact.At(morning.Add(time.Hour))
	one, two := Hashed{Sums: [][]byte{{1}, {2}}}, Hashed{Sums: [][]byte{{3}}}
	facttest.CheckJoins(t, facttest.Subject[Staff]{
		Moves: []facttest.Move{
			oneOf(AuthenticatorEnrolled{Login: "a", Secret: []byte{1}, Step: 3}, AuthenticatorEnrolled{Login: "b", Secret: []byte{2}}, AuthenticatorEnrolled{}),
			oneOf(RecoveryCodesMade{Set: []byte("AAAAAAAA"), Codes: one}, RecoveryCodesMade{Set: []byte("BBBBBBBB"), Codes: two}),
			oneOf(CodeSpent{Step: 7}, CodeSpent{Step: 9}, CodeSpent{Set: []byte("AAAAAAAA"), Sum: []byte{1}, Link: fact.Hash{1}}, CodeSpent{Set: []byte("AAAAAAAA"), Sum: []byte{1}, Link: fact.Hash{2}}),
			oneOf(LinkMade{Token: fact.Hash{1}, Role: Clinician, Until: until, For: ForPasskey}, LinkMade{Token: fact.Hash{2}, Role: Clinician, Until: until, For: ForPasskey}),
			oneOf(PasskeyEnrolled{ID: []byte{1}, Link: fact.Hash{1}}, PasskeyEnrolled{ID: []byte{2}, Link: fact.Hash{2}}),
			oneOf(EnrolmentWitnessed{Link: fact.Hash{2}, At: 4}, AdmittedForShift{Body: "GMC", Number: "7012345", Until: until}),
			oneOf(SignInSlowed{Wrong: 14, At: 5}, SignInSlowed{Wrong: 15, At: 5}, SignInSlowed{Wrong: 9, At: 8}),
			oneOf(RoleGranted{Role: Clinician}),
		},
		Fold: func(h fact.History) Staff { return FoldStaff(staffed, h) },
		Sum: func(s Staff, _ fact.History) []string {
			a, ok := s.Authenticator()
			return []string{fmt.Sprint(a.Login, ok), fmt.Sprint(s.CodesLeft(), s.Step, s.Slow), fmt.Sprint(len(s.Usable()), len(s.Witnessed), len(s.Admitted), len(s.NotShown))}
		},
		Always: func(t testing.TB, s Staff, _ fact.History) {
			links := map[string]fact.Hash{}
			for _, c := range s.Codes {
				links[fmt.Sprint(c.Set, c.Sum, c.Link)] = c.Link
			}
			for _, p := range s.Usable() {
				if len(links) > 1 && s.recoveredTwice(p.Link) {
					t.Fatal("a passkey opens that was enrolled by a paper code used twice")
				}
			}
		},
	})
}

// What two wrote apart opens nothing, what one replaced no longer does, and a
// code is good once.
func TestTwoAuthenticatorsWrittenApartOpenNothing(t *testing.T) {
	secret := make([]byte, SecretSize)
	hashed, err := cheap().Hash(rand.Reader, "four words")
	if err != nil {
		t.Fatal(err)
	}
	a := AuthenticatorEnrolled{Login: "a", Password: hashed, Secret: secret}
	w, v := facttest.NewWriter("a", 1), facttest.NewWriter("b", 1)
	first := w.State(t, fact.Author{}, nil, fact.Say(staffed, a))
	apart := v.State(t, fact.Author{}, nil, fact.Say(staffed, a))
	s := FoldStaff(staffed, fact.NewHistory(append(first, apart...)))
	if _, ok := s.Authenticator(); ok || len(s.Authenticators) != 2 {
		t.Fatal("one of two that were enrolled apart opens")
	}
	seen := []fact.ID{first[0].ID, apart[0].ID}
	again := w.State(t, fact.Author{}, seen, fact.Say(staffed, AuthenticatorEnrolled{Login: "c", Password: hashed, Secret: secret}))
	s = FoldStaff(staffed, fact.NewHistory(append(append(first, apart...), again...)))
	if got, ok := s.Authenticator(); !ok || got.Login != "c" {
		t.Fatal(got, ok)
	}
	s.Grants = []Grant{{Role: Clinician}}
	p := Policy{SecondChoice: true}
	if _, err := OpenByCode(s, p, SessionOpened{Role: Clinician}, 5, fact.Subject{8}, morning); err != nil {
		t.Fatal(err)
	}
	s.Step = 5
	for _, step := range []uint64{4, 5} {
		if _, err := OpenByCode(s, p, SessionOpened{Role: Clinician}, step, fact.Subject{8}, morning); !refusal.Is(err, refusal.Forbidden) {
			t.Errorf("step %d after 5: %v", step, err)
		}
	}
}

// The vectors of RFC 6238, appendix B, for SHA-1, by their last six figures.
func TestCodesAreThoseOfRFC6238(t *testing.T) {
	secret := []byte("12345678901234567890")
	for at, code := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		now := time.Unix(at, 0)
		step, ok := CodeStep(secret, code[:3]+" "+code[3:], now)
		if !ok || step != uint64(at)/30 {
			t.Errorf("%d: %d %v", at, step, ok)
		}
		if _, ok := CodeStep(secret, code, now.Add(2*time.Minute)); ok {
			t.Errorf("%d: good after two minutes", at)
		}
	}
}

func TestRecoveryCodesAreReadAsTheyAreTyped(t *testing.T) {
	made, printed, err := NewPaper(rand.Reader, cheap(), 8)
	if err != nil || len(printed) != 8 {
		t.Fatal(err)
	}
	r := mathrand.New(mathrand.NewPCG(1, 2))
	for i, code := range printed {
		typed := strings.NewReplacer("0", "o", "1", "l").Replace(strings.ToLower(code))
		if r.IntN(2) == 0 {
			typed = strings.ReplaceAll(typed, "-", " ")
		}
		set, secret, ok := ReadRecovery(typed)
		if !ok || set != string(made.Set) || made.Codes.Find(secret) != i {
			t.Errorf("%q: %v %s %d", typed, ok, set, made.Codes.Find(secret))
		}
	}
	for _, bad := range []string{"", "1234", printed[0] + "0", strings.Repeat("U", 20)} {
		if _, _, ok := ReadRecovery(bad); ok {
			t.Errorf("%q is read as a code", bad)
		}
	}
	if (Hashed{Salt: make([]byte, 16), MemoryKiB: 1 << 30, Passes: 1, Lanes: 1}).Find("x") != -1 {
		t.Error("a fact may ask for a terabyte")
	}
}
