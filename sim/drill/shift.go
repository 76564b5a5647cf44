package drill

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"holdfast/codes"
)

// wholeCall takes a call from the first ring to the report to the GP and closes
// the case, as a call handler and a clinician do at their pages. mark stands in
// everything they type. It gives the case's id.
func (s *Stage) wholeCall(ctx context.Context, handler, clinician *browser, mark string) (string, error) {
	where, err := handler.Fill(ctx, "/call", "/call", url.Values{
		"number": {"01632 960 418"}, "place": {mark + " 3 Weir Cottages, Dunsett QX4 2AB"}, "awake": {"yes"}, "breathing": {"yes"}, "bleeding": {"no"},
		"caller": {"patient"}, "with": {"yes"}, "first": {mark}, "last": {mark + "son"}, "born": {"12 05 1961"}, "sex": {"male"}, "look": {"yes"},
		"why": {mark + " tightness in the chest on Thursday, gone since"}, "practice": {mark + " Practice"}, "ring_back": {"01632 960 418"},
		"ring": {"yes"}, "text": {"yes"}, "voicemail": {"yes"}, "tell": {mark + " his wife"},
	})
	if err != nil {
		return "", err
	}
	path, _, _ := strings.Cut(where, "?")
	id, ok := strings.CutPrefix(path, "/call/")
	if !ok {
		return "", fmt.Errorf("a call that was taken leads to %s", where)
	}
	page := "/case/" + id
	for _, step := range []struct {
		by         *browser
		at, action string
		typed      url.Values
	}{
		{handler, path, "/call/" + id + "/clinician", nil},
		{clinician, page, page + "/note", url.Values{"words": {mark + " rang back, sounds well"}}},
		{clinician, page, page + "/disposition", url.Values{"dx": {"Dx08"}, "dx_why": {mark + " heard on the phone"}}},
		{clinician, page, page + "/consult", nil},
		{clinician, page + "/consult", page + "/consult", url.Values{
			"do": {"finish"}, "mode": {"phone"}, "history": {mark + " ten minutes on Thursday, none since"}, "examination": {mark + " speaks in full sentences"},
			"diagnosis": {mark + " chest pain, resolved"}, "plan": {mark + " own GP for an ECG"}, "outcome": {"gp-in-hours"}, "expect": {mark + " no more pain"},
			"worse": {"999 at once if it comes back"}, "saidback": {mark}, "gp_action": {mark + " ECG and review"}, "actionby": {time.Now().Add(48 * time.Hour).In(codes.London()).Format(time.DateOnly)},
		}},
		{clinician, page + "/report", page + "/report/done", nil},
		{clinician, page, page + "/close", nil},
	} {
		if _, err := step.by.Fill(ctx, step.at, step.action, step.typed); err != nil {
			return "", err
		}
	}
	s.Add("whole_calls", 1)
	return id, nil
}
