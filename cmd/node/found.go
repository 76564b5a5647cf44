package node

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/directory/directorydb"
	"holdfast/exchange/exchangedb"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record/entrydb"
	"holdfast/record/recorddb"
	"holdfast/stock/stockdb"
	"holdfast/task/taskdb"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
)

// Views lists every view of an organisation's journal, in the order in which
// they take in facts.
func Views(rules *urgent.Rules) []journal.View {
	return []journal.View{
		accessdb.View{}, recorddb.View{}, directorydb.View{}, taskdb.View{}, exchangedb.View{}, stockdb.View{}, entrydb.View{},
		urgentdb.View{Rules: rules}, urgentdb.ApartView{Rules: rules},
		urgentdb.PhoneView{},
	}
}

// Place is a data folder and how it is opened.
type Place struct {
	Dir        string
	Passphrase []byte // of the keys at rest; empty in a demo
	Demo       bool   // asked for when founding; a folder knows what it was founded as
	Clock      journal.Clock
}

func (p Place) options(lib *Library) journal.Options {
	return journal.Options{Dir: p.Dir, Clock: p.Clock, Passphrase: p.Passphrase, Demo: p.Demo, Views: Views(lib.Rules), MayErase: accessdb.MayErase, OneWork: true}
}

// Found creates a data folder for a new organisation, with the authority of its
// machine doors.
func Found(ctx context.Context, p Place, f journal.Founding, lib *Library) error {
	if err := journal.Found(ctx, p.options(lib), f); err != nil {
		return err
	}
	j, err := journal.Open(ctx, p.options(lib))
	if err != nil {
		return err
	}
	_, err = openAuthority(p.Dir, j.Device(), f.Name, clockOf(p))
	return errors.Join(err, j.Close())
}

func clockOf(p Place) journal.Clock {
	if p.Clock == nil {
		return time.Now
	}
	return p.Clock
}

const operatorFile = "operator.token"

// operatorToken reads the operator's token, or draws one for a folder that
// has none.
func operatorToken(dir string) (string, error) {
	path := filepath.Join(dir, operatorFile)
	raw, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(raw)), nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	token := base64.RawURLEncoding.EncodeToString(b[:])
	return token, (journal.Disk{}).Replace(path, []byte(token+"\n"))
}

// deviceOf is this device as a caller: for timers, what arrives, founding.
func deviceOf(j *journal.Journal) access.Caller {
	card, g := j.Device().Card(), j.Genesis()
	return access.Caller{Person: card.Device, Name: card.Name, Role: access.Device, Org: g.Name, ODS: g.ODS, Desk: card.Name}
}

// Genesis reads what founded the organisation of a folder.
func Genesis(ctx context.Context, p Place) (fact.Genesis, error) {
	j, err := journal.Open(ctx, journal.Options{Dir: p.Dir, Clock: p.Clock, Passphrase: p.Passphrase, Demo: p.Demo})
	if err != nil {
		return fact.Genesis{}, err
	}
	return j.Genesis(), j.Close()
}
