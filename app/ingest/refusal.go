package ingest

import (
	"fmt"

	"gatecrier/app/fault"
)

// refusal is why a document of a known format is not the report of a scan that ran. To
// import it would resolve what earlier scans found.
type refusal struct {
	place string // such as runs[0].results
	why   string // with what to do
}

// Error returns the place and the reason.
func (r *refusal) Error() string { return "in " + r.place + ": " + r.why }

// sayClean is what to do about a report that does not say whether the scan ran.
const sayClean = "If the scan ran and found nothing, say so: with clean=true, push --clean, or the checkbox of the " +
	"upload page"

func refused(r *refusal) error {
	return &fault.Error{
		Kind: fault.Invalid, Text: "The report is not a complete scan", Cause: r,
		Fields: []fault.Field{{Name: "report", Message: r.Error()}},
	}
}

// brokeOff returns the warning for a partial report.
func brokeOff(place string) string {
	return fmt.Sprintf(
		"The scan broke off (in %s). Nothing was resolved: what the report does not contain stays as it is", place,
	)
}
