package ingest

import "testing"

func TestPlainText(t *testing.T) {
	for markup, want := range map[string]string{
		"":                                      "",
		" a ":                                   "a",
		"<p>a</p><p>b</p>":                      "a\nb",
		"<p>a &lt;b&gt; &amp; c</p>":            "a <b> & c",
		"a<br/>b<BR>c":                          "a\nb\nc",
		"<ul><li>a</li><li>b<b>c</b></li></ul>": "a\nbc",
		"a<script>x</script>b<style>y</style>":  "ab",
		"a < b":                                 "a < b",
		"<p>a":                                  "a",
		"a<!-- b -->c":                          "ac",
		"x &unknown; y":                         "x &unknown; y",
		"<script>a":                             "",
	} {
		if got := plainText(markup); got != want {
			t.Errorf("%q: %q, want %q", markup, got, want)
		}
	}
}
