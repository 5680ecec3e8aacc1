package ingest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

// documents are documents with the findings that they must give. Each document is read with its keys in
// reversed order too.
type documents map[string]struct {
	text string
	want []string // "severity status title", sorted
}

// withKeys lets findings be compared with their match keys.
var withKeys = cmp.AllowUnexported(matchKey{})

func (d documents) check(t *testing.T) {
	for name, test := range d {
		t.Run(name, func(t *testing.T) {
			for _, text := range []string{test.text, string(reverseKeys(t, []byte(test.text)))} {
				if diff := cmp.Diff(test.want, brief(mustParse(t, text))); diff != "" {
					t.Errorf("findings (-want +got):\n%s\nof %s", diff, text)
				}
			}
		})
	}
}

func brief(r Report) []string {
	var lines []string
	for f := range r.Findings.All() {
		lines = append(lines, fmt.Sprintf("%s %s %s", f.Severity, f.Status, f.Title))
	}
	slices.Sort(lines)
	return lines
}

// onlyFinding returns the single finding of a document, without its identity and match key.
func onlyFinding(t *testing.T, text string) Finding {
	t.Helper()
	all := sortedFindings(mustParse(t, text))
	if len(all) != 1 {
		t.Fatalf("%d findings, want 1", len(all))
	}
	all[0].Identity, all[0].Match = "", matchKey{}
	return all[0]
}

func readSample(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func mustParse(t testing.TB, text string) Report {
	t.Helper()
	report, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func sortedFindings(r Report) []Finding {
	return slices.SortedFunc(r.Findings.All(), func(a, b Finding) int { return strings.Compare(a.Identity, b.Identity) })
}

func tally(r Report) (counts models.Counts, inactive int) {
	for f := range r.Findings.All() {
		if f.Status.Active() {
			counts.Add(f.Severity, 1)
		} else {
			inactive++
		}
	}
	return counts, inactive
}

// reverseKeys returns the documents with the keys of each object in reversed order; of XML, with the
// children of each element that are no list.
func reverseKeys(t testing.TB, text []byte) []byte {
	t.Helper()
	if bytes.HasPrefix(text, []byte("<")) {
		return reverseXML(t, text)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	reversed := reverseValue(t, dec)
	for dec.More() {
		reversed = append(append(reversed, '\n'), reverseValue(t, dec)...)
	}
	return reversed
}

func reverseValue(t testing.TB, dec *json.Decoder) []byte {
	token, err := dec.Token()
	if err != nil {
		t.Fatal(err)
	}
	delim, nested := token.(json.Delim)
	if !nested {
		return marshal(t, token)
	}
	var parts [][]byte
	for dec.More() {
		var key []byte
		if delim == '{' {
			k, err := dec.Token()
			if err != nil {
				t.Fatal(err)
			}
			key = append(marshal(t, k), ':')
		}
		parts = append(parts, append(key, reverseValue(t, dec)...))
	}
	end, err := dec.Token()
	if err != nil {
		t.Fatal(err)
	}
	if delim == '{' {
		slices.Reverse(parts)
	}
	return []byte(delim.String() + string(bytes.Join(parts, []byte(","))) + end.(json.Delim).String())
}

func marshal(t testing.TB, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
