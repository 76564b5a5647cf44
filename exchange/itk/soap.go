package itk

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"

	"holdfast/fact"
)

// The error codes of ITK (code system 2.16.840.1.113883.2.1.3.2.4.17.268).
const (
	wrong  = "1000" // the message is not as it should be
	retry  = "2100" // try again
	final  = "2200" // trying again is useless
	access = "3000" // not allowed
)

// fault is a refusal as a SOAP 1.1 fault. Text never holds anything of the
// message.
type fault struct {
	status int
	code   string
	server bool // the fault is ours
	text   string
}

func invalid(status int, text string) *fault { return &fault{status: status, code: wrong, text: text} }

// bad refuses the content; SOAP 1.1 over HTTP answers a fault with 500.
func bad(text string) *fault { return invalid(http.StatusInternalServerError, text) }

func denied(status int, text string) *fault { return &fault{status: status, code: access, text: text} }

func never(text string) *fault {
	return &fault{status: http.StatusInternalServerError, code: final, text: text}
}

func later(text string) *fault {
	return &fault{status: http.StatusInternalServerError, code: retry, server: true, text: text}
}

// Error makes a fault an error for callers that are no SOAP sender.
func (f *fault) Error() string { return f.text }

func (f *fault) write(w http.ResponseWriter, c call) {
	who, said := "soap:Client", "A client related error has occurred, see detail element for further information"
	if f.server {
		who, said = "soap:Server", "A server related error has occurred, see detail element for further information"
	}
	id := newID("fault", []byte(c.messageID), []byte(strconv.FormatInt(c.now.UnixNano(), 10)), []byte(f.text))
	var b bytes.Buffer
	head(&b, id, "http://www.w3.org/2005/08/addressing/soap/fault", c.messageID)
	b.WriteString(`<soap:Body><soap:Fault><faultcode>` + who + `</faultcode><faultstring>` + said + `</faultstring><detail>` +
		`<itk:ToolkitErrorInfo xmlns:itk="urn:nhs-itk:ns:201005"><itk:ErrorID>` + id + `</itk:ErrorID>` +
		`<itk:ErrorCode codeSystem="2.16.840.1.113883.2.1.3.2.4.17.268">` + f.code + `</itk:ErrorCode><itk:ErrorText>` + errorText(f.code) +
		`</itk:ErrorText><itk:ErrorDiagnosticText>`)
	escape(&b, f.text)
	b.WriteString(`</itk:ErrorDiagnosticText></itk:ToolkitErrorInfo></detail></soap:Fault></soap:Body></soap:Envelope>`)
	if f.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	send(w, f.status, b.Bytes())
}

func errorText(code string) string {
	switch code {
	case wrong:
		return "Invalid message"
	case retry:
		return "Processing error, send again"
	case final:
		return "Processing error, do not send again"
	}
	return "Access denied"
}

// acknowledgement is the answer to a message that was filed, now or before.
type acknowledgement struct{ id, relatesTo, tracking string }

func (a *acknowledgement) write(w http.ResponseWriter) {
	var b bytes.Buffer
	head(&b, a.id, service+"Response", a.relatesTo)
	b.WriteString(`<soap:Body><itk:SimpleMessageResponse xmlns:itk="urn:nhs-itk:ns:201005">OK:`)
	escape(&b, a.tracking)
	b.WriteString(`</itk:SimpleMessageResponse></soap:Body></soap:Envelope>`)
	send(w, http.StatusOK, b.Bytes())
}

func head(b *bytes.Buffer, id, action, relatesTo string) {
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:wsa="http://www.w3.org/2005/08/addressing"><soap:Header>` +
		`<wsa:MessageID>` + id + `</wsa:MessageID><wsa:Action>` + action + `</wsa:Action>` +
		`<wsa:To>http://www.w3.org/2005/08/addressing/anonymous</wsa:To>`)
	if relatesTo != "" {
		b.WriteString(`<wsa:RelatesTo>`)
		escape(b, relatesTo)
		b.WriteString(`</wsa:RelatesTo>`)
	}
	b.WriteString(`</soap:Header>`)
}

func send(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/xml; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // when the sender has gone, it sends the same again
}

func escape(b *bytes.Buffer, s string) {
	_ = xml.EscapeText(b, []byte(s)) // writing to a buffer cannot fail
}

// newID makes a UUID of ours, the same for the same parts.
func newID(what string, parts ...[]byte) string {
	h := fact.Labelled("holdfast/itk/"+what+"/1", parts...)
	h[6], h[8] = h[6]&0x0f|0x80, h[8]&0x3f|0x80
	return fmt.Sprintf("%X-%X-%X-%X-%X", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}
