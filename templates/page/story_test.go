package page

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// TestStories renders every page in several states, with hostile names, and checks what must hold
// for all. With STORY_DIR set it writes them to that directory.
func TestStories(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range stories() {
		t.Run(s.name, func(t *testing.T) {
			if seen[s.name] {
				t.Error("two stories have this name")
			}
			seen[s.name] = true
			var b bytes.Buffer
			if err := s.page.Render(t.Context(), &b); err != nil {
				t.Fatal(err)
			}
			for _, problem := range check(b.String()) {
				t.Error(problem)
			}
			write(t, s.name, b.Bytes())
		})
	}
}

func write(t *testing.T, name string, page []byte) {
	t.Helper()
	dir := os.Getenv("STORY_DIR")
	if dir == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name+".html"), page, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestCheckFindsFaults shows that the check of the stories can fail.
func TestCheckFindsFaults(t *testing.T) {
	for name, body := range map[string]string{
		"class without style":    `<p class="accordion">x</p>`,
		"style attribute":        `<p style="color:red">x</p>`,
		"handler":                `<p onclick="x()">x</p>`,
		"script with a body":     `<script>alert(1)</script>`,
		"style element":          `<style>p{}</style>`,
		"input without label":    `<input name="a">`,
		"id used twice":          `<p id="a"></p><p id="a"></p>`,
		"label of nothing":       `<label for="b">x</label>`,
		"description of nothing": `<p aria-describedby="c">x</p>`,
		"button without name":    `<button type="button"></button>`,
		"button without type":    `<button>x</button>`,
		"script as a link":       `<a href="javascript:x()">x</a>`,
		"nameless link":          `<a href="/"><svg></svg></a>`,
		"end tag missing":        `<div><p>x</p>`,
		"no main heading":        ``,
	} {
		t.Run(name, func(t *testing.T) {
			heading := "<h1>x</h1>"
			if name == "no main heading" {
				heading = ""
			}
			if len(check(page(heading+body))) == 0 {
				t.Error("found no fault")
			}
		})
	}
	const good = `<h1>x</h1><label for="a">A</label><input id="a"><button type="submit">Go</button>`
	if faults := check(page(good)); len(faults) != 0 {
		t.Errorf("found faults in a good page: %v", faults)
	}
}

func page(body string) string {
	return `<!doctype html><html lang="en"><head><title>x</title></head><body><main>` + body + "</main></body></html>"
}

// check returns what is wrong with a page.
func check(text string) []string {
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return []string{err.Error()}
	}
	c := checker{ids: map[string]int{}, labels: map[string]bool{}, tags: map[string]int{}}
	c.collect(doc)
	c.walk(doc)
	c.references()
	c.balance(text)
	for _, once := range []string{"h1", "main", "title"} {
		if c.tags[once] != 1 {
			c.say("%s: there should be one", once)
		}
	}
	return c.faults
}
