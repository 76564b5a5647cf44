package web

import (
	"bytes"
	"errors"
	"image"
	_ "image/jpeg" // pictures that are read
	_ "image/png"
	"io"
	"mime"
	"mime/multipart"
	"net/http"

	"holdfast/fact/refusal"
)

// Picture is an uploaded picture or scan, whole and in memory: nothing of it
// touches the disk unsealed.
type Picture struct {
	Media string // image/jpeg, image/png or application/pdf, by its content
	Bytes []byte
}

// MostPictures is how many come with one form; how large they are is bounded
// by the route.
const MostPictures = 6

// mostPixels bounds what a browser is later asked to draw.
const mostPixels = 60_000_000

// ReadUpload reads the parts of a form with files, so that ReadForm can read
// its fields. A form without files is let be.
func ReadUpload(r *http.Request, most int64) error {
	err := r.ParseMultipartForm(most) // the route takes no more than that: nothing is put on the disk
	var big *http.MaxBytesError
	switch {
	case err == nil, errors.Is(err, http.ErrNotMultipart):
		return nil
	case errors.As(err, &big):
		return err
	}
	return refusal.New(refusal.Invalid, "The form did not arrive whole. Send it again.").Because(err)
}

// Pictures gives the pictures that came in a field of the form. What is no
// picture, or can't be read as one, is a mistake in that field.
func (f *Form) Pictures(r *http.Request, name, label string) []Picture {
	if r.MultipartForm == nil {
		return nil
	}
	files := r.MultipartForm.File[name]
	if len(files) > MostPictures {
		f.Fail(name, label, "At most "+Plural(MostPictures, "picture", "pictures"))
		return nil
	}
	var out []Picture
	for _, file := range files {
		if file.Size == 0 {
			continue // nothing was chosen
		}
		p, say := readPicture(file)
		if say != "" {
			f.Fail(name, label, say)
			return nil
		}
		out = append(out, p)
	}
	return out
}

func readPicture(file *multipart.FileHeader) (p Picture, say string) {
	const unread = "One file could not be read. Choose it again"
	in, err := file.Open()
	if err != nil {
		return p, unread
	}
	defer in.Close()
	if p.Bytes, err = io.ReadAll(in); err != nil {
		return p, unread
	}
	p.Media = PictureMedia(p.Bytes)
	switch p.Media {
	case "":
		return p, "Only pictures (JPEG, PNG) and PDF files"
	case "application/pdf":
		return p, ""
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(p.Bytes))
	switch {
	case err != nil:
		return p, "One picture is damaged. Take it again"
	case c.Width <= 0 || c.Height <= 0 || c.Width > mostPixels/c.Height:
		return p, "One picture is too large to be shown"
	}
	return p, ""
}

// PictureMedia tells by its first bytes what a picture is; "" when it is none
// that is taken here.
func PictureMedia(b []byte) string {
	switch media := http.DetectContentType(b); media {
	case "image/jpeg", "image/png", "application/pdf":
		return media
	}
	return ""
}

// ShowPicture answers with a picture, in a way in which no browser runs
// anything of it or keeps it. A PDF is handed out as a file.
func ShowPicture(w http.ResponseWriter, b []byte, name string) error {
	h, media := w.Header(), PictureMedia(b)
	switch media {
	case "image/jpeg", "image/png":
		h.Set("Content-Type", media)
		h.Set("Content-Disposition", `inline; filename="`+name+`"`)
	default:
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Content-Disposition", `attachment; filename="`+name+`.pdf"`)
	}
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(b)
	return err
}

// hasFiles tells whether a request is a form with files.
func hasFiles(r *http.Request) bool {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && media == "multipart/form-data"
}
