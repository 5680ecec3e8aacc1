package ingest

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"gatecrier/app/fault"
)

// refusalOf returns the text of a refusal.
func refusalOf(t *testing.T, text string) string {
	t.Helper()
	_, err := Parse(strings.NewReader(text))
	fields := fault.FieldsOf(err)
	if !fault.Is(err, fault.Invalid) || len(fields) != 1 || fields[0].Name != "report" {
		t.Fatalf("error %v, want a refusal", err)
	}
	return fields[0].Message
}

// foreignSamples returns the samples of testdata/foreign, by the name of what wrote them.
func foreignSamples(t testing.TB) map[string][]string {
	t.Helper()
	samples := map[string][]string{
		"a Fortify report": {"PK\x03\x04\x14\x00\x08\x08\x08\x00audit.fvdl\x00"},
		"Checkov output":   {"\x1b[31mPassed checks: 1, Failed checks: 1, Skipped checks: 0\x1b[0m\n"},
	}
	all := "\n" + string(readSample(t, "foreign/samples.txt"))
	for _, part := range strings.Split(all, "\n%%% ")[1:] {
		what, text, _ := strings.Cut(part, "\n")
		samples[what] = append(samples[what], text)
	}
	return samples
}

// Each known tool is recognized by all of its samples, in UTF-16 and by keys in another order too.
func TestForeignTools(t *testing.T) {
	known, all := map[string]bool{}, foreignSamples(t)
	for _, tool := range foreignTools {
		known[tool.what] = true
		if len(all[tool.what]) == 0 {
			t.Errorf("%s has no sample", tool.what)
		}
		if message := tool.refusal("JSON Lines"); len(message) > 400 {
			t.Errorf("%s: a refusal of %d bytes is too long: %s", tool.what, len(message), message)
		}
	}
	for what, samples := range all {
		if !known[what] {
			t.Errorf("%s is no known tool", what)
		}
		for _, sample := range samples {
			message := refusalOf(t, sample)
			wayOut := strings.Contains(message, convert[1:]) || strings.HasSuffix(message, scanSBOM)
			if !strings.HasPrefix(message, "This is "+what+" (") || !wayOut {
				t.Errorf("%s: %q of %s", what, message, sample)
			}
			if strings.HasPrefix(sample, "{") && !strings.Contains(sample, "\n") {
				reversed := string(reverseKeys(t, []byte(sample)))
				if refusalOf(t, reversed) != message {
					t.Errorf("%s: %q of %s", what, refusalOf(t, reversed), reversed)
				}
			}
			if strings.HasPrefix(sample, "PK") {
				continue
			}
			if got := refusalOf(t, markUTF16LE+string(inUTF16(sample, false))); got != message {
				t.Errorf("%s: %q in UTF-16", what, got)
			}
		}
	}
}

// A document of no known tool is described, with the formats and the ways out.
func TestUnknownDocuments(t *testing.T) {
	tests := map[string]struct{ text, says string }{
		"XML": {
			`<?xml version="1.0" encoding="windows-1252"?><lake a="1"/>`, "This is XML (root element lake), ",
		},
		"XML after blanks": {"\n\n <!-- c --><a:lake xmlns:a='u'>", "This is XML (root element lake), "},
		"XML that is cut":  {"<lake><river", "This is XML (root element lake), "},
		"no XML":           {"< 3", `This is text that begins with "< 3", `},
		"HTML":             {"<!doctype HTML><p>Sign in", "This is HTML, no report of a known format"},
		"HTML, its hint":   {"<HTML lang=en>", "check the address and the sign-in"},
		"CSV":              {"Severity,Title,File\nhigh,a,b\n", "This is CSV, "},
		"CSV by tabs":      {"Severity\tTitle\tFile\n", "This is CSV, "},
		"CSV in Latin 1":   {"Severity;Title;File\nhigh;L\xe4rche;b\n", "This is CSV, "},
		"YAML":             {"---\nkind: List\n", "This is YAML, "},
		"YAML, no mark":    {"kind: List\nitems: []\n", "This is YAML, "},
		"a quoted CSV":     {"\"a\",\"b\",\"c\"\n", "This is CSV, "},
		"a table":          {"Found 3, of 4, in 5, or so\nnothing else\n", `This is text that begins with "Found 3`},
		"a log":            {"[2031-01-01 10:00:00] INFO start\n{\"runs\": []}", "If the report follows messages"},
		"a log in words":   {"[INFO] start\n", `This is text that begins with "[INFO] start", `},
		"no quotes":        {`{'runs': []}`, `This is text that begins with "{'runs'`},
		"bad UTF-8":        {"L\xe4rche", `This is text that begins with "L`},
		"controls":         {"\x1b[1mLake\x1b[0m\a", `This is text that begins with "Lake\a", `},
		"zip":              {"PK\x03\x04\x14\x00report.json", "This is a zip archive, "},
		"Excel":            {"PK\x03\x04\x14\x00[Content_Types].xml", "This is an Office file, such as an Excel workbook, "},
		"PDF":              {"%PDF-1.7\n%\xe2\xe3", "This is a PDF, "},
		"zstd":             {"\x28\xb5\x2f\xfd\x04", "packed with zstd; only gzip is unpacked, "},
		"tar":              {"report.json" + strings.Repeat("\x00", 246) + "ustar\x0000", "This is a tar archive, "},
		"binary":           {"\x01\x02\x03\x00\x00", "This is binary data, "},
		"JSON":             {`{"lake": 1}`, "This is no report of a known format ("},
		"its end":          {`[{"lake": 1}]`, "send the numbers with PUT .../counts"},
		"its formats":      {`"lake"`, "SARIF 2.1.0, Trivy JSON, "},
		"nothing":          {"\ufeff\n", "the document is empty. Check that the scanner ran"},
		"JSON that is cut": {`{"packageManager": "npm", "vulnerabilities": [`, "the document ends too early"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if message := refusalOf(t, test.text); !strings.Contains(message, test.says) || len(message) > 700 {
				t.Errorf("%d bytes: %q, want %q in it", len(message), message, test.says)
			}
		})
	}
}

// A file has one document. What follows it is named, and the tool of the first one, if it is known.
func TestSeveralDocuments(t *testing.T) {
	report := sarifRuns(oneFound)
	tests := map[string]struct{ text, says string }{
		"two reports":      {report + "\n" + report, "another document follows the first one, but a file has one report"},
		"its place":        {`{"matches": []} [1]`, "at byte 16: another document"},
		"two of no format": {`{"lake": 1}` + "\n" + `{"lake": 2}`, "a file has one report"},
		"with formats":     {`{"lake": 1}` + "\n" + `{"lake": 2}`, "PUT .../counts"},
		"text behind":      {report + "\nDone.", "something follows the end of the document. Send the report alone"},
		"a word behind":    {report + "null", "something follows the end"},
		"a bracket behind": {report + "]", "something follows the end"},
		"lines of a tool":  {`{"template-id": "a"} {"template-id": "b"}`, "This is Nuclei output (JSON Lines)"},
		"a tool and text":  {`{"kics_version": "1"} Done.`, "This is KICS output (JSON)"},
		"a report first":   {report + `{"template-id": "b"}`, "a file has one report"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if message := refusalOf(t, test.text); !strings.Contains(message, test.says) || len(message) > 700 {
				t.Errorf("%d bytes: %q, want %q in it", len(message), message, test.says)
			}
		})
	}
}

// A top-level key counts wherever it is in a large document; other marks only in its head.
func TestForeign_LargeDocument(t *testing.T) {
	finding := `{"id": "V", "from": ["` + strings.Repeat("x", 1000) + `"]}`
	list := strings.Repeat(finding+",", 5000) + finding
	message := refusalOf(t, `{"vulnerabilities": [`+list+`], "ok": false, "packageManager": "npm"}`)
	if !strings.Contains(message, "snyk test --sarif") {
		t.Errorf("message %q", message)
	}
}

// What is kept of a document does not grow with it.
func TestForeign_IsBounded(t *testing.T) {
	f := &foreign{}
	if _, err := f.capture(bytes.NewReader(make([]byte, 1<<20))).Read(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	for i := range 10 * maxTopKeys {
		f.note(strings.Repeat("x", i))
	}
	long := 0
	for key := range f.keys {
		long = max(long, len(key))
	}
	if len(f.head) != maxHead || len(f.keys) > maxTopKeys || long > maxMarkText {
		t.Errorf("%d bytes, %d keys of up to %d bytes", len(f.head), len(f.keys), long)
	}
}

// The head of a document can be hostile: deep, with entities or with many names.
func TestForeign_HostileHeads(t *testing.T) {
	var entities strings.Builder
	entities.WriteString(`<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a0 "lake">`)
	for i := range 20 {
		entities.WriteString(`<!ENTITY a` + string(rune('b'+i)) + ` "` + strings.Repeat("&a0;", 20) + `">`)
	}
	entities.WriteString(`]><lake a="&at;">&at;</lake>`)
	tests := map[string]string{
		"entities":       entities.String(),
		"deep JSON":      strings.Repeat(`{"a":`, maxDepth/2) + "1" + strings.Repeat("}", maxDepth/2),
		"deep XML":       strings.Repeat("<a>", 1<<20),
		"many columns":   strings.Repeat("a,", 1<<20),
		"many keys":      "{" + strings.Repeat(`"k": 1, `, 1<<18) + `"k": 1}`,
		"a long key":     `{"` + strings.Repeat("k", 1<<20) + `": 1}`,
		"a long line":    strings.Repeat("lake ", 1<<18),
		"many comments":  strings.Repeat("<!-- -->", 1<<18),
		"quotes":         strings.Repeat(`"`, 1<<20),
		"a cut UTF-8":    strings.Repeat("ä", maxHead) + "x",
		"an escape":      strings.Repeat("\x1b[", 1<<18),
		"wide separator": strings.Repeat("|", 1<<20),
	}
	for name, text := range tests {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		message := refusalOf(t, text)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 128<<20 || len(message) > 700 {
			t.Errorf("%s: %d MiB, %q", name, took>>20, message)
		}
	}
}

func TestGlob(t *testing.T) {
	for pattern, texts := range map[string][]string{
		"a*":    {"a", "ab", "-b", "-"},
		"*a":    {"a", "ba", "-ab"},
		"a*b*c": {"abc", "a1b2c", "abbc", "-ac", "-abcd", "-acb"},
		"*":     {"", "a"},
		"a*a":   {"aa", "aba", "-a"},
	} {
		for _, text := range texts {
			text, not := strings.CutPrefix(text, "-")
			if glob(pattern, text) == not {
				t.Errorf("%s and %s: %t", pattern, text, !not)
			}
		}
	}
}

// A reader that the user has named the format for reports places only, and no other tools.
func TestExplain_NamedFormat(t *testing.T) {
	for text, says := range map[string]string{
		`<lake/>`:         "at byte 0: invalid character '<'",
		`[{"x": 1}] true`: "something follows",
		`[1] [2]`:         "a file has one report. Send each in its own request, or as a file of its own with push",
	} {
		det := newDetector(newDocument(strings.NewReader(text)))
		_, err := det.read()
		fields := fault.FieldsOf(det.explain(err))
		if len(fields) != 1 || !strings.Contains(fields[0].Message, says) || strings.Contains(fields[0].Message, "formats") {
			t.Errorf("%s: %+v", text, fields)
		}
	}
}
