package api

import (
	"github.com/danielgtaylor/huma/v2"

	"gatecrier/app/ingest"
)

// reportParameters describes the parameters of the route that takes reports.
func reportParameters() []*huma.Param {
	text := &huma.Schema{Type: "string"}
	return []*huma.Param{
		{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "integer"}},
		{Name: "branch", In: "query", Schema: text, Description: "Absent: the default branch"},
		{Name: "scanner", In: "query", Schema: text, Description: "Absent: the tool's name in the report"},
		{
			Name:   "source",
			In:     "query",
			Schema: text,
			Description: "A report replaces the last one of its scanner and source. Absent: what the report is of, such as an " +
				"image without its tag. For one file only",
		},
		{
			Name:        "Idempotency-Key",
			In:          "header",
			Schema:      text,
			Description: "A repeat within 24 hours returns the first response; another report is a conflict (409)",
		},
		{Name: "Content-Encoding", In: "header", Schema: text, Description: "gzip, or absent; others are refused (415)"},
		{
			Name:        "default",
			In:          "query",
			Schema:      &huma.Schema{Type: "boolean"},
			Description: "Rename the default branch to this branch, if it has no report yet",
		},
		{
			Name:   "format",
			In:     "query",
			Schema: &huma.Schema{Type: "string", Enum: []any{"auto", ingest.FormatGeneric}},
			Description: "generic: Gatecrier's own list of findings, see docs/api.md. All other formats are recognized by " +
				"their content",
		},
		{
			Name:   "clean",
			In:     "query",
			Schema: &huma.Schema{Type: "boolean"},
			Description: "The scan ran and found nothing: accept a SARIF run without results, and a CycloneDX file " +
				"without vulnerabilities. A report with findings is imported as usual",
		},
	}
}

// reportRequest describes the body of a request with reports.
func reportRequest() *huma.RequestBody {
	body := map[string]*huma.MediaType{
		"application/json": {Schema: &huma.Schema{Type: "object"}},
		"multipart/form-data": {Schema: &huma.Schema{
			Type:       "object",
			Properties: map[string]*huma.Schema{fileField: {Type: "string", Format: "binary"}},
			AdditionalProperties: &huma.Schema{
				Type: "string", Format: "binary", Description: "A file whose source has the name of the field",
			},
		}},
	}
	return &huma.RequestBody{
		Description: "The report, raw or as the multipart field file: UTF-8, UTF-16 with a byte order mark, or either " +
			"of them compressed with gzip (detected by content). The size limit applies after decompression. A form can " +
			"have up to 100 files: each is imported, or none is. A field other than file is the name of its file's source",
		Required: true,
		Content:  body,
	}
}
