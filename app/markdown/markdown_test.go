package markdown

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

const newTab = `<span class="visually-hidden">&nbsp;(in a new tab)</span></a>`

func link(address, text string) string {
	return `<a href="` + address + `" rel="noopener noreferrer nofollow" target="_blank">` + text + newTab
}

func TestHTML(t *testing.T) {
	for source, want := range map[string]string{
		"":                                  "",
		"one\ntwo\n\nthree":                 "<p>one\ntwo</p>\n<p>three</p>\n",
		"**b** *i* ~~s~~ `c<`":              "<p><strong>b</strong> <em>i</em> <del>s</del> <code>c&lt;</code></p>\n",
		"# Impact\n## b":                    "<p><strong>Impact</strong></p>\n<p><strong>b</strong></p>\n",
		"- a\n- b":                          "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n",
		"3. a":                              "<ol start=\"3\">\n<li>a</li>\n</ol>\n",
		"> q":                               "<blockquote>\n<p>q</p>\n</blockquote>\n",
		"```js onload=x\n<a>&\n```":         "<pre><code>&lt;a&gt;&amp;\n</code></pre>\n",
		"    code":                          "<pre><code>code\n</code></pre>\n",
		"```\nnot closed…":                  "<pre><code>not closed…\n</code></pre>\n",
		"[t](https://a.example/?a=b&c 'x')": "<p>" + link("https://a.example/?a=b&amp;c", "t") + "</p>\n",
		"[t][r]\n\n[r]: http://a.example":   "<p>" + link("http://a.example", "t") + "</p>\n",
		"<https://a.example>":               "<p>" + link("https://a.example", "https://a.example") + "</p>\n",
		"see https://a.example/x.":          "<p>see " + link("https://a.example/x", "https://a.example/x") + ".</p>\n",
		"[**t**](javascript:alert(1))":      "<p><strong>t</strong></p>\n",
		"[t](/products/1/delete)":           "<p>t</p>\n",
		"[t](//a.example)":                  "<p>t</p>\n",
		"[t](data:text/html,x)":             "<p>t</p>\n",
		"[t](java\tscript:x)":               "<p>[t](java\tscript:x)</p>\n",
		"[t](&#106;avascript:x)":            "<p>t</p>\n",
		"<javascript:alert(1)>":             "<p>javascript:alert(1)</p>\n",
		"<eve@a.example> eve@a.example":     "<p>eve@a.example eve@a.example</p>\n",
		"![p *i*](https://a.example/x.png)": "<p>p i</p>\n",
		"[![a](https://b.example)](https://a.example)": "<p>" + link("https://a.example", "a") + "</p>\n",
		"<script>alert(1)</script>":                    "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n",
		"<img src=x onerror=alert(1)>":                 "<p>&lt;img src=x onerror=alert(1)&gt;</p>\n",
		"a <b onclick=x>c</b> <!-- d -->":              "<p>a &lt;b onclick=x&gt;c&lt;/b&gt; &lt;!-- d --&gt;</p>\n",
		"|a|b|\n|:-|-:|\n|`c`|<i>|": "<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n" +
			"<td><code>c</code></td>\n<td>&lt;i&gt;</td>\n</tr>\n</tbody>\n</table>\n",
		"# h {.btn #id onclick=x}": "<p><strong>h {.btn #id onclick=x}</strong></p>\n",
		"a\x00b \xff":              "<p>a\uFFFDb \uFFFD</p>\n",
	} {
		if got, ok := HTML(source); got != want || !ok {
			t.Errorf("%q:\n got %q, %v\nwant %q", source, got, ok, want)
		}
	}
}

func TestHTML_RefusesWhatIsTooMuch(t *testing.T) {
	for name, source := range map[string]string{
		"a long text":      strings.Repeat("a", maxSource+1),
		"quotes":           strings.Repeat(">", 100) + " a",
		"lists":            strings.Repeat("1. ", 100) + "a",
		"spans":            strings.Repeat("*a _b ", 100) + strings.Repeat("_ *", 100),
		"columns":          strings.Repeat("|a", 100) + "\n" + strings.Repeat("|-", 100) + "\n",
		"a table's filler": strings.Repeat("|a", 60) + "\n" + strings.Repeat("|-", 60) + "\n" + strings.Repeat("a|\n", 500),
	} {
		if got, ok := HTML(source); ok || got != "" {
			t.Errorf("%s: %d bytes", name, len(got))
		}
		if Text(source) == "" {
			t.Errorf("%s: no text", name)
		}
	}
}

func TestText(t *testing.T) {
	for source, want := range map[string]string{
		"# Impact\n\nA **bold** [link](https://a.example)\nto `code`.\n\n- one\n- two": "Impact A bold link to code. one two",
		"```\nx = 1\n```\n![alt](x.png) <https://a.example> &amp; \\*":                 "x = 1 alt https://a.example & *",
		"<b>not a tag</b>": "<b>not a tag</b>",
		" \n":              "",
	} {
		if got := Text(source); got != want {
			t.Errorf("%q: %q, want %q", source, got, want)
		}
	}
}

// tags are all tags of the HTML with their attributes.
var tags = map[string][]string{
	"p": nil, "strong": nil, "em": nil, "del": nil, "code": nil, "pre": nil, "blockquote": nil, "hr": nil, "br": nil,
	"ul": nil, "li": nil, "table": nil, "thead": nil, "tbody": nil, "tr": nil, "th": nil, "td": nil,
	"ol": {"start"}, "a": {"href", "rel", "target"}, "span": {"class"},
}

func FuzzHTML(f *testing.F) {
	for _, seed := range []string{
		"[a](https://a.example) <script>", "|a|\n|-|\n|b|", "![x](javascript:x)", "<a href='x'>", "&lt;b&gt;", "``` x\"\n<",
		"[a]: <https://a.example/\"x>\n[a]", "1. > * `\\", "www.a.example\"onclick=x", "https://a.example/<\"'>", "# a\n===",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		got, ok := HTML(source)
		if !ok {
			return
		}
		z := html.NewTokenizer(strings.NewReader(got))
		for z.Next() != html.ErrorToken {
			token := z.Token()
			if token.Type == html.TextToken || token.Type == html.EndTagToken {
				continue
			}
			attributes, known := tags[token.Data]
			if !known {
				t.Fatalf("%q: %s", source, token)
			}
			for _, a := range token.Attr {
				if !slices.Contains(attributes, a.Key) || a.Key == "class" && a.Val != "visually-hidden" ||
					a.Key == "href" && !strings.HasPrefix(strings.ToLower(a.Val), "http") {
					t.Fatalf("%q: %s", source, token)
				}
			}
		}
	})
}
