package models_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// insertKnown inserts active observations, each by its title with what its report knows.
func insertKnown(t *testing.T, s *models.Store, source models.Source, list ...models.Observation) {
	t.Helper()
	for i := range list {
		o := &list[i]
		o.BranchID, o.SourceID, o.Identity, o.Severity = source.BranchID, source.ID, []byte(o.Title), models.High
		o.ReportStatus, o.Status, o.FirstSeenAt, o.ChangedAt = models.StatusOpen, models.StatusOpen, s.Now(), s.Now()
	}
	write(t, s, func(tx *models.Tx) error { return tx.InsertObservations(list) })
}

func TestObservationFilter_WhatReportsKnow(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, s *models.Store) {
		source := someSource(t, s)
		weak := func(ids ...string) models.EncodedDetails { return models.Details{CWEs: ids}.Encode() }
		insertKnown(
			t, s, source,
			models.Observation{Title: "a", KEV: true, Fix: "1.2", Details: weak("CWE-79", "CWE-7")},
			models.Observation{Title: "b", Unfixed: true, Details: weak("CWE-790")},
			models.Observation{Title: "c", Details: models.Details{References: []string{`see "CWE-79" there`}}.Encode()},
			models.Observation{Title: "d", KEV: true, Fix: "2", Details: models.Details{Aliases: []string{"CWE-1%9"}}.Encode()},
			models.Observation{Title: "e"},
		)
		for _, test := range []struct {
			want   string
			filter models.ObservationFilter
		}{
			{"a b c d e", models.ObservationFilter{}},
			{"a d", models.ObservationFilter{KEV: true}},
			{"a d", models.ObservationFilter{Fix: models.FixAvailable}},
			{"b", models.ObservationFilter{Fix: models.FixNone}},
			{"a", models.ObservationFilter{CWE: "CWE-79"}},
			{"b", models.ObservationFilter{CWE: "CWE-790"}},
			{"a", models.ObservationFilter{CWE: "CWE-7"}},
			{"", models.ObservationFilter{CWE: "CWE-9"}},
			{"", models.ObservationFilter{CWE: "CWE-%9"}},
			{"a", models.ObservationFilter{CWE: "CWE-7", KEV: true, Fix: models.FixAvailable}},
			{"", models.ObservationFilter{Fix: models.FixNone, KEV: true}},
		} {
			f := test.filter
			f.BranchID, f.Limit = source.BranchID, 10
			list, err := s.Observations(t.Context(), all, f)
			var titles []string
			for _, o := range list {
				titles = append(titles, o.Title)
			}
			n, err2 := s.CountObservations(t.Context(), all, f)
			if err != nil || err2 != nil || n != len(titles) || strings.Join(titles, " ") != test.want {
				t.Errorf("%+v: %v, counted %d, want %q: %v, %v", f, titles, n, test.want, err, err2)
			}
		}
	})
}

func TestActiveObservationIDs(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, s *models.Store) {
		source := someSource(t, s)
		one := insertOne(t, s, source, "one", models.StatusOpen)
		insertOne(t, s, source, "inactive", models.StatusFalsePositive)
		other := models.Source{BranchID: source.BranchID, Scanner: "y", Format: "grype", LastReportAt: s.Now()}
		write(t, s, func(tx *models.Tx) error { return tx.SaveSource(&other) })
		twice := insertOne(t, s, other, "one", models.StatusOpen)
		insertKnown(t, s, other, models.Observation{Title: "staged", Since: 99})
		for _, test := range []struct {
			branch int64
			want   map[string]int64
		}{
			{source.BranchID, map[string]int64{"one": max(one, twice)}},
			{source.BranchID + 1, map[string]int64{}},
		} {
			got, err := s.ActiveObservationIDs(t.Context(), test.branch, []string{"one", "inactive", "staged", "none"})
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		}
		if got, err := s.ActiveObservationIDs(t.Context(), source.BranchID, nil); len(got) != 0 || err != nil {
			t.Errorf("without identities: %v, %v", got, err)
		}
	})
}

func TestWeaknessID(t *testing.T) {
	for text, want := range map[string]string{
		"CWE-79": "CWE-79", "79": "CWE-79", " cwe-79 ": "CWE-79", "CWE-079": "CWE-79", "Cwe-1": "CWE-1",
		"": "", "CWE-": "", "CWE": "", "-79": "", "CWE--79": "", "CWE-0": "", "79x": "", "CWE-79%": "", "+79": "",
		"CWE-CWE-79": "", "7 9": "", "99999999999": "", "CWE-79: XSS": "", "_9": "",
	} {
		if got, ok := models.WeaknessID(text); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v, want %q", text, got, ok, want)
		}
	}
}

func TestObservationName_WithoutTitle(t *testing.T) {
	rule := models.Details{Rule: "weak-hash"}.Encode()
	for want, o := range map[string]models.Observation{
		"CVE-1":                        {Title: " CVE-1 ", Description: "text", Details: rule},
		"weak-hash":                    {Title: " ", Description: "text", Details: rule},
		"A line":                       {Description: "\n A line \nand another"},
		"Untitled observation":         {Description: " \n"},
		strings.Repeat("ä", 119) + "…": {Description: strings.Repeat("ä", 130)},
	} {
		if got := o.Name(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
