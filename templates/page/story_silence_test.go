package page

import (
	"strings"
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

func silenceRows() []SilenceRow {
	return []SilenceRow{
		{
			ID:        1,
			ScopeName: long,
			ScopeHref: "/products/7",
			What:      "Gate changes",
			Reason:    "Harbor maintenance window",
			Author:    "Ilse Quillmark",
			State:     "active",
			StartsAt:  ago(time.Hour),
			EndsAt:    now.Add(225 * time.Minute),
			Held:      31,
			Products:  6,
			May:       true,
		},
		{
			ID:        2,
			ScopeName: script,
			ScopeHref: "/groups/3",
			Group:     true,
			What:      "All types that can be silenced with “" + script + "”",
			Reason:    script,
			Author:    script,
			State:     "scheduled",
			StartsAt:  now.Add(26 * time.Hour),
			EndsAt:    now.Add(50 * time.Hour),
			May:       true,
		},
		{
			ID:        3,
			ScopeName: "All products",
			What:      "Exceptions in requests",
			Reason:    strings.Repeat("long ", 100),
			Author:    arabic,
			State:     "active",
			StartsAt:  ago(time.Minute),
			EndsAt:    now.Add(30 * time.Second),
			Held:      1,
			Products:  1,
		},
	}
}

func silenceFormOf(errs map[string]string) SilenceForm {
	return SilenceForm{
		Of: []ui.Option{
			{Value: "product", Label: "Product", Checked: true},
			{Value: "group", Label: "Product group"},
			{Value: "all", Label: "All products", Help: "All products, and system events without a product."},
		},
		Product:  long,
		Products: []string{long, script, cjk},
		Groups:   []ui.Option{{Label: "Choose a group"}, {Value: "3", Label: script}},
		Types: []ui.Option{
			{Label: "All types that can be silenced"},
			{Value: "gate.changed", Label: "Gate changes", Checked: true},
		},
		Text:   script,
		Reason: "Known: " + script,
		For: []ui.Option{
			{Value: "4h", Label: "for 4 hours", Checked: true},
			{Label: "until"},
		},
		Until:  "2026-11-20T18:00",
		Zone:   ui.Zone{Name: "Europe/Berlin", Label: "Europe/Berlin, UTC+1"},
		Errors: errs,
	}
}

// silenceStories returns the stories of silences.
func silenceStories() []story {
	nav := func(title string) layout.View { return frame(title, layout.NavSilences) }
	chips := []ui.Chip{
		{Label: "Active and scheduled", Href: "/silences", Count: -1, Current: true},
		{Label: "Ended", Href: "/silences?state=ended", Count: -1},
	}
	ended := []SilenceRow{
		{
			ID:        4,
			ScopeName: cjk,
			ScopeHref: "/products/8",
			What:      "Gate changes",
			Reason:    "Known",
			Author:    "Bero Haldin",
			State:     "ended",
			StartsAt:  days(3),
			EndsAt:    days(2),
			EndedBy:   script,
		},
	}
	held := []HeldRow{
		{1, "Security gate failed", long, ago(time.Minute)},
		{2, script, script, days(1)},
		{3, "Exception", "", days(2)},
	}
	wrong := map[string]string{
		"product_id": "No product with this name exists, or you do not have access",
		"ends_at":    "Must be in the future",
		"reason":     "Say why",
		"starts_at":  "Enter a date and time 2026-05-04T12:30",
		"":           "This scope has 100 silences",
	}
	mine := silenceFormOf(nil)
	mine.Of, mine.Version = nil, 3
	preview := SilencePreview{Held: 12, Of: 318, Days: 7, Rows: held, Now: now}
	return []story{
		{
			"silences",
			Silences(SilencesView{
				Frame:  nav("Silences"),
				Chips:  chips,
				MayNew: "/silences/new",
				Rows:   silenceRows(),
				Pager:  pager("1–3 of 6 silences"), Sorting: sorting("created", "end"),
			}),
		},
		{
			"silences-ended",
			Silences(SilencesView{
				Frame:   nav("Silences"),
				Chips:   chips,
				Ended:   true,
				Rows:    ended,
				Filters: []ui.Removable{{Label: script, Clear: "/silences"}},
			}),
		},
		{"silences-none", Silences(SilencesView{Frame: nav("Silences"), Chips: chips, MayNew: "/silences/new"})},
		{"silences-none-reader", Silences(SilencesView{Frame: nav("Silences"), Chips: chips})},
		{"silences-none-here", Silences(SilencesView{Frame: nav("Silences"), Chips: chips, Narrowed: true})},
		{"silences-none-ended", Silences(SilencesView{Frame: nav("Silences"), Chips: chips, Ended: true})},
		{
			"silence",
			Silence(SilenceView{
				Frame: nav("Silence"),
				Row:   silenceRows()[0],
				Form:  &mine,
				Held:  held,
				Pager: ui.Pager{Next: "/silences/1?before=3"},
			}),
		},
		{"silence-scheduled", Silence(SilenceView{Frame: nav("Silence"), Row: silenceRows()[1]})},
		{"silence-ended", Silence(SilenceView{Frame: nav("Silence"), Row: ended[0]})},
		{
			"silence-new",
			SilenceNew(SilenceNewView{Frame: nav("New silence"), Form: silenceFormOf(nil), Preview: preview, Back: "/inbox"}),
		},
		{
			"silence-new-wrong",
			SilenceNew(SilenceNewView{
				Frame:   nav("New silence"),
				Form:    silenceFormOf(wrong),
				Preview: SilencePreview{Missing: "Choose a scope to see a preview."},
				Back:    "/silences",
			}),
		},
	}
}
