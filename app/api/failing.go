package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// maxFailing is how many observations the answer to a report names.
const maxFailing = 20

// FailingBody is the part of the answer to a report that is read for each response, also for a
// repeated one: the observations that fail the gate, and the page about them.
type FailingBody struct {
	Failing      []failingItem `json:"failing,omitempty" doc:"If the gate failed: the worst observations of the severities over their thresholds, at most 20"`
	FailingTotal int64         `json:"failing_total,omitempty" doc:"The number of active observations of these severities, including bare counts"`
	URL          string        `json:"url" doc:"The page of the branch"`
}

// failingItem is an observation that fails a gate.
type failingItem struct {
	ID        int64           `json:"id"`
	Title     string          `json:"title"`
	Severity  models.Severity `json:"severity" doc:"The severity that it counts as"`
	KEV       bool            `json:"kev,omitempty" doc:"Known to be exploited"`
	Component string          `json:"component"`
	Location  string          `json:"location"`
	Fix       string          `json:"fix" doc:"The version that fixes it"`
	URL       string          `json:"url,omitempty"`
}

// withFailing adds to the answer to an import what fails the gate, and the address of the page.
// The right to import must have been checked.
func (a *API) withFailing(ctx context.Context, productID int64, b importBody) importBody {
	b.FailingBody = a.failing(ctx, productID, b.Branch, b.Gate, b.Counts)
	return b
}

// answerWithFailing is withFailing for the answers of answerOf.
func (a *API) answerWithFailing(ctx context.Context, productID int64, answer any) any {
	switch b := answer.(type) {
	case importBody:
		return a.withFailing(ctx, productID, b)
	case importsBody:
		b.FailingBody = a.failing(ctx, productID, b.Branch, b.Gate, b.Counts)
		return b
	}
	return answer
}

// failing returns what fails a gate. The import is done already: an error of the reads is logged,
// and leaves the observations out.
func (a *API) failing(
	ctx context.Context, productID int64, branch string, gate importGate, counts models.Counts,
) FailingBody {
	b := FailingBody{URL: a.branchURL(productID, branch)}
	if gate.After != models.GateFailed {
		return b
	}
	list, total, err := a.Gates.Failing(ctx, a.Store, productID, branch, counts, maxFailing)
	if err != nil {
		a.Log.ErrorContext(ctx, "read failing observations", "error", err, "product", productID)
	}
	b.FailingTotal = total
	for _, o := range list {
		b.Failing = append(b.Failing, failingItem{
			ID:        o.ID,
			Title:     o.Title,
			Severity:  o.Severity,
			KEV:       o.KEV,
			Component: o.Component,
			Location:  o.Location,
			Fix:       o.Fix,
			URL:       o.URL,
		})
	}
	return b
}

// completeStored completes a stored answer like answerWithFailing, with the counts and the gate of
// now: a pipeline that repeats a request must not pass by the gate of then. It returns the branch
// too.
func (a *API) completeStored(ctx context.Context, productID int64, answer string) (text, branch string, err error) {
	var several importsBody
	if err := json.Unmarshal([]byte(answer), &several); err != nil {
		return "", "", fmt.Errorf("read a stored answer: %w", err)
	}
	var full any
	if len(several.Files) > 0 {
		if err := a.setCurrent(ctx, productID, several.Branch, &several.Gate, &several.Counts); err != nil {
			return "", "", err
		}
		full = several
	} else {
		var one importBody
		if err := json.Unmarshal([]byte(answer), &one); err != nil {
			return "", "", fmt.Errorf("read a stored answer: %w", err)
		}
		if err := a.setCurrent(ctx, productID, one.Branch, &one.Gate, &one.Counts); err != nil {
			return "", "", err
		}
		full = one
	}
	whole, err := json.Marshal(a.answerWithFailing(ctx, productID, full))
	if err != nil {
		return "", "", fmt.Errorf("encode an answer: %w", err)
	}
	return string(whole), several.Branch, nil
}

// setCurrent sets the gate and the counts of an answer to the present ones. Those of a branch that is
// gone stay.
func (a *API) setCurrent(
	ctx context.Context, productID int64, branch string, gate *importGate, counts *models.Counts,
) error {
	b, err := a.Store.BranchByName(ctx, models.SystemScope("a right to the product was checked"), productID, branch)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err == nil {
		gate.After, gate.Why, *counts = b.Gate, b.Why, b.Counts
	}
	return err
}

// branchURL returns the address of the page of a product's branch.
func (a *API) branchURL(productID int64, branch string) string {
	query := url.Values{"branch": {branch}}
	return a.BaseURL() + "/products/" + strconv.FormatInt(productID, 10) + "?" + query.Encode()
}
