package accessdb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"io"
	"net/url"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
)

// Authenticator is what is shown while somebody enrols one, this once.
type Authenticator struct {
	URL  string // what the code on the page says (the key URI format of authenticators)
	Type string // the secret in groups, to type instead
}

// BeginAuthenticator draws the secret that an authenticator is to keep.
func (g *Gate) BeginAuthenticator(ctx context.Context, by access.Caller) (Authenticator, error) {
	if err := g.Enter(ctx, by, access.KeepOwnWays, by.Person); err != nil {
		return Authenticator{}, err
	}
	if !g.Policy.SecondChoice {
		return Authenticator{}, refusal.New(refusal.Forbidden, "This organisation signs in by passkeys alone.")
	}
	k, ok := g.signing.shown.get(slot{session: by.Session}, g.clock())
	if !ok || len(k.secret) == 0 {
		k = kept{secret: make([]byte, access.SecretSize)}
		if _, err := io.ReadFull(g.random, k.secret); err != nil {
			return Authenticator{}, err
		}
	}
	if err := g.signing.shown.put(slot{session: by.Session}, k, g.clock()); err != nil {
		return Authenticator{}, err
	}
	secret := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(k.secret)
	issuer := g.journal.Genesis().Name
	q := url.Values{"secret": {secret}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	return Authenticator{
		URL:  "otpauth://totp/" + url.PathEscape(issuer+":"+by.Name) + "?" + strings.ReplaceAll(q.Encode(), "+", "%20"),
		Type: access.InFours(secret, " "),
	}, nil
}

// EnrolAuthenticator saves a password with the authenticator that was begun in
// this session, confirmed by its first code.
func (g *Gate) EnrolAuthenticator(ctx context.Context, by access.Caller, login, password, code string) error {
	if err := g.Enter(ctx, by, access.KeepOwnWays, by.Person); err != nil {
		return err
	}
	k, ok := g.signing.shown.get(slot{session: by.Session}, g.clock())
	if !ok || len(k.secret) == 0 {
		return refusal.New(refusal.Forbidden, "That took too long. Begin again.")
	}
	if err := g.Policy.CheckPassword(password, by.Name, by.Org, login); err != nil {
		return err
	}
	login = access.CleanLogin(login)
	if taken, err := g.logins(ctx, login); err != nil && !errors.Is(err, errManyAlike) {
		return err
	} else if err != nil {
		return refusal.Field("login", "Choose another name to type at the door: this one is taken.")
	} else if len(taken) > 0 && !(len(taken) == 1 && taken[0] == by.Person) {
		return refusal.Field("login", "Choose another name to type at the door: this one is taken.")
	}
	if err := turn(ctx, g.signing.hashing); err != nil {
		return err
	}
	hashed, err := g.Policy.Hashing.Hash(g.random, password)
	<-g.signing.hashing
	if err != nil {
		return err
	}
	a := access.AuthenticatorEnrolled{Login: login, Password: hashed, Secret: k.secret}
	err = g.aboutSelf(ctx, by, func(s access.Staff, session access.Session, now time.Time) ([]fact.Draft, error) {
		return access.EnrolAuthenticator(s, session, g.Policy, a, code, now)
	})
	if err == nil {
		g.signing.shown.drop(slot{session: by.Session})
	}
	return err
}

// DropAuthenticator takes the caller's own second choice away.
func (g *Gate) DropAuthenticator(ctx context.Context, by access.Caller) error {
	if err := g.Enter(ctx, by, access.KeepOwnWays, by.Person); err != nil {
		return err
	}
	return g.aboutSelf(ctx, by, func(s access.Staff, _ access.Session, _ time.Time) ([]fact.Draft, error) {
		return access.DropAuthenticator(s)
	})
}

// Own gives the caller's own entry on the staff list.
func (g *Gate) Own(ctx context.Context, by access.Caller) (access.Staff, error) {
	if err := g.Enter(ctx, by, access.KeepOwnWays, by.Person); err != nil {
		return access.Staff{}, err
	}
	h, err := g.atWork(ctx, by.Person)
	return access.FoldStaff(by.Person, h), err
}

type ownVerb func(access.Staff, access.Session, time.Time) ([]fact.Draft, error)

func (g *Gate) aboutSelf(ctx context.Context, by access.Caller, verb ownVerb) error {
	saved, err := g.journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		s, err := g.staff(tx, by.Person)
		if err != nil {
			return nil, err
		}
		h, err := tx.History(by.Session)
		if err != nil {
			return nil, err
		}
		return verb(s, access.FoldSession(by.Session, h.Admit(g.journal.Own)), tx.Now())
	})
	if err == nil {
		g.journal.WaitViews(ctx, saved, listWait)
	}
	return err
}

// mostAlike bounds the people who chose one name on devices that could not hear
// of each other; each is tried, and of more nobody comes in by it.
const mostAlike = 3

// errManyAlike says that too many people chose one name at the door.
var errManyAlike = refusal.New(refusal.Forbidden, "More people chose this sign-in name than can be tried. Sign in by your passkey and choose another name: You, Change password and code.")

// logins lists who types a name at the door now. Everybody who ever chose it is
// looked at, or it refuses: nobody is left out unseen.
func (g *Gate) logins(ctx context.Context, login string) ([]fact.Subject, error) {
	people, err := g.subjects(ctx, `SELECT person FROM access_login WHERE login = ? ORDER BY person LIMIT ?`, login, mostStaff+1)
	if err != nil {
		return nil, err
	}
	if len(people) > mostStaff {
		return nil, errManyAlike
	}
	var out []fact.Subject
	for _, s := range people {
		h, err := g.atWork(ctx, s)
		if err != nil {
			return nil, err
		}
		if a, ok := access.FoldStaff(s, h).Authenticator(); ok && a.Login == login {
			if out = append(out, s); len(out) > mostAlike {
				return nil, errManyAlike
			}
		}
	}
	return out, nil
}

// knownBrowser tells whether this browser is the organisation's own: somebody
// signed in on it by passkey, at any of its devices, and not too long ago; and
// whether this person did.
func (g *Gate) knownBrowser(ctx context.Context, browser fact.Hash) (known bool, who map[fact.Subject]bool, err error) {
	who = map[fact.Subject]bool{}
	after := g.clock().Add(-g.Policy.BrowserKnown)
	rows, err := g.journal.Views().QueryContext(ctx, `SELECT session FROM access_browser WHERE browser = ? AND until > ? ORDER BY until DESC LIMIT 50`, browser[:], after.UnixMilli())
	if err != nil {
		return false, nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var b []byte
		var id fact.Subject
		if err := rows.Scan(&b); err != nil {
			return false, nil, err
		}
		copy(id[:], b)
		h, err := g.atWork(ctx, id)
		if err != nil {
			return false, nil, err
		}
		s := access.FoldSession(id, h)
		if len(s.Opened) == 1 && s.Opened[0].Browser == browser && access.ByOwnDevice(s.Opened[0].Way) && s.Opened[0].Until.Time().After(after) {
			known, who[s.Opened[0].Person] = true, true
		}
	}
	return known, who, rows.Err()
}

// SignInByCode opens a session with a sign-in name, a password and the code of an
// authenticator, on a browser that is the organisation's own. It answers
// everybody who is wrong with the same words after the same work.
func (g *Gate) SignInByCode(ctx context.Context, login, password, code string, role access.Role, browser, desk string) (string, access.Caller, error) {
	none := access.Caller{}
	if !g.Policy.SecondChoice {
		return "", none, refusal.New(refusal.Forbidden, "This organisation signs in by passkeys alone.")
	}
	at, err := hashToken(browser)
	if err != nil {
		return "", none, notKnownHere()
	}
	known, who, err := g.knownBrowser(ctx, at)
	if err != nil {
		return "", none, err
	}
	if !known {
		return "", none, notKnownHere()
	}
	login = access.CleanLogin(login)
	people, err := g.logins(ctx, login)
	if err != nil {
		return "", none, err
	}
	doors, err := g.doorsOf(ctx, login, at, people, who)
	if err != nil {
		return "", none, err
	}
	tries, err := g.signing.brakes.begin(g.Policy.Brake, g.clock(), doors...)
	if err != nil {
		return "", none, err
	}
	person, step, err := g.checkCode(ctx, people, password, code)
	if err != nil {
		return "", none, err
	}
	wrong := refusal.New(refusal.Forbidden, "Name, password or code is not right, or the code was used already. Wait for the next code and type all three again.")
	if person.Zero() {
		return "", none, errors.Join(wrong, g.slowed(ctx, people, tries))
	}
	h, err := g.atWork(ctx, person)
	if err != nil {
		return "", none, err
	}
	s := access.FoldStaff(person, h)
	if role == "" {
		role, _ = s.FirstRole(g.clock())
	} else if len(s.Holds(role, g.clock())) == 0 { // said to them alone: name, password and code are right
		g.signing.brakes.right(doors[0].key, doors[1].key)
		return "", none, refusal.New(refusal.Forbidden, "You do not hold the role that you chose. Choose another, or as usual.")
	}
	token, by, err := g.open(ctx, person, access.SessionOpened{Role: role, Browser: at, Desk: desk}, func(s access.Staff, o access.SessionOpened, id fact.Subject, now time.Time) ([]fact.Draft, error) {
		return access.OpenByCode(s, g.Policy, o, step, id, now)
	})
	if refusal.Is(err, refusal.Forbidden) {
		return "", none, errors.Join(wrong.Because(err), g.slowed(ctx, people, tries))
	}
	if err == nil {
		g.signing.brakes.right(doors[0].key, doors[1].key)
	}
	return token, by, err
}

func notKnownHere() error {
	return refusal.New(refusal.Forbidden, "This browser is not known here yet. Sign in on it by a passkey once; then password and code work too.")
}

// doorsOf are the account's and the browser's. On a browser where the person
// signed in by passkey before, their own tries count apart from those made
// elsewhere, so that nobody can keep them out from another browser.
func (g *Gate) doorsOf(ctx context.Context, login string, browser fact.Hash, people []fact.Subject, who map[fact.Subject]bool) ([]door, error) {
	account := door{key: fact.Labelled("holdfast/account/1", []byte(login))}
	own := false
	for _, p := range people {
		own = own || who[p]
	}
	if own {
		account.key = fact.Labelled("holdfast/account/2", append(bytes.Clone(browser[:]), login...))
	} else if len(people) == 1 {
		h, err := g.atWork(ctx, people[0])
		if err != nil {
			return nil, err
		}
		account.record = access.FoldStaff(people[0], h).SlowedAt()
	}
	return []door{account, {key: fact.Labelled("holdfast/browser/1", browser[:])}}, nil
}

// checkCode gives the person whose password and code these are; zero for nobody.
// Unknown names cost one hash as known ones do.
func (g *Gate) checkCode(ctx context.Context, people []fact.Subject, password, code string) (fact.Subject, uint64, error) {
	var all []access.AuthenticatorEnrolled
	for _, p := range people {
		h, err := g.atWork(ctx, p)
		if err != nil {
			return fact.Subject{}, 0, err
		}
		a, _ := access.FoldStaff(p, h).Authenticator()
		all = append(all, a)
	}
	if len(all) == 0 {
		people, all = []fact.Subject{{}}, []access.AuthenticatorEnrolled{g.nobody()}
	}
	if err := turn(ctx, g.signing.hashing); err != nil { // held while hashing and no longer: it is what people queue for
		return fact.Subject{}, 0, err
	}
	defer func() { <-g.signing.hashing }()
	var person fact.Subject
	var step uint64
	for i, a := range all {
		right := a.Password.Find(password) == 0
		s, now := access.CodeStep(a.Secret, code, g.clock())
		if right && now {
			person, step = people[i], s
		}
	}
	return person, step, nil
}

// nobody is what an unknown name is checked against: it costs the same and no
// password fits it.
func (g *Gate) nobody() access.AuthenticatorEnrolled {
	h := g.Policy.Hashing
	sum := sha256.Sum256([]byte("holdfast/nobody/1"))
	return access.AuthenticatorEnrolled{
		Password: access.Hashed{Salt: sum[:16], MemoryKiB: h.MemoryKiB, Passes: h.Passes, Lanes: h.Lanes},
		Secret:   sum[:access.SecretSize],
	}
}

// slowed puts on record that further tries at an account wait as long as they
// ever do: administrators see it, and a restarted device knows it.
func (g *Gate) slowed(ctx context.Context, people []fact.Subject, t access.Tries) error {
	if len(people) != 1 || !g.Policy.Brake.Slow(t) || g.Policy.Brake.Slow(access.Tries{Wrong: t.Wrong - 1, Last: t.Last}) {
		return nil
	}
	_, err := g.journal.Do(ctx, fact.Author{Role: string(access.Device)}, nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		s, err := g.staff(tx, people[0])
		if err != nil {
			return nil, err
		}
		return access.Slowed(s, t), nil
	})
	return err
}
