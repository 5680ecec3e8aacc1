package cli

import (
	"strings"
	"testing"
)

func TestFormatMarkdown(t *testing.T) {
	r := formatted(t, "markdown", warns("Half *done*"), imports(failedAnswer))
	wantOutput(t, r.stdout, "### Security gate failed: `Shop`, branch `main`"+`

1 critical (threshold 0), 1 high (threshold 0)

| Severity | Observation | Component | Fix | Location |
|---|---|---|---|---|
| critical | [`+"`CVE-2026-1`](https://g.example/products/7/observations/11) | `lodash 4.17.20` | `4.17.21`"+` |  |
| high | [`+"`G401`](https://g.example/products/7/observations/12) |  |  | `src/hash.go:12` |"+`

| Report | Format | New | Updated | Reopened | Resolved |
|---|---|--:|--:|--:|--:|
| `+"`img=a.json`"+` | grype | 0 | 1 | 0 | 2 |
| `+"`b.json`"+` | trivy | 2 | 0 | 0 | 0 |

Warnings:

- `+"`img=a.json`"+`: Half \*done\*

[Open in Gatecrier](https://g.example/products/7?branch=main)
`)
	r = formatted(t, "markdown", hostileAnswer(t))
	const code = "<code>X&#124;&#96;&#60;b&#62;&#64;all&#44; a&#58;b 100&#37; &#58;&#58;error&#58;&#58;no " +
		"&#35; &#35;&#91;add&#45;mask&#93;x &#92;&#124;</code>"
	const prose = "X\\|\\`\\<b\\>@\u200ball, a:b 100% ::error::no #\u200b #\u200b\\[add-mask\\]x \\\\\\|"
	for _, want := range []string{
		"| critical | [" + code + "](https://g.example/products/7/observations/5)" + strings.Repeat(" | "+code, 3) + " |\n",
		"- `b.json`: " + prose + "\n",
	} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %s in\n%s", want, r.stdout)
		}
	}
}

func TestFormatMarkdown_AfterARefusal(t *testing.T) {
	r := formatted(t, "markdown", imports(passedAnswer), refuses(422, "No <scan>"))
	want := "### Report not imported: `Shop`, branch `main`\n\n`b.json`: No \\<scan\\> (422)\n\n" +
		"imported: img=a.json; not sent: none\n"
	if r.code != 1 || !strings.HasPrefix(r.stdout, want) || strings.Contains(r.stdout, "gate passed") {
		t.Errorf("exit %d: %s", r.code, r.stdout)
	}
}

func TestMarkdownURL_StaysOneTarget(t *testing.T) {
	if got := mdURL("https://x/a(b) <c>\"|`\n"); got != "https://x/a%28b%29%20%3Cc%3E%22%7C%60%0A" {
		t.Error(got)
	}
}
