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

// The facts 1 to 35 from SecObserve's own tests of its security gate and its evaluation, with our
// API paths. Comments name each deviation.
func TestGate_SecObserveParity(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		w := &gateParity{t: t, p: p, c: p.Client("admin"), receiver: apptest.NewReceiver(t)}
		disableSchedules(t, p, w.c, "reconcile_gates")
		cases := slices.Concat(
			policyCases(), severityCases(), branchCases(), editCases(), settingsCases(), productCases(), importCases(),
		)
		slices.SortFunc(cases, func(a, b parityCase) int { return a.number - b.number })
		for _, test := range append(cases, correctedCases()...) {
			t.Run(test.name(), func(t *testing.T) {
				test.run(gateParity{t: t, p: p, c: w.c.ForTest(t), receiver: w.receiver})
				w.c.ForTest(t).Must(http.StatusOK, "PATCH", "/settings/gate", maps.Clone(gateDefaults))
			})
		}
	})
}

// parityCase is a fact from SecObserve's tests, or one in which our contract deviates from them.
type parityCase struct {
	number int // of the fact, 0 = a deviation
	title  string
	run    func(w gateParity)
}

// name returns the name of the case, with the number of the fact.
func (c parityCase) name() string {
	if c.number == 0 {
		return c.title
	}
	return fmt.Sprintf("%02d %s", c.number, c.title)
}

// gateParity runs the cases in one program, each with its own products.
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

// equalCounts returns n for each severity, except of for one.
func equalCounts(n int, one models.Severity, of int) object {
	six := object{}
	for _, s := range models.Severities() {
		six[s.String()] = n
	}
	six[one.String()] = of
	return six
}

func ownPolicy(thresholds object) object { return object{"gate_mode": "own", "thresholds": thresholds} }

// product creates a product that sends notifications of its gate.
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

// equalThresholds returns equalCounts as settings.
func equalThresholds(n int, one models.Severity, of int) object {
	body := object{}
	for name, v := range equalCounts(n, one, of) {
		body["threshold_"+name] = v
	}
	return body
}

// waitReevaluated waits until all gates are evaluated and all notifications are sent.
func (w gateParity) waitReevaluated() {
	w.t.Helper()
	apptest.Eventually(w.t, "all gates are evaluated", func() bool {
		at, err := w.p.Store.GateSweep(w.t.Context())
		return err == nil && at.Done && at.Version == w.p.Settings.Gate().Version
	})
	apptest.Settle(w.t, w.p.Store)
}

// wantGate checks the state of a product's gate, and that each channel notified of exactly that many
// changes.
func (w gateParity) wantGate(s productFixture, state string, notified int) {
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
	if history := s.gateChangeCount(w.c); history != notified || inbox != notified || messages != notified {
		w.t.Errorf("%d changes in the history, %d in the inbox, %d messages, want %d of each",
			history, inbox, messages, notified)
	}
}

func policyCases() []parityCase {
	return []parityCase{
		// Disabled and never evaluated: no notification.
		{1, "a disabled gate announces nothing", func(w gateParity) {
			s := w.product(object{"gate_mode": "disabled"})
			w.wantGate(s, "none", 0)
			w.putCounts(s, equalCounts(2, models.Critical, 2))
			w.wantGate(s, "none", 0)
		}},
		// Disabled after it has passed.
		{2, "disabled after it has passed", func(w gateParity) {
			s := w.product(ownPolicy(equalCounts(3, models.Critical, 3)))
			w.putCounts(s, equalCounts(2, models.Critical, 2))
			w.wantGate(s, "passed", 1)
			w.patch(s.path, object{"gate_mode": "disabled"})
			w.wantGate(s, "none", 2)
		}},
		// A disabled group wins over the product's own thresholds. Ours evaluates the gate with the move,
		// SecObserve with the next report.
		{3, "a disabled group wins", func(w gateParity) {
			s := w.product(ownPolicy(equalCounts(3, models.Critical, 3)))
			w.putCounts(s, equalCounts(2, models.Critical, 2))
			w.wantGate(s, "passed", 1)
			w.patch(s.path, object{"group_id": w.group(object{"gate_mode": "disabled"})})
			w.wantGate(s, "none", 2)
		}},
		// All within the product's own thresholds: no change.
		{16, "within its own thresholds", func(w gateParity) {
			s := w.product(ownPolicy(equalCounts(3, models.Critical, 3)))
			w.putCounts(s, equalCounts(0, models.Critical, 0))
			w.wantGate(s, "passed", 1)
			w.putCounts(s, equalCounts(2, models.Critical, 2))
			w.wantGate(s, "passed", 1)
			w.putCounts(s, equalCounts(3, models.Critical, 3)) // equal is not over
			w.wantGate(s, "passed", 1)
		}},
		// All within the global thresholds.
		{23, "within the global thresholds", func(w gateParity) {
			w.settings(equalThresholds(3, models.Critical, 3))
			s := w.product(object{})
			w.putCounts(s, equalCounts(2, models.Critical, 2))
			w.wantGate(s, "passed", 1)
		}},
	}
}

// severityCases returns the cases of each severity.
func severityCases() []parityCase {
	var list []parityCase
	for i, severity := range models.Severities() {
		name := severity.String()
		list = append(list, parityCase{4 + i, "twice over its own threshold: one notification, " + name, func(w gateParity) {
			s := w.product(ownPolicy(equalCounts(3, severity, 1)))
			w.putCounts(s, equalCounts(0, severity, 2))
			w.wantGate(s, "failed", 1)
			w.putCounts(s, equalCounts(1, severity, 3))
			w.wantGate(s, "failed", 1)
		}})
		list = append(list, parityCase{10 + i, "over the group's threshold, own gate disabled, " + name, func(w gateParity) {
			s := w.product(object{"gate_mode": "disabled", "group_id": w.group(ownPolicy(equalCounts(3, severity, 1)))})
			w.putCounts(s, equalCounts(0, severity, 1))
			w.wantGate(s, "passed", 1)
			w.putCounts(s, equalCounts(0, severity, 2))
			w.wantGate(s, "failed", 2)
		}})
		list = append(list, parityCase{17 + i, "over the global threshold, " + name, func(w gateParity) {
			w.settings(equalThresholds(3, severity, 1))
			s := w.product(object{})
			w.putCounts(s, equalCounts(0, severity, 2))
			w.wantGate(s, "failed", 1)
		}})
	}
	return list
}

func branchCases() []parityCase {
	enter := func(w gateParity, s productFixture, body object) {
		w.t.Helper()
		body["title"], body["severity"] = "By hand", "critical"
		w.c.Must(http.StatusCreated, "POST", s.path+"/observations", body)
	}
	return []parityCase{
		// An observation of the default branch.
		{24, "an observation of the default branch", func(w gateParity) {
			s := w.product(object{"default_branch": "trunk"})
			enter(w, s, object{"branch": "trunk"})
			w.wantGate(s, "failed", 1)
		}},
		// An observation of no branch. Our products always have a default branch, which gets it.
		{25, "an observation of no branch", func(w gateParity) {
			s := w.product(object{})
			enter(w, s, object{})
			w.wantGate(s, "failed", 1)
			if a := s.observation(w.t, w.c, "By hand"); a.Get("branch") != "main" {
				w.t.Errorf("its branch: %s", a.Text)
			}
		}},
		// An observation of another branch, which has its own gate without notifications.
		{26, "an observation of another branch", func(w gateParity) {
			s := w.product(object{})
			w.c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=feature", findingsReport())
			enter(w, s, object{"branch": "feature"})
			w.wantGate(s, "none", 0)
			if a := w.c.Must(http.StatusOK, "GET", s.path+"/gate?branch=feature", nil); a.Get("state") != "failed" {
				w.t.Errorf("the branch's gate: %s", a.Text)
			}
		}},
	}
}

func editCases() []parityCase {
	return []parityCase{
		// A gate field of the product evaluates the gate once. Other fields do not.
		{27, "an edit of the product", func(w gateParity) {
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
		}},
		// A gate field of a group evaluates both its products.
		{28, "an edit of the group", func(w gateParity) {
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
		}},
	}
}
