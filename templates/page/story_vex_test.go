package page

import "gatecrier/templates/ui"

func vexRows() []VEXRow {
	return []VEXRow{
		{
			ID: 1, Document: "https://lakeside.example/vex/booking-2026-03", Author: "Lakeside Security", Version: "4",
			Format: "openvex", Statements: 212, Observations: 1204, At: days(2), By: "mira",
		},
		{
			ID: 2, Document: "https://psirt.example/" + long, Author: script, Version: long, Format: "csaf", Branch: arabic,
			Statements: 1, At: days(30),
		},
	}
}

func vexUpload() ImportResult {
	return ImportResult{
		Format: "openvex", Branch: "main", Before: "failed", After: "passed", Why: "All within the limits", Evaluated: true,
		VEX: &VEXResult{
			Document: "https://psirt.example/" + long, Statements: 212, Changed: 1204, Unchanged: 3, NotFound: 17,
		},
		Counts: ui.Counts{Medium: 40}, Warnings: []string{"2 statements do not say why a product is not affected"},
	}
}

func withVEX(v ObservationView) ObservationView {
	v.Row.Status, v.Row.By, v.Row.VEX = "not_affected", "", true
	v.VEX = VEXSaid{
		Status: "not_affected", Document: "https://psirt.example/" + long,
		Justification: "vulnerable_code_not_in_execute_path: " + script,
	}
	return v
}
