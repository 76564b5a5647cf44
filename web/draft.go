package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"holdfast/fact/refusal"
)

// Names of the fields that the script adds to forms.
const (
	fieldDraft = "_draft" // which draft this is
	fieldSeq   = "_seq"   // rises with each sending of one draft
	fieldOnce  = "_once"  // names one filling-in of a form, the same when sent again
)

// DraftPath is where the script sends half-typed forms.
const DraftPath = "/draft"

// Draft is a half-typed form on its way to the device's disk.
type Draft struct {
	Key    string     // as in the form's data-draft
	Seq    int64      // an older one must not replace a newer one
	Values url.Values // all fields but those of the script
}

// ReadDraft reads what the script sent to DraftPath. Answer it with Drafted.
func ReadDraft(r *http.Request) (Draft, error) {
	f, err := ReadForm(r, &struct{}{})
	if err != nil {
		return Draft{}, err
	}
	d := Draft{Key: f.Value(fieldDraft), Values: url.Values{}}
	d.Seq, err = strconv.ParseInt(f.Value(fieldSeq), 10, 64)
	if err != nil || d.Key == "" || len(d.Key) > 200 {
		return Draft{}, refusal.New(refusal.Invalid, "The draft does not say which one it is.")
	}
	for name, vs := range f.raw {
		if !strings.HasPrefix(name, "_") {
			d.Values[name] = vs
		}
	}
	return d, nil
}

// DraftSent says which draft a form that was sent belongs to. Once the form has
// been done, that draft goes, and any with a number up to seq that arrives later
// must be let fall. Key is empty when the form has no draft.
func DraftSent(r *http.Request) (key string, seq int64) {
	key = r.PostFormValue(fieldDraft)
	seq, err := strconv.ParseInt(r.PostFormValue(fieldSeq), 10, 64)
	if err != nil || len(key) > 200 {
		return "", 0
	}
	return key, seq
}

// Drafted tells the page when its draft was saved; the time is shown beside the
// form.
func (s *Shell) Drafted(w http.ResponseWriter, at time.Time) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	w.Write([]byte(at.In(s.cfg.Zone).Format("15:04:05"))) // a browser that went away needs no answer
}

// OnceKey names one filling-in of a form: the same form sent again after an
// answer got lost carries the same. Empty without the script.
func OnceKey(r *http.Request) string {
	k := r.PostFormValue(fieldOnce)
	if len(k) > 64 {
		return ""
	}
	return k
}
