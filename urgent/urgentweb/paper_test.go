package urgentweb

import (
	"bytes"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/web"
)

func openPaper(t *testing.T) *desk {
	t.Helper()
	d := openDesk(t)
	d.mux = web.NewMux(d.app.Shell)
	d.app.listRoutes(d.mux)
	d.app.paperRoutes(d.mux)
	return d.as(listHandler)
}

// aPaper is a form as somebody types it in, on the evening of the tests.
func aPaper() url.Values {
	return url.Values{
		"day": {"21 11 2026"}, "at": {"15:10"}, "ended_at": {"1535"}, "author": {"Nurse P. Varma"}, "form_number": {"0412"}, "wrote": {"clinician"},
		"first": {"Edith"}, "last": {"Wren"}, "born": {"4 5 1951"}, "practice": {"Weir Practice"}, "number": {"01632 960 418"}, "place": {"3 Weir Cottages, Dunsett QX4 2AB"},
		"why": {"Earache since the morning"}, "done": {"told"}, "history": {"Earache, no fever"}, "plan": {"Paracetamol"}, "outcome": {"advice"},
		"worse": {"Fever or swelling"}, "expect": {"Better in three days"}, "saidback": {"Edith"},
	}
}

func aPicture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// upload sends a form with files, as a browser does.
func (d *desk) upload(path string, form url.Values, files ...[]byte) answer {
	d.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, all := range form {
		for _, v := range all {
			d.must(w.WriteField(name, v))
		}
	}
	for _, f := range files {
		part, err := w.CreateFormFile("pictures", "sheet.png")
		d.must(err)
		_, err = part.Write(f)
		d.must(err)
	}
	d.must(w.Close())
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	out := httptest.NewRecorder()
	d.mux.ServeHTTP(out, r)
	return answer{out.Code, out.Header(), out.Body.String(), out.Header().Get("Location")}
}

func (d *desk) paperEntered(form url.Values, files ...[]byte) fact.Subject {
	d.t.Helper()
	got := d.upload("/paper/new", form, files...).is(d.t, http.StatusSeeOther)
	id, err := fact.ParseSubject(strings.TrimPrefix(got.location, "/paper?entered="))
	d.must(err)
	return id
}

func TestAPaperIsTypedInCheckedAndReported(t *testing.T) {
	d := openPaper(t)
	d.get("/paper/new").is(t, http.StatusOK).wants(t, "Enter a case from paper", "An ambulance was sent for", `enctype="multipart/form-data"`)
	id := d.paperEntered(aPaper(), aPicture(t))
	d.get("/paper?entered="+id.String()).is(t, http.StatusOK).wants(t, "Entered as case 26-", "WREN, Edith", "Check the paper", "1 d 0 h left")
	d.get("/paper/"+id.String()+"/check").is(t, http.StatusForbidden)
	d.as(listDoctor)
	page := d.get("/paper/"+id.String()+"/check").is(t, http.StatusOK)
	page.wants(t, "Nurse P. Varma", "Ruth Ashdown", "15:10", "19:54", "0412", "The patient was told what to do", "Earache, no fever", "Fever or swelling", "/paper/"+id.String()+"/picture/1")
	shown := d.get("/paper/"+id.String()+"/picture/1").is(t, http.StatusOK)
	if shown.header.Get("Content-Type") != "image/png" || shown.header.Get("X-Content-Type-Options") != "nosniff" || shown.body != string(aPicture(t)) {
		t.Fatal(shown.header)
	}
	d.get("/paper/"+id.String()+"/picture/2").is(t, http.StatusNotFound)
	got := d.post("/paper/"+id.String()+"/check", url.Values{"seen": {page.seen()}, "do": {"agrees"}}).is(t, http.StatusSeeOther)
	if got.location != "/case/"+id.String()+"/report" {
		t.Fatal(got.location)
	}
	d.get(got.location).is(t, http.StatusOK).wants(t, "Written on paper by Nurse P. Varma, typed in by", "Checked against the paper by")
	d.get("/paper").is(t, http.StatusOK).wants(t, "Nothing waits to be checked.")
}

// Whatever is wrong, everything that was typed is there again, and nothing is
// saved.
func TestAPaperWithMistakesLosesNothing(t *testing.T) {
	d := openPaper(t)
	for name, c := range map[string]struct {
		spoil func(url.Values)
		file  []byte
		say   string
	}{
		"no such day":  {func(v url.Values) { v.Set("day", "31 02 2026") }, nil, "Day"},
		"no time":      {func(v url.Values) { v.Set("at", "half past") }, nil, "Hours and minutes, as 19:40"},
		"to come":      {func(v url.Values) { v.Set("at", "23:10"); v.Set("ended_at", "23:20") }, nil, "That is still to come"},
		"born later":   {func(v url.Values) { v.Set("born", "1 1 2030") }, nil, "Born"},
		"number":       {func(v url.Values) { v.Set("nhs", "999 412 0736") }, nil, "NHS number"},
		"ambulance":    {func(v url.Values) { v.Set("outcome", "ambulance") }, nil, "Was the ambulance sent for?"},
		"no picture":   {func(url.Values) {}, []byte("<html><script>alert(1)</script>"), "Only pictures (JPEG, PNG) and PDF files"},
		"half picture": {func(url.Values) {}, []byte("\x89PNG\r\n\x1a\n and no more"), "damaged"},
	} {
		form := aPaper()
		c.spoil(form)
		var files [][]byte
		if c.file != nil {
			files = append(files, c.file)
		}
		page := d.upload("/paper/new", form, files...)
		if page.status != http.StatusUnprocessableEntity || !strings.Contains(page.body, c.say) || !strings.Contains(page.body, "Earache, no fever") {
			t.Errorf("%s: %d, wants %q", name, page.status, c.say)
		}
		d.get("/paper/new").wants(t, "Earache, no fever", "is back")
	}
	d.get("/paper").wants(t, "Nothing waits to be checked.", "half-typed")
}

func TestAFormIsEnteredOnce(t *testing.T) {
	d := openPaper(t)
	id := d.paperEntered(aPaper())
	again := aPaper()
	again.Set("form_number", " 04 12")
	d.upload("/paper/new", again).is(t, http.StatusUnprocessableEntity).wants(t, "was entered already, as case 26-")
	other := aPaper()
	other.Set("form_number", "0413")
	if d.paperEntered(other) == id {
		t.Fatal("two papers are one case")
	}
	none := aPaper()
	none.Del("form_number")
	d.paperEntered(none)
	d.paperEntered(none)
}

// What was typed in leaves no pictures where a browser's upload could lie.
func TestTooMuchPaperIsRefusedInWords(t *testing.T) {
	d := openPaper(t)
	d.upload("/paper/new", aPaper(), bytes.Repeat([]byte{1}, paperBody)).is(t, http.StatusRequestEntityTooLarge)
}

func TestLondonAt(t *testing.T) {
	day, back, forward := codes.Date{Year: 2026, Month: 11, Day: 21}, codes.Date{Year: 2026, Month: 10, Day: 25}, codes.Date{Year: 2026, Month: 3, Day: 29}
	for _, c := range []struct {
		day   codes.Date
		typed string
		want  string
	}{
		{day, "19:40", "19:40"}, {day, "1940", "19:40"}, {day, "9.05", "09:05"}, {day, " 0:00 ", "00:00"},
		{back, "01:30 BST", "00:30"}, {back, "01:30GMT", "01:30"}, {back, "02:30", "02:30"},
		{back, "01:30", ""}, {forward, "01:30", ""}, {day, "24:10", ""}, {day, "", ""}, {day, "7pm", ""},
	} {
		at, err := londonAt(c.day, c.typed)
		if got := at.UTC().Format("15:04"); (c.want == "") != (err != nil) || err == nil && got != c.want {
			t.Errorf("%s on %s: %s, %v", c.typed, c.day, got, err)
		}
	}
}
