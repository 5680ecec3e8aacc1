package observation

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// A conflict names the changes, the oldest first, and the fields with their latest author.
func TestConflict_NamesChanges(t *testing.T) {
	edit := func(actor, comment string) models.Assessment {
		return models.Assessment{Actor: actor, Action: models.ActionEdit, Comment: comment}
	}
	said := models.Assessment{
		Actor: "bob", Action: models.ActionAssess, WasStatus: models.StatusOpen, Status: models.StatusFalsePositive,
	}
	lowered := models.Assessment{
		Actor: "bob", Action: models.ActionAssess, WasSeverity: models.High, Severity: models.Low,
		Comment: "Changed: nothing of importance",
	}
	title := edit("ann", "Changed: title, fix")
	now := Draft{Title: strings.Repeat("ü", 81), Severity: models.Low}
	for name, test := range map[string]struct {
		newestFirst []models.Assessment
		text        string
		fields      fault.Fields
	}{
		"an edit": {[]models.Assessment{title}, "ann changed title, fix", fault.Fields{
			{Name: "title", Message: "ann changed this to “" + strings.Repeat("ü", 80) + "…”"},
			{Name: "fix", Message: "ann cleared this"},
		}},
		"an edit of an earlier release": {[]models.Assessment{edit("ann", "")}, "ann changed it", nil},
		"a status":                      {[]models.Assessment{said}, "bob assessed it as false positive", nil},
		"a severity": {[]models.Assessment{lowered}, "bob assessed it", fault.Fields{
			{Name: "severity", Message: "bob changed this to “low”"},
		}},
		"without a user": {
			[]models.Assessment{{Action: models.ActionReopen}, {Action: models.ActionExpire}},
			"its waiver ended; its original was resolved or deleted", nil,
		},
		"several": {
			[]models.Assessment{edit("eve", "Changed: fix"), {Actor: "eve", Action: models.ActionClear}, said, title},
			"ann changed title, fix; bob assessed it as false positive; eve removed an assessment; and 1 more",
			fault.Fields{
				{Name: "title", Message: "ann changed this to “" + strings.Repeat("ü", 80) + "…”"},
				{Name: "fix", Message: "eve cleared this"},
			},
		},
	} {
		if got := describeChanges(test.newestFirst); got != test.text {
			t.Errorf("%s: %q, want %q", name, got, test.text)
		}
		if diff := cmp.Diff(test.fields, changedFields(test.newestFirst, now)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The comment of an edit names the fields that it changes, and the history reads them back.
func TestDraft_ChangesOf(t *testing.T) {
	was := Draft{Title: "a", Severity: models.High, Component: "c"}
	now := Draft{Title: "a", Severity: models.Low, Component: "c", URL: "https://example.org"}
	comment := now.changesOf(was)
	got := editedFields(models.Assessment{Action: models.ActionEdit, Comment: comment})
	if diff := cmp.Diff([]string{"severity", "url"}, got); diff != "" {
		t.Errorf("%q (-want +got):\n%s", comment, diff)
	}
	if got := was.changesOf(was); got != "" {
		t.Errorf("without a change: %q", got)
	}
	if got := editedFields(models.Assessment{Action: models.ActionAssess, Comment: comment}); got != nil {
		t.Errorf("of an assessment: %q", got)
	}
}
