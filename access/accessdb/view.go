package accessdb

import (
	"database/sql"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
)

// View finds people, sessions, links and passkeys; it decides nothing.
type View struct{}

// Name prefixes the view's tables.
func (View) Name() string { return "access" }

// Version is raised whenever Create or Apply change.
func (View) Version() int { return 6 }

// Create makes the tables.
func (View) Create(tx *sql.Tx) error {
	_, err := tx.Exec(`
		CREATE TABLE access_person(person BLOB PRIMARY KEY, name TEXT NOT NULL, title TEXT NOT NULL) STRICT, WITHOUT ROWID;
		CREATE TABLE access_session(token BLOB PRIMARY KEY, session BLOB NOT NULL, person BLOB NOT NULL) STRICT, WITHOUT ROWID;
		CREATE INDEX access_session_person ON access_session(person);
		CREATE TABLE access_link(token BLOB PRIMARY KEY, person BLOB NOT NULL) STRICT, WITHOUT ROWID;
		CREATE TABLE access_passkey(id BLOB PRIMARY KEY, person BLOB NOT NULL) STRICT, WITHOUT ROWID;
		CREATE TABLE access_role(person BLOB NOT NULL, role TEXT NOT NULL, PRIMARY KEY(person, role)) STRICT, WITHOUT ROWID;
		CREATE TABLE access_login(login TEXT NOT NULL, person BLOB NOT NULL, PRIMARY KEY(login, person)) STRICT, WITHOUT ROWID;
		CREATE TABLE access_paper(number BLOB PRIMARY KEY, person BLOB NOT NULL) STRICT, WITHOUT ROWID;
		CREATE TABLE access_identity(mark BLOB NOT NULL, person BLOB NOT NULL, PRIMARY KEY(mark, person)) STRICT, WITHOUT ROWID;
		CREATE TABLE access_browser(browser BLOB NOT NULL, person BLOB NOT NULL, session BLOB NOT NULL, until INTEGER NOT NULL,
			PRIMARY KEY(browser, person)) STRICT, WITHOUT ROWID;`)
	if err == nil {
		_, err = tx.Exec(lookTables)
	}
	return err
}

// Apply takes in committed facts.
func (View) Apply(tx *sql.Tx, r journal.Reader, facts []fact.Fact) error {
	for _, f := range facts {
		err := apply(tx, f)
		if f.Body.Kind == (journal.SubjectErased{}).FactKind().Number {
			err = erasedSaid(tx, r, f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func apply(tx *sql.Tx, f fact.Fact) error {
	about := f.Header.Subject
	var err error
	switch f.Body.Kind {
	case access.PersonAdded{}.FactKind().Number:
		if c, bad := fact.Read[access.PersonAdded](f); bad == nil {
			_, err = tx.Exec(`INSERT OR REPLACE INTO access_person VALUES(?,?,?)`, about[:], c.Name, c.Title)
		}
	case access.RoleGranted{}.FactKind().Number:
		if c, bad := fact.Read[access.RoleGranted](f); bad == nil {
			_, err = tx.Exec(`INSERT OR REPLACE INTO access_role VALUES(?,?)`, about[:], string(c.Role))
		}
	case access.RolePlanned{}.FactKind().Number:
		if c, bad := fact.Read[access.RolePlanned](f); bad == nil {
			_, err = tx.Exec(`INSERT OR REPLACE INTO access_role VALUES(?,?)`, about[:], string(c.Role))
		}
	case access.LinkMade{}.FactKind().Number:
		if c, bad := fact.Read[access.LinkMade](f); bad == nil {
			_, err = tx.Exec(`INSERT OR REPLACE INTO access_link VALUES(?,?)`, c.Token[:], about[:])
		}
	case access.PasskeyEnrolled{}.FactKind().Number:
		if c, bad := fact.Read[access.PasskeyEnrolled](f); bad == nil {
			_, err = tx.Exec(`INSERT OR REPLACE INTO access_passkey VALUES(?,?)`, c.ID, about[:])
		}
	case access.AuthenticatorEnrolled{}.FactKind().Number:
		if c, bad := fact.Read[access.AuthenticatorEnrolled](f); bad == nil && c.Login != "" {
			_, err = tx.Exec(`INSERT OR REPLACE INTO access_login VALUES(?,?)`, c.Login, about[:])
		}
	case access.RecoveryCodesMade{}.FactKind().Number:
		if c, bad := fact.Read[access.RecoveryCodesMade](f); bad == nil {
			_, err = tx.Exec(`INSERT OR REPLACE INTO access_paper VALUES(?,?)`, c.Set, about[:])
		}
	case access.IdentityLinked{}.FactKind().Number:
		if c, bad := fact.Read[access.IdentityLinked](f); bad == nil {
			mark := identityMark(c.Issuer, c.Account)
			_, err = tx.Exec(`INSERT OR REPLACE INTO access_identity VALUES(?,?)`, mark[:], about[:])
		}
	case access.SessionOpened{}.FactKind().Number:
		if c, bad := fact.Read[access.SessionOpened](f); bad == nil {
			err = session(tx, about, c, f)
		}
	case access.Looked{}.FactKind().Number:
		if c, bad := fact.Read[access.Looked](f); bad == nil && !c.About.Zero() {
			err = putLook(tx, f, c.About, c.Act, c.Why, plainLook)
		}
	case access.ReasonGiven{}.FactKind().Number:
		if c, bad := fact.Read[access.ReasonGiven](f); bad == nil {
			sort := pastMark
			if c.Glass {
				sort = brokenGlass
			}
			err = putLook(tx, f, c.About, c.Act, c.Why, sort)
		}
	}
	return err
}

func session(tx *sql.Tx, about fact.Subject, c access.SessionOpened, f fact.Fact) error {
	_, err := tx.Exec(`INSERT OR REPLACE INTO access_desk VALUES(?,?,?)`, about[:], c.Desk, int64(f.Body.Happened.From))
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`INSERT OR REPLACE INTO access_session VALUES(?,?,?)`, c.Token[:], about[:], c.Person[:]); err != nil {
		return err
	}
	if c.Browser == (fact.Hash{}) || !access.ByOwnDevice(c.Way) {
		return nil
	}
	_, err = tx.Exec(`INSERT INTO access_browser VALUES(?,?,?,?) ON CONFLICT(browser, person) DO UPDATE
		SET session = excluded.session, until = excluded.until WHERE excluded.until > until`, c.Browser[:], c.Person[:], about[:], int64(c.Until))
	return err
}

// Forget leaves nothing of erased people and sessions. A look at an erased
// record stays, because who looked is answered all the same; what somebody
// said of its patient as their reason does not.
func (View) Forget(tx *sql.Tx, subjects []fact.Subject) error {
	for _, s := range subjects {
		if err := forgetSaid(tx, s); err != nil {
			return err
		}
		for _, query := range []string{
			`DELETE FROM access_desk WHERE session = ?1 OR session IN (SELECT session FROM access_session WHERE person = ?1)
				OR session IN (SELECT session FROM access_look WHERE person = ?1)`,
			`DELETE FROM access_look WHERE person = ?1 OR session = ?1`,
			`DELETE FROM access_session WHERE person = ?1 OR session = ?1`,
			`DELETE FROM access_browser WHERE session = ?`,
		} {
			if _, err := tx.Exec(query, s[:]); err != nil {
				return err
			}
		}
		for _, table := range []string{"person", "link", "passkey", "role", "login", "paper", "browser", "identity"} {
			if _, err := tx.Exec(`DELETE FROM access_`+table+` WHERE person = ?`, s[:]); err != nil {
				return err
			}
		}
	}
	return nil
}

// erasedSaid forgets what was said of a subject that a tombstone erases, also
// when the tables are made anew.
func erasedSaid(tx *sql.Tx, r journal.Reader, f fact.Fact) error {
	t, bad := fact.Read[journal.SubjectErased](f)
	if bad != nil {
		return nil
	}
	h, err := r.History(f.Header.Subject)
	if err != nil {
		return err
	}
	for i, one := range h.Facts() {
		if one.ID == f.ID && MayErase(h, i) == nil {
			return forgetSaid(tx, t.Subject)
		}
	}
	return nil
}

func forgetSaid(tx *sql.Tx, about fact.Subject) error {
	_, err := tx.Exec(`INSERT OR IGNORE INTO access_erased VALUES(?)`, about[:])
	if err == nil {
		_, err = tx.Exec(`UPDATE access_look SET why = '' WHERE about = ?`, about[:])
	}
	return err
}
