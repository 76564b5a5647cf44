package itk

import (
	"encoding/base64"
	"strings"

	"github.com/beevik/etree"

	"holdfast/exchange"
)

// codeReason is SNOMED CT "presenting complaints or issues" as 111 reports
// use it for why the patient rang.
const codeReason = "886891000000102"

// section reads one section and those inside it, in order.
func (r *reader) section(doc, depth int, s el) {
	title := s.kid("title").text()
	text := ""
	if t := s.kid("text"); t.exists() {
		plain, err := exchange.Plain(fragment(t.e))
		if err != nil {
			r.note("A part of the sender's report could not be read: open the original.")
		}
		text = plain
	}
	if text != "" || title != "" && len(s.kids("component")) > 0 {
		r.r.Sections = append(r.r.Sections, exchange.Section{Title: title, Text: text, Depth: depth, Document: doc})
	}
	if doc == 0 && r.r.Reason == "" && text != "" && (s.kid("code").attr("code") == codeReason || strings.Contains(strings.ToLower(title), "reported condition")) {
		r.r.Reason = firstLine(text)
	}
	for _, e := range s.kids("entry") {
		r.media(doc, depth, e.kid("observationMedia"))
	}
	inside := depth + 1
	if title == "" && text == "" {
		inside = depth // the outermost section only holds the others
	}
	for _, c := range s.kids("component") {
		for _, sub := range c.kids("section") {
			r.section(doc, inside, sub)
		}
	}
}

// media reads an embedded file. Of a triage record the questions are read;
// any other is named.
func (r *reader) media(doc, depth int, m el) {
	value := m.kid("value")
	if !value.exists() {
		return
	}
	if doc == 0 && strings.HasSuffix(value.attr("mediaType"), "xml") && strings.EqualFold(value.attr("representation"), "B64") {
		if b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(value.text()), "")); err == nil && r.pathways(b) {
			return
		}
	}
	if doc == 0 {
		r.note("The message holds a file that is not shown here: open the sender's original.")
	}
}

const nsPathways = "http://nhspathways.org/webservices/pathways/pathwaysCase"

// maxAnswers bounds the questions kept beside the report.
const maxAnswers = 300

// pathways reads questions and chosen answers of an embedded triage record;
// false when it is something else.
func (r *reader) pathways(b []byte) bool {
	root, err := parse(b)
	if err != nil || root.Tag != "PathwaysCase" || root.NamespaceURI() != nsPathways {
		return false
	}
	details := el{root, nsPathways}.kid("pathwayDetails", "pathwayTriageDetails")
	for _, triage := range details.kids("pathwayTriage") {
		for _, line := range triage.kid("triageLineDetails").kids("triageLine") {
			q := line.kid("question")
			question := q.kid("questionText").text()
			if question == "" || strings.HasPrefix(question, "STRING:") || strings.HasPrefix(question, "SYSTEM_") || len(r.r.Answers) >= maxAnswers {
				continue // variables of the sender's program, not questions
			}
			var chosen []string
			for _, a := range q.kid("answers").kids("answer") {
				if a.attr("selected") == "true" {
					chosen = append(chosen, a.kid("text").text())
				}
			}
			r.r.Answers = append(r.r.Answers, exchange.Answer{Question: question, Answer: strings.Join(chosen, "; ")})
		}
	}
	return true
}

// fragment writes an element out again for the plain-text reader, without
// prefixes.
func fragment(e *etree.Element) string {
	c := e.Copy()
	var strip func(*etree.Element)
	strip = func(x *etree.Element) {
		x.Space, x.Attr = "", nil
		for _, k := range x.ChildElements() {
			strip(k)
		}
	}
	strip(c)
	doc := etree.NewDocumentWithRoot(c)
	s, err := doc.WriteToString()
	if err != nil {
		return "<" // reported as not readable
	}
	return s
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	if len(line) > 300 {
		line = strings.ToValidUTF8(line[:300], "") + "…"
	}
	return line
}
