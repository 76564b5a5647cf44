package accessweb

import (
	"strconv"
	"time"

	"holdfast/access"
	"holdfast/content"
	"holdfast/fact/refusal"
)

// LoadPolicy reads how people sign in from signin.csv. It refuses a missing or
// unknown name and a number that can't be meant.
func LoadPolicy(s *content.Set) (access.Policy, error) {
	const name = "signin.csv"
	t, err := s.Table(name, "name", "value", "note")
	if err != nil {
		return access.Policy{}, err
	}
	have := map[string]int{}
	for i := range t.Len() {
		n, err := strconv.Atoi(t.Cell(i, "value"))
		key := t.Cell(i, "name")
		least, most, known := bounds(key)
		_, twice := have[key]
		switch {
		case !known || twice:
			return access.Policy{}, refusal.Newf(refusal.Invalid, "content %s row %d: %s is not known, or stands twice", name, i+1, key)
		case err != nil || n < least || n > most:
			return access.Policy{}, refusal.Newf(refusal.Invalid, "content %s row %d: %s must be a number from %d to %d", name, i+1, key, least, most)
		}
		have[key] = n
	}
	if len(have) != len(policyBounds()) {
		return access.Policy{}, refusal.Newf(refusal.Invalid, "content %s has %d of %d numbers", name, len(have), len(policyBounds()))
	}
	minutes := func(key string) time.Duration { return time.Duration(have[key]) * time.Minute }
	hours := func(key string) time.Duration { return time.Duration(have[key]) * time.Hour }
	return access.Policy{
		SecondChoice: have["password-and-code"] == 1, ByProvider: have["sign-in-by-provider"] == 1, PasswordLeast: have["password-least-characters"],
		Hashing:      access.Hashing{MemoryKiB: uint32(have["argon2-memory-kib"]), Passes: uint32(have["argon2-passes"]), Lanes: uint8(have["argon2-lanes"])},
		BrowserKnown: time.Duration(have["browser-known-days"]) * 24 * time.Hour,
		Brake: access.Brake{
			Free: have["tries-free"], First: time.Duration(have["wait-first-seconds"]) * time.Second,
			Most: time.Duration(have["wait-most-seconds"]) * time.Second, Forgotten: time.Duration(have["tries-forgotten-hours"]) * time.Hour,
		},
		RecoveryCodes: have["recovery-codes"], RecoveryLink: minutes("recovery-link-minutes"), WitnessLink: minutes("witness-link-minutes"),
		ShiftMost: time.Duration(have["shift-most-hours"]) * time.Hour, ShiftLink: minutes("shift-link-minutes"),
		ProviderWait: time.Duration(have["provider-wait-seconds"]) * time.Second, ProviderSkew: time.Duration(have["provider-clock-skew-seconds"]) * time.Second,
		ProviderTrip: minutes("provider-trip-minutes"), ProviderCalls: have["provider-calls-at-once"], SecondPerson: minutes("second-person-minutes"), LetOnMost: have["let-on-most"],
		SessionLasts: hours("session-hours"), FinishLasts: hours("finish-hours"), EnrolLink: hours("enrolment-link-hours"), News: 24 * hours("news-days"),
	}, nil
}

// limit is what a number of the policy may be. The floor of Argon2id is the
// least that OWASP names (7 MiB with 5 passes); the most keeps one try from
// stopping a machine; no wait is longer than an hour, so that nobody is locked
// out of a shift.
type limit struct {
	name        string
	least, most int
}

func policyBounds() []limit {
	return []limit{
		{"password-and-code", 0, 1}, {"password-least-characters", 8, 64}, {"argon2-memory-kib", 7168, 1 << 18}, {"argon2-passes", 1, 16},
		{"argon2-lanes", 1, 8}, {"browser-known-days", 1, 365}, {"tries-free", 1, 20}, {"wait-first-seconds", 1, 60},
		{"wait-most-seconds", 60, 3600}, {"tries-forgotten-hours", 1, 168}, {"recovery-codes", 0, 20}, {"recovery-link-minutes", 1, 120},
		{"witness-link-minutes", 1, 60}, {"shift-most-hours", 1, int(access.LongestShift.Hours())}, {"shift-link-minutes", 5, 24 * 60},
		{"sign-in-by-provider", 0, 1}, {"provider-wait-seconds", 1, 8}, {"provider-clock-skew-seconds", 0, 300},
		{"provider-trip-minutes", 2, 60}, {"provider-calls-at-once", 1, 100}, {"second-person-minutes", 1, 60}, {"let-on-most", 0, 10},
		{"session-hours", 8, 24}, {"finish-hours", 4, 24}, {"enrolment-link-hours", 1, 72}, {"news-days", 1, 90},
	}
}

func bounds(name string) (least, most int, known bool) {
	for _, l := range policyBounds() {
		if l.name == name {
			return l.least, l.most, true
		}
	}
	return 0, 0, false
}
