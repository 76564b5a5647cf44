package fhir

import (
	"mime"
	"strings"
)

// Format is one of the two forms of FHIR.
type Format uint8

// The forms.
const (
	JSON Format = 1
	XML  Format = 2
)

// MediaType gives the form's media type with its character set.
func (f Format) MediaType() string {
	if f == XML {
		return "application/fhir+xml; charset=utf-8"
	}
	return "application/fhir+json; charset=utf-8"
}

// FormatOf reads a media type, with the version parameter if there is one.
// The short names of the _format parameter ("json", "xml") are read too.
func FormatOf(mediaType string) (f Format, version string, ok bool) {
	kind, params, err := mime.ParseMediaType(mediaType)
	if err != nil {
		return 0, "", false
	}
	if c := params["charset"]; c != "" && !strings.EqualFold(c, "utf-8") {
		return 0, "", false
	}
	switch kind {
	case "application/fhir+json", "application/json", "text/json", "json":
		return JSON, params["version"], true
	case "application/fhir+xml", "application/xml", "text/xml", "xml":
		return XML, params["version"], true
	}
	return 0, "", false
}

// Parse reads a resource in the given form.
func Parse(f Format, b []byte, lim Limits) (*Object, error) {
	if f == XML {
		return ParseXML(b, lim)
	}
	return ParseJSON(b, lim)
}

// Write writes a resource in the given form.
func Write(f Format, o *Object) ([]byte, error) {
	if f == XML {
		return o.XML()
	}
	return o.JSON(), nil
}
