package urgentweb

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"holdfast/fact/refusal"
	"holdfast/web"
)

// caseOriginal hands out a message byte for byte as it came, as a file that
// no browser opens by itself.
func (a *App) caseOriginal(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	c, err := a.Cases.Case(r.Context(), by, id)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 1 || n > len(c.Messages) || len(c.Messages[n-1].Original) == 0 {
		return refusal.New(refusal.Missing, "There is no such message on this case.")
	}
	raw, err := a.Cases.Journal.Attachment(r.Context(), c.Messages[n-1].Original[0])
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="case-%s-message-%d.txt"`, c.Number, n))
	w.WriteHeader(http.StatusOK)
	_, err = io.Copy(w, bytes.NewReader(raw))
	return err
}
