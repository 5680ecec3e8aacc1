package apptest_test

import (
	"fmt"
	"net/http"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

func settingsCases() []parityCase {
	return []parityCase{
		// A gate field of the settings evaluates each gate once.
		{29, "an edit of the settings", func(w gateParity) {
			s := w.product(object{})
			w.putCounts(s, equalCounts(0, models.Medium, 2))
			w.wantGate(s, "passed", 1)
			w.settings(object{"threshold_medium": 1})
			w.wantGate(s, "failed", 2)
			w.settings(object{"threshold_medium": 1})
			w.settings(object{"threshold_low": 5})
			w.wantGate(s, "failed", 2)
			w.settings(object{"active": false})
			w.wantGate(s, "none", 3)
			w.settings(object{"active": true, "threshold_medium": 2})
			w.wantGate(s, "passed", 4)
		}},
		// Every product is evaluated, with whichever thresholds. Ours skips never evaluated ones.
		{30, "the settings evaluate every product", func(w gateParity) {
			standard, never := w.product(object{}), w.product(object{})
			mine := w.product(ownPolicy(equalCounts(9, models.Low, 9)))
			grouped := w.product(object{"group_id": w.group(object{})})
			for _, s := range []productFixture{standard, mine, grouped} {
				w.putCounts(s, equalCounts(0, models.Low, 2))
				w.wantGate(s, "passed", 1)
			}
			w.settings(object{"threshold_low": 1})
			w.wantGate(standard, "failed", 2)
			w.wantGate(grouped, "failed", 2)
			w.wantGate(mine, "passed", 1)
			w.wantGate(never, "none", 0)
		}},
	}
}

func productCases() []parityCase {
	return []parityCase{
		// The creator of a product owns it.
		{31, "the creator owns the product", func(w gateParity) {
			w.p.User("maker")
			maker := w.p.Client("maker").ForTest(w.t)
			id := maker.Must(http.StatusCreated, "POST", "/products", object{"name": w.t.Name()}).ID("id")
			a := maker.Must(http.StatusOK, "GET", fmt.Sprintf("/products/%d/members", id), nil)
			if a.Get("items.0.user") != "maker" || a.Get("items.0.role") != "owner" || itemCount(a) != 1 {
				w.t.Errorf("members: %s", a.Text)
			}
		}},
		// Deleting a product deletes its tokens.
		{32, "a deletion takes the tokens", func(w gateParity) {
			s := w.product(object{})
			a := w.c.Must(http.StatusCreated, "POST", s.path+"/tokens", object{"name": "ci", "role": "upload"})
			text, _ := a.Get("token").(string)
			token := apptest.NewClient(w.t, w.p.URL, text)
			token.Must(http.StatusCreated, "POST", s.path+"/reports", findingsReport())
			w.c.Must(http.StatusNoContent, "DELETE", s.path, nil)
			token.Must(http.StatusUnauthorized, "POST", s.path+"/reports", findingsReport())
		}},
	}
}

func importCases() []parityCase {
	return []parityCase{
		// An import into the default branch evaluates the gate.
		{33, "an import into the default branch", func(w gateParity) {
			s := w.product(object{"default_branch": "trunk"})
			for i, step := range []struct {
				report []byte
				state  string
			}{{findingsReport("CVE-1 High"), "failed"}, {findingsReport(), "passed"}, {findingsReport("CVE-1 High"), "failed"}} {
				a := w.c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=trunk", step.report)
				if a.Get("gate.after") != step.state {
					w.t.Errorf("import %d: %s", i, a.Text)
				}
				w.wantGate(s, step.state, i+1)
			}
		}},
		// An import into no branch goes into the default branch.
		{34, "an import into no branch", func(w gateParity) {
			s := w.product(object{})
			s.upload(w.c, findingsReport("CVE-1 High"))
			w.wantGate(s, "failed", 1)
		}},
		// An import into no branch of a product with a named default branch. SecObserve does not evaluate
		// the gate then; ours uses the default branch. Imports into other branches do not evaluate it.
		{35, "an import into no branch of a product with a named default branch", func(w gateParity) {
			s := w.product(object{"default_branch": "trunk"})
			w.c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=feature", findingsReport("CVE-1 High"))
			w.wantGate(s, "none", 0)
			s.upload(w.c, findingsReport("CVE-1 High"))
			w.wantGate(s, "failed", 1)
			if a := s.observation(w.t, w.c, "CVE-1"); a.Get("branch") != "trunk" {
				w.t.Errorf("its branch: %s", a.Text)
			}
			w.c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=feature", findingsReport())
			w.wantGate(s, "failed", 1)
		}},
	}
}

// correctedCases returns the cases in which our contract deviates from SecObserve.
func correctedCases() []parityCase {
	return []parityCase{
		// In SecObserve a 0 means the global value. Here it is 0, for products and groups.
		{0, "an explicit 0 stays 0", func(w gateParity) {
			s := w.product(ownPolicy(object{"critical": 5, "medium": 0}))
			if a := w.c.Must(http.StatusOK, "GET", s.path, nil); a.Get("thresholds.medium") != 0.0 ||
				a.Get("thresholds.low") != nil {
				w.t.Errorf("thresholds: %s", a.Text)
			}
			w.putCounts(s, equalCounts(0, models.Medium, 1))
			w.wantGate(s, "failed", 1)
			grouped := w.product(object{"group_id": w.group(ownPolicy(object{"unknown": 0, "low": 3}))})
			w.putCounts(grouped, equalCounts(0, models.Unknown, 1))
			w.wantGate(grouped, "failed", 1)
			w.settings(object{"threshold_none": 0})
			standard := w.product(object{})
			w.putCounts(standard, equalCounts(0, models.None, 1))
			w.wantGate(standard, "failed", 1)
		}},
		{0, "an unset one counts as 0", func(w gateParity) {
			s := w.product(ownPolicy(object{}))
			w.putCounts(s, equalCounts(0, models.Unknown, 1))
			w.wantGate(s, "failed", 1)
			w.patch(s.path, object{"thresholds": object{"unknown": 1}})
			w.wantGate(s, "passed", 2)
			w.patch(s.path, object{"thresholds": object{"unknown": nil}})
			w.wantGate(s, "failed", 3)
		}},
		{0, "a move to another group is looked at", func(w gateParity) {
			strict := w.group(ownPolicy(equalCounts(0, models.Critical, 0)))
			s := w.product(object{})
			w.putCounts(s, equalCounts(0, models.Low, 1))
			w.wantGate(s, "passed", 1)
			w.patch(s.path, object{"group_id": strict})
			w.wantGate(s, "failed", 2)
			w.patch(s.path, object{"group_id": nil})
			w.wantGate(s, "passed", 3)
			w.patch(s.path, object{"group_id": strict})
			w.wantGate(s, "failed", 4)
			w.c.Must(http.StatusNoContent, "DELETE", fmt.Sprint("/groups/", strict), nil)
			w.wantGate(s, "passed", 5)
		}},
		{0, "another default branch is looked at", func(w gateParity) {
			s := w.product(object{})
			s.upload(w.c, findingsReport())
			w.c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=feature", findingsReport("CVE-1 High"))
			w.wantGate(s, "passed", 1)
			w.patch(s.path, object{"default_branch": "feature"})
			w.wantGate(s, "failed", 2)
			w.patch(s.path, object{"default_branch": "main"})
			w.wantGate(s, "passed", 3)
		}},
		{0, "a default branch from birth", func(w gateParity) {
			for name, body := range map[string]object{"main": {}, "trunk": {"default_branch": "trunk"}} {
				s := w.product(body)
				if a := w.c.Must(http.StatusOK, "GET", s.path+"/gate", nil); a.Get("branch") != name || a.Get("state") != "none" {
					w.t.Errorf("%s: %s", name, a.Text)
				}
			}
		}},
		{0, "never evaluated, left alone", func(w gateParity) {
			group := w.group(object{})
			s := w.product(object{"group_id": group})
			w.patch(s.path, ownPolicy(equalCounts(0, models.Low, 0)))
			w.patch(fmt.Sprint("/groups/", group), ownPolicy(equalCounts(1, models.Low, 1)))
			w.patch(s.path, object{"group_id": nil, "default_branch": "trunk"})
			w.c.Must(http.StatusCreated, "POST", s.path+"/targets",
				object{"module": "webhook", "name": "another", "config": object{"url": w.receiver.URL}})
			runJob(w.t, w.c, "reconcile_gates")
			w.settings(object{"threshold_low": 0}) // the evaluation that the job requested now runs at once
			w.wantGate(s, "none", 0)
			w.settings(object{"active": false})
			w.wantGate(s, "none", 0)
			a := w.c.Must(http.StatusOK, "GET", s.path+"/gate", nil)
			if a.Get("why") != "never evaluated: no report has been received yet" {
				w.t.Errorf("why: %s", a.Text)
			}
		}},
		{0, "all six changes are announced", func(w gateParity) {
			s := w.product(ownPolicy(object{}))
			w.putCounts(s, equalCounts(0, models.Low, 1))
			w.wantGate(s, "failed", 1) // from none
			w.putCounts(s, equalCounts(0, models.Low, 0))
			w.wantGate(s, "passed", 2)
			w.patch(s.path, object{"gate_mode": "disabled"})
			w.wantGate(s, "none", 3)
			w.patch(s.path, object{"gate_mode": "own"})
			w.wantGate(s, "passed", 4)
			w.putCounts(s, equalCounts(0, models.Low, 1))
			w.wantGate(s, "failed", 5)
			w.patch(s.path, object{"gate_mode": "disabled"})
			w.wantGate(s, "none", 6)
		}},
	}
}
