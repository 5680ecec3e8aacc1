package cli

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

// hostile is a text that a log, a page and a terminal would take as commands.
const hostile = "X|`<b>@all, a:b 100%\r\n::error::no\x1b[31m \u202e##[add-mask]x \\|"

// hostileAnswer is the answer to a report that has it everywhere.
func hostileAnswer(t *testing.T) http.HandlerFunc {
	t.Helper()
	text, err := json.Marshal(map[string]any{
		"format": "sarif", "branch": "main",
		"observations": map[string]int{"new": 1},
		"counts":       map[string]int{"critical": 1, "high": 0, "medium": 0, "low": 0, "none": 0, "unknown": 0},
		"gate":         map[string]string{"before": "none", "after": "failed", "why": "1 critical (threshold 0)"},
		"warnings":     []string{hostile},
		"failing": []map[string]any{{
			"id": 5, "title": hostile, "severity": "critical", "component": hostile, "location": hostile, "fix": hostile,
		}},
		"failing_total": 1,
		"url":           "https://g.example/products/7?branch=main",
	})
	if err != nil {
		t.Fatal(err)
	}
	return imports(string(text))
}

// formatted pushes a.json and b.json, and returns what stdout and stderr got.
func formatted(t *testing.T, format string, answers ...http.HandlerFunc) ran {
	t.Helper()
	inFolder(t, "a.json", "b.json")
	return runPush(t, newFakeServer(t, answers...), "", "--format", format, "img=a.json", "b.json")
}

func wantOutput(t *testing.T, got, want string) {
	t.Helper()
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

func warns(text string) http.HandlerFunc {
	return imports(strings.Replace(passedAnswer, `"url"`, `"warnings":["`+text+`"],"url"`, 1))
}

const passedLine = "img=a.json: grype, 0 new, 1 updated, 0 reopened, 2 resolved\n"

func TestFormatText(t *testing.T) {
	r := formatted(t, "text", warns("Half"), imports(failedAnswer))
	wantOutput(t, r.stdout, passedLine+`b.json: trivy, 2 new, 0 updated, 0 reopened, 0 resolved
gate failed: 1 critical (threshold 0), 1 high (threshold 0)
  critical  lodash 4.17.20  CVE-2026-1  fix: 4.17.21
  high      src/hash.go:12  G401
https://g.example/products/7?branch=main
`)
	wantOutput(t, r.stderr, "img=a.json: warning: Half\n")

	r = formatted(t, "text", imports(passedAnswer), hostileAnswer(t))
	safe := "X|`<b>@all, a:b 100% ::error::no # #[add-mask]x \\|"
	wantOutput(t, r.stdout, passedLine+`b.json: sarif, 1 new, 0 updated, 0 reopened, 0 resolved
gate failed: 1 critical (threshold 0)
  critical  `+safe+"  "+safe+"  fix: "+safe+`
https://g.example/products/7?branch=main
`)
	wantOutput(t, r.stderr, "b.json: warning: "+safe+"\n")
}

// Without an address of the server, the link is below --url.
func TestFormatText_LinksBelowTheURL(t *testing.T) {
	inFolder(t, "a.json")
	for _, given := range []string{"", "javascript:alert(1)", "/products/7"} {
		answer := strings.Replace(passedAnswer, "https://g.example/products/7?branch=main", given, 1)
		s := newFakeServer(t, imports(strings.Replace(answer, `"main"`, `"a b/c"`, 1)))
		if r := runPush(t, s, "", "a.json"); !strings.HasSuffix(r.stdout, "\n"+s.URL+"/products/7?branch=a+b%2Fc\n") {
			t.Errorf("%q: %s", given, r.stdout)
		}
	}
}

func TestFormatJSON(t *testing.T) {
	r := formatted(t, "json", warns("Half"), imports(failedAnswer))
	wantOutput(t, r.stdout, `{
  "product": "Shop",
  "branch": "main",
  "files": [
    {
      "file": "a.json",
      "source": "img",
      "format": "grype",
      "branch": "main",
      "observations": {
        "new": 0,
        "updated": 1,
        "reopened": 0,
        "resolved": 2
      },
      "counts": {
        "critical": 0,
        "high": 0,
        "low": 0,
        "medium": 1,
        "none": 0,
        "unknown": 0
      },
      "warnings": [
        "Half"
      ]
    },
    {
      "file": "b.json",
      "source": "",
      "format": "trivy",
      "branch": "main",
      "observations": {
        "new": 2,
        "updated": 0,
        "reopened": 0,
        "resolved": 0
      },
      "counts": {
        "critical": 1,
        "high": 1,
        "low": 0,
        "medium": 0,
        "none": 0,
        "unknown": 0
      },
      "warnings": []
    }
  ],
  "gate": {
    "state": "failed",
    "why": "1 critical (threshold 0), 1 high (threshold 0)"
  },
  "failing": [
    {
      "id": 11,
      "title": "CVE-2026-1",
      "severity": "critical",
      "component": "lodash 4.17.20",
      "location": "",
      "fix": "4.17.21"
    },
    {
      "id": 12,
      "title": "G401",
      "severity": "high",
      "component": "",
      "location": "src/hash.go:12",
      "fix": ""
    }
  ],
  "failing_total": 2,
  "url": "https://g.example/products/7?branch=main"
}
`)
	if r.stderr != "img=a.json: warning: Half\n" {
		t.Errorf("stderr: %s", r.stderr)
	}
}

// No byte of the JSON is a control character or a command, and reading it gives the exact text.
func TestFormatJSON_EscapesEverything(t *testing.T) {
	r := formatted(t, "json", hostileAnswer(t))
	for _, c := range r.stdout {
		if c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c)) {
			t.Errorf("%U in the output", c)
		}
	}
	if strings.Contains(r.stdout, "##") {
		t.Error("## in the output")
	}
	var got pushResult
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil || got.Failing[0].Title != hostile ||
		got.Files[1].Warnings[0] != hostile {
		t.Errorf("%v: %q", err, got.Failing[0].Title)
	}
	if text := harmlessJSON("\"\U000e0041###\""); text != `"\udb40\udc41#\u0023\u0023"` {
		t.Errorf("beyond four digits: %s", text)
	}
}

func TestFormatJSON_AfterARefusal(t *testing.T) {
	r := formatted(t, "json", imports(passedAnswer), refuses(422, "No"))
	var got pushResult
	err := json.Unmarshal([]byte(r.stdout), &got)
	want := sendError{File: "b.json", Message: "No (422)"}
	if err != nil || r.code != 1 || got.Gate != nil || len(got.Files) != 1 || *got.Error != want {
		t.Errorf("exit %d, %v: %s", r.code, err, r.stdout)
	}
	r = formatted(t, "json", refuses(422, "No"))
	if !strings.Contains(r.stdout, `"files": [],`) || !strings.Contains(r.stdout, `"gate": null`) ||
		!strings.Contains(r.stdout, "\"not_sent\": [\n    \"b.json\"\n  ]") {
		t.Errorf("the first: %s", r.stdout)
	}
}
