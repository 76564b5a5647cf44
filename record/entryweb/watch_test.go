package entryweb

import (
	"strings"
	"testing"
)

// A list that shows a part of what there is says so, and its figure is of all.
func TestListsSayHowMuchOfThemIsShown(t *testing.T) {
	v := watchView{Homes: "890 homes", UnseenOf: 890, NotedOf: 401, ChangesOf: 302, Cut: cutWords(20000, true, true)}
	for range mostLines {
		v.Unseen, v.Noted, v.Changes = append(v.Unseen, openingLine{}), append(v.Noted, openingLine{}), append(v.Changes, changeLine{Why: []string{"x"}})
	}
	var page strings.Builder
	if err := watched(v).Render(t.Context(), &page); err != nil {
		t.Fatal(err)
	}
	for _, says := range []string{"300 of 890 shown", "300 of 401 shown", "300 of 302 shown", "302 homes"} {
		if !strings.Contains(page.String(), says) {
			t.Errorf("the page does not say %q", says)
		}
	}
	v.UnseenOf, v.NotedOf, v.ChangesOf = mostLines, mostLines, mostLines
	page.Reset()
	if err := watched(v).Render(t.Context(), &page); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(page.String(), " shown") {
		t.Error("a whole list is called a part")
	}
	for _, says := range []string{"More than 20000 homes are", "More people ask", "Who has left"} {
		if !strings.Contains(v.Cut, says) {
			t.Errorf("what was not read is not said: %q", v.Cut)
		}
	}
}
