package urgentweb

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/web"
)

// kept is a half-typed form as it lies on this device's disk.
type kept struct {
	Seq    int64  `cbor:"1,keyasint"`
	Values string `cbor:"2,keyasint"` // as a form is encoded
	Done   string `cbor:"3,keyasint"` // the filling-in that was sent: what comes late for it is not kept
}

// draftKey keeps people's half-typed forms apart.
func draftKey(by web.Caller, form string) string { return by.Person.String() + "/" + form }

// draftSave keeps what somebody is typing. An older one never replaces a newer
// one, and nothing is kept for a form that was sent.
func (a *App) draftSave(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := a.Cases.Refuses(r.Context(), by, access.SeeOwnSessions); err != nil {
		return err
	}
	d, err := web.ReadDraft(r)
	if err != nil {
		return err
	}
	old, _, err := a.draftRead(r.Context(), by, d.Key)
	if err != nil {
		return err
	}
	stale := old.Done != "" && old.Done == d.Values.Get("case")
	if d.Seq > old.Seq && !stale {
		err = a.draftWrite(r.Context(), by, d.Key, kept{Seq: d.Seq, Values: d.Values.Encode()})
	}
	if err != nil {
		return err
	}
	a.Shell.Drafted(w, a.Shell.Now())
	return nil
}

func (a *App) draftWrite(ctx context.Context, by web.Caller, form string, k kept) error {
	b, err := fact.Encode(k)
	if err != nil {
		return err
	}
	return a.Drafts.SaveDraft(ctx, draftKey(by, form), b)
}

// draftRead gives what is kept, or nothing; what can't be read any more is
// nothing too, so that no page is lost to it.
func (a *App) draftRead(ctx context.Context, by web.Caller, form string) (k kept, at time.Time, err error) {
	b, at, err := a.Drafts.LoadDraft(ctx, draftKey(by, form))
	if refusal.Is(err, refusal.Missing) {
		return kept{}, time.Time{}, nil
	}
	if err != nil {
		return kept{}, at, err
	}
	if fact.Decode(b, &k) != nil {
		return kept{}, time.Time{}, nil
	}
	return k, at, nil
}

// draftValues gives the half-typed form; ok is false when there is none.
func (a *App) draftValues(ctx context.Context, by web.Caller, form string) (v url.Values, at time.Time, ok bool, err error) {
	k, at, err := a.draftRead(ctx, by, form)
	if err != nil || k.Values == "" {
		return nil, at, false, err
	}
	v, broken := url.ParseQuery(k.Values)
	return v, at, broken == nil, nil
}

// draftKeep keeps a form that was sent and must be mended.
func (a *App) draftKeep(ctx context.Context, by web.Caller, form string, v url.Values) error {
	old, _, err := a.draftRead(ctx, by, form)
	if err != nil {
		return err
	}
	clean := url.Values{}
	for name, all := range v {
		if name[0] != '_' && name != "do" {
			clean[name] = all
		}
	}
	return a.draftWrite(ctx, by, form, kept{Seq: old.Seq, Values: clean.Encode()})
}

// draftDone forgets a form that was sent. done names that filling-in of it, so
// that what the browser sent before and arrives after is not kept again.
func (a *App) draftDone(ctx context.Context, by web.Caller, form, done string) error {
	if done == "" {
		return a.Drafts.DropDraft(ctx, draftKey(by, form))
	}
	return a.draftWrite(ctx, by, form, kept{Done: done})
}

// draftMove gives what was typed on the page of a new call to the call that
// was begun from there by another form of the page.
func (a *App) draftMove(ctx context.Context, by web.Caller, id fact.Subject) error {
	v, _, ok, err := a.draftValues(ctx, by, newCallDraft)
	if err != nil || !ok || v.Get("case") != id.String() {
		return err
	}
	if err := a.draftKeep(ctx, by, callDraft(id), v); err != nil {
		return err
	}
	return a.draftDone(ctx, by, newCallDraft, id.String())
}
