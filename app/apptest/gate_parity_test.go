package apptest_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// What SecObserve's own tests hold of its gate and of when that is looked at
// again: numbers 1 to 35 of our facts, by our paths. Where our contract corrects
// SecObserve, it says so.
func TestGate_SecObserveParity(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		w := &gateParity{t: t, p: p, c: p.Client("admin"), receiver: apptest.NewReceiver(t)}
		disableSchedules(t, p, w.c, "reconcile_gates")
		for _, part := range []map[string]func(gateParity){
			policyCases(), severityCases(), branchCases(), editCases(), settingsCases(), productCases(), importCases(),
			correctedCases(),
		} {
			for _, number := range slices.Sorted(maps.Keys(part)) {
				t.Run(number, func(t *testing.T) {
					part[number](gateParity{t: t, p: p, c: w.c.ForTest(t), receiver: w.receiver})
					w.c.ForTest(t).Must(http.StatusOK, "PATCH", "/settings/gate", maps.Clone(gateDefaults))
				})
			}
		}
	})
}

// gateParity are looked at in one program, each with products of its own.
type gateParity struct {
	t        *testing.T
	p        *apptest.Program
	c        *apptest.Client
	receiver *apptest.Receiver
}

var gateDefaults = object{
	"active":             true,
	"threshold_critical": 0,
	"threshold_high":     0,
	"threshold_medium":   99999,
	"threshold_low":      99999,
	"threshold_none":     99999,
	"threshold_unknown":  99999,
}

// equalCounts has n of each severity, and another number of one.
func equalCounts(n int, one models.Severity, of int) object {
	six := object{}
	for _, s := range models.Severities() {
		six[s.String()] = n
	}
	six[one.String()] = of
	return six
}

func ownPolicy(thresholds object) object { return object{"gate_mode": "own", "thresholds": thresholds} }

// product makes one that tells of its gate.
func (w gateParity) product(body object) productFixture {
	w.t.Helper()
	body = maps.Clone(body)
	body["name"] = w.t.Name() + fmt.Sprint(" ", len(w.products()))
	a := w.c.Must(http.StatusCreated, "POST", "/products", body)
	s := productFixture{id: a.ID("id"), path: fmt.Sprint("/products/", a.ID("id"))}
	w.c.Must(http.StatusCreated, "POST", s.path+"/targets",
		object{"module": "webhook", "name": "hook", "config": object{"url": w.receiver.URL}})
	return s
}

func (w gateParity) products() []models.ProductRow {
	w.t.Helper()
	list, err := w.p.Store.Products(w.t.Context(), apptest.AllProducts(), models.ProductFilter{Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func (w gateParity) group(body object) int64 {
	w.t.Helper()
	body = maps.Clone(body)
	body["name"] = "Group of " + w.t.Name()
	return w.c.Must(http.StatusCreated, "POST", "/groups", body).ID("id")
}

// putCounts replaces the counts of the product's only scanner.
func (w gateParity) putCounts(s productFixture, counts object) {
	w.t.Helper()
	w.c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": counts})
}

func (w gateParity) patch(path string, body object) {
	w.t.Helper()
	w.c.Must(http.StatusOK, "PATCH", path, body)
}

// settings changes the global policy.
func (w gateParity) settings(body object) {
	w.t.Helper()
	w.patch("/settings/gate", body)
}

// equalThresholds are equalCounts as settings.
func equalThresholds(n int, one models.Severity, of int) object {
	body := object{}
	for name, v := range equalCounts(n, one, of) {
		body["threshold_"+name] = v
	}
	return body
}

// waitReevaluated waits until all gates were looked at and all that follows was told.
func (w gateParity) waitReevaluated() {
	w.t.Helper()
	apptest.Eventually(w.t, "all gates are looked at, and all is told", func() bool {
		at, err := w.p.Store.GateSweep(w.t.Context())
		if err != nil || !at.Done || at.Version != w.p.Settings.Gate().Version {
			return false
		}
		work, err := w.p.Store.EventWork(w.t.Context(), "notify", 10)
		if err != nil || len(work) > 0 {
			return false
		}
		for _, state := range []string{"pending", "sending"} {
			if itemCount(w.c.Do("GET", "/deliveries?state="+state, nil)) > 0 {
				return false
			}
		}
		return true
	})
}

// wantGate sees what a product's gate says, and that all ends together were told of
// so many changes, and of no more.
func (w gateParity) wantGate(s productFixture, state string, told int) {
	w.t.Helper()
	w.waitReevaluated()
	if got := s.gateState(w.c); got != state {
		w.t.Errorf("the gate is %s, want %s", got, state)
	}
	messages := 0
	for _, m := range w.receiver.Messages() {
		if messageBody(w.t, m).Data.Product.ID == s.id {
			messages++
		}
	}
	inbox := itemCount(w.c.Must(http.StatusOK, "GET", fmt.Sprintf("/notifications?limit=100&product=%d", s.id), nil))
	if history := s.gateChangeCount(w.c); history != told || inbox != told || messages != told {
		w.t.Errorf("%d changes in the history, %d in the inbox, %d messages, want %d of each", history, inbox, messages, told)
	}
}

func policyCases() map[string]func(gateParity) {
	return map[string]func(gateParity){
		// Disabled and never evaluated: nothing is told.
		"1": func(w gateParity) {
			s := w.product(object{"gate_mode": "disabled"})
			w.wantGate(s, "none", 0)
			w.putCounts(s, equalCounts(2, models.Critical, 2))
			w.wantGate(s, "none", 0)
		},
		// Disabled after it has passed.
		"2": func(w gateParity) {
			s := w.product(ownPolicy(equalCounts(3, models.Critical, 3)))
			w.putCounts(s, equalCounts(2, models.Critical, 2))
			w.wantGate(s, "passed", 1)
			w.patch(s.path, object{"gate_mode": "disabled"})
			w.wantGate(s, "none", 2)
		},
		// A disabled group before the product's own thresholds. Ours is looked at with
		// the move, SecObserve's with the next report.
		"3": func(w gateParity) {
			s := w.product(ownPolicy(equalCounts(3, models.Critical, 3)))
			w.putCounts(s, equalCounts(2, models.Critical, 2))
			w.wantGate(s, "passed", 1)
			w.patch(s.path, object{"group_id": w.group(object{"gate_mode": "disabled"})})
			w.wantGate(s, "none", 2)
		},
		// All within the product's own thresholds, as before.
		"16": func(w gateParity) {
			s := w.product(ownPolicy(equalCounts(3, models.Critical, 3)))
			w.putCounts(s, equalCounts(0, models.Critical, 0))
			w.wantGate(s, "passed", 1)
			w.putCounts(s, equalCounts(2, models.Critical, 2))
			w.wantGate(s, "passed", 1)
			w.putCounts(s, equalCounts(3, models.Critical, 3)) // equal is not over
			w.wantGate(s, "passed", 1)
		},
		// All within the global thresholds.
		"23": func(w gateParity) {
			w.settings(equalThresholds(3, models.Critical, 3))
			s := w.product(object{})
			w.putCounts(s, equalCounts(2, models.Critical, 2))
			w.wantGate(s, "passed", 1)
		},
	}
}

// severityCases are those that there are of each severity.
func severityCases() map[string]func(gateParity) {
	list := map[string]func(gateParity){}
	for i, severity := range models.Severities() {
		// Over one of the product's own thresholds, as before: told once.
		list[fmt.Sprint(4+i)] = func(w gateParity) {
			s := w.product(ownPolicy(equalCounts(3, severity, 1)))
			w.putCounts(s, equalCounts(0, severity, 2))
			w.wantGate(s, "failed", 1)
			w.putCounts(s, equalCounts(1, severity, 3))
			w.wantGate(s, "failed", 1)
		}
		// Over one of the group's thresholds, though the product is disabled.
		list[fmt.Sprint(10+i)] = func(w gateParity) {
			s := w.product(object{"gate_mode": "disabled", "group_id": w.group(ownPolicy(equalCounts(3, severity, 1)))})
			w.putCounts(s, equalCounts(0, severity, 1))
			w.wantGate(s, "passed", 1)
			w.putCounts(s, equalCounts(0, severity, 2))
			w.wantGate(s, "failed", 2)
		}
		// Over one of the global thresholds.
		list[fmt.Sprint(17+i)] = func(w gateParity) {
			w.settings(equalThresholds(3, severity, 1))
			s := w.product(object{})
			w.putCounts(s, equalCounts(0, severity, 2))
			w.wantGate(s, "failed", 1)
		}
	}
	return list
}

func branchCases() map[string]func(gateParity) {
	enter := func(w gateParity, s productFixture, body object) {
		w.t.Helper()
		body["title"], body["severity"] = "By hand", "critical"
		w.c.Must(http.StatusCreated, "POST", s.path+"/observations", body)
	}
	return map[string]func(gateParity){
		// An observation of the default branch.
		"24": func(w gateParity) {
			s := w.product(object{"default_branch": "trunk"})
			enter(w, s, object{"branch": "trunk"})
			w.wantGate(s, "failed", 1)
		},
		// One of no branch. Ours has a default branch from birth: it is that one's.
		"25": func(w gateParity) {
			s := w.product(object{})
			enter(w, s, object{})
			w.wantGate(s, "failed", 1)
			if a := s.observation(w.t, w.c, "By hand"); a.Get("branch") != "main" {
				w.t.Errorf("its branch: %s", a.Text)
			}
		},
		// One of another branch: that has a gate of its own, which is told nowhere.
		"26": func(w gateParity) {
			s := w.product(object{})
			w.c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=feature", findingsReport())
			enter(w, s, object{"branch": "feature"})
			w.wantGate(s, "none", 0)
			if a := w.c.Must(http.StatusOK, "GET", s.path+"/gate?branch=feature", nil); a.Get("state") != "failed" {
				w.t.Errorf("the branch's gate: %s", a.Text)
			}
		},
	}
}

func editCases() map[string]func(gateParity) {
	return map[string]func(gateParity){
		// A gate field of the product: looked at once. Others are no cause.
		"27": func(w gateParity) {
			s := w.product(object{})
			w.putCounts(s, equalCounts(0, models.Medium, 2))
			w.wantGate(s, "passed", 1)
			w.patch(s.path, ownPolicy(object{"medium": 1}))
			w.wantGate(s, "failed", 2)
			w.patch(s.path, object{"description": "Another", "thresholds": object{"low": 7}})
			w.wantGate(s, "failed", 2)
			w.patch(s.path, object{"thresholds": object{"medium": 2}})
			w.wantGate(s, "passed", 3)
			w.patch(s.path, object{"gate_mode": "standard"})
			w.wantGate(s, "passed", 3)
		},
		// A gate field of a group with two products: each of them.
		"28": func(w gateParity) {
			group := w.group(object{})
			first, second := w.product(object{"group_id": group}), w.product(object{"group_id": group})
			alone := w.product(object{})
			for _, s := range []productFixture{first, second, alone} {
				w.putCounts(s, equalCounts(0, models.Medium, 2))
			}
			w.patch(fmt.Sprint("/groups/", group), ownPolicy(object{"medium": 1}))
			w.wantGate(first, "failed", 2)
			w.wantGate(second, "failed", 2)
			w.wantGate(alone, "passed", 1)
		},
	}
}

func settingsCases() map[string]func(gateParity) {
	return map[string]func(gateParity){
		// A gate field of the settings: all are looked at, once.
		"29": func(w gateParity) {
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
		},
		// Each product there is, whoever's thresholds count for it. Ours leaves alone
		// what was never evaluated.
		"30": func(w gateParity) {
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
		},
	}
}

func productCases() map[string]func(gateParity) {
	return map[string]func(gateParity){
		// Who makes a product owns it.
		"31": func(w gateParity) {
			w.p.User("maker")
			maker := w.p.Client("maker").ForTest(w.t)
			id := maker.Must(http.StatusCreated, "POST", "/products", object{"name": w.t.Name()}).ID("id")
			a := maker.Must(http.StatusOK, "GET", fmt.Sprintf("/products/%d/members", id), nil)
			if a.Get("items.0.user") != "maker" || a.Get("items.0.role") != "owner" || itemCount(a) != 1 {
				w.t.Errorf("members: %s", a.Text)
			}
		},
		// With a product its tokens go.
		"32": func(w gateParity) {
			s := w.product(object{})
			a := w.c.Must(http.StatusCreated, "POST", s.path+"/tokens", object{"name": "ci", "role": "upload"})
			text, _ := a.Get("token").(string)
			token := apptest.NewClient(w.t, w.p.URL, text)
			token.Must(http.StatusCreated, "POST", s.path+"/reports", findingsReport())
			w.c.Must(http.StatusNoContent, "DELETE", s.path, nil)
			token.Must(http.StatusUnauthorized, "POST", s.path+"/reports", findingsReport())
		},
	}
}

func importCases() map[string]func(gateParity) {
	return map[string]func(gateParity){
		// Into the default branch: looked at after each import.
		"33": func(w gateParity) {
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
		},
		// Into no branch: into the default one.
		"34": func(w gateParity) {
			s := w.product(object{})
			s.upload(w.c, findingsReport("CVE-1 High"))
			w.wantGate(s, "failed", 1)
		},
		// Into no branch of a product whose default branch was named. SecObserve does
		// not look at the gate then; ours takes it as the default branch. What it
		// leaves alone is another branch's.
		"35": func(w gateParity) {
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
		},
	}
}

// correctedCases are what our contract has otherwise than SecObserve.
func correctedCases() map[string]func(gateParity) {
	return map[string]func(gateParity){
		// There a 0 becomes the global value; here it is 0, of product and group.
		"an explicit 0 stays 0": func(w gateParity) {
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
		},
		"an unset one counts as 0": func(w gateParity) {
			s := w.product(ownPolicy(object{}))
			w.putCounts(s, equalCounts(0, models.Unknown, 1))
			w.wantGate(s, "failed", 1)
			w.patch(s.path, object{"thresholds": object{"unknown": 1}})
			w.wantGate(s, "passed", 2)
			w.patch(s.path, object{"thresholds": object{"unknown": nil}})
			w.wantGate(s, "failed", 3)
		},
		"a move to another group is looked at": func(w gateParity) {
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
		},
		"another default branch is looked at": func(w gateParity) {
			s := w.product(object{})
			s.upload(w.c, findingsReport())
			w.c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=feature", findingsReport("CVE-1 High"))
			w.wantGate(s, "passed", 1)
			w.patch(s.path, object{"default_branch": "feature"})
			w.wantGate(s, "failed", 2)
			w.patch(s.path, object{"default_branch": "main"})
			w.wantGate(s, "passed", 3)
		},
		"a default branch from birth": func(w gateParity) {
			for name, body := range map[string]object{"main": {}, "trunk": {"default_branch": "trunk"}} {
				s := w.product(body)
				if a := w.c.Must(http.StatusOK, "GET", s.path+"/gate", nil); a.Get("branch") != name || a.Get("state") != "none" {
					w.t.Errorf("%s: %s", name, a.Text)
				}
			}
		},
		"never evaluated, left alone": func(w gateParity) {
			group := w.group(object{})
			s := w.product(object{"group_id": group})
			w.patch(s.path, ownPolicy(equalCounts(0, models.Low, 0)))
			w.patch(fmt.Sprint("/groups/", group), ownPolicy(equalCounts(1, models.Low, 1)))
			w.patch(s.path, object{"group_id": nil, "default_branch": "trunk"})
			w.c.Must(http.StatusCreated, "POST", s.path+"/targets",
				object{"module": "webhook", "name": "another", "config": object{"url": w.receiver.URL}})
			runJob(w.t, w.c, "reconcile_gates")
			w.settings(object{"threshold_low": 0}) // what the job has asked for is looked at at once then
			w.wantGate(s, "none", 0)
			w.settings(object{"active": false})
			w.wantGate(s, "none", 0)
			a := w.c.Must(http.StatusOK, "GET", s.path+"/gate", nil)
			if a.Get("why") != "never evaluated: no report has come in yet" {
				w.t.Errorf("why: %s", a.Text)
			}
		},
		"all six changes are told": func(w gateParity) {
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
		},
	}
}
