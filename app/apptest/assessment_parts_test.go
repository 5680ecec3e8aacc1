package apptest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// The largest selection is assessed, in two branches, while 8 callers write. It logs how long they
// wait.
func TestAssessmentTrial_OthersWrite(t *testing.T) {
	t.Parallel()
	n := envInt(t, "GATECRIER_ASSESSED", 600)
	eachDatabaseWith(t, apptest.Options{}, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		report := largeReport(n/2, sameSeverity("High"))
		c.Must(http.StatusCreated, "POST", s.path+"/reports", report)
		c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=feature", report)
		var ids []int64
		for _, branch := range []string{"main", "feature"} {
			for _, o := range allItems(c, s.path+"/observations?limit=100&branch="+branch+"&") {
				id, _ := o["id"].(float64)
				ids = append(ids, int64(id))
			}
		}
		for _, said := range []object{
			{"status": "in_review", "severity": "medium"},
			{"status": "not_affected", "comment": "The feature is off"},
			{"clear": true},
		} {
			said["ids"] = ids
			stop := measureWrites(t, p, 8)
			began := time.Now()
			c.Must(http.StatusOK, "POST", s.path+"/observations/assess", said)
			apptest.Eventually(t, "the assessment has ended", func() bool { // a slow one goes on after its answer
				return c.Must(http.StatusOK, "GET", s.path+"/assessments", nil).Get("items.0") == nil
			})
			took := time.Since(began)
			p99, worst, writes := stop()
			t.Logf("%v: %d observations in %v; %d writes meanwhile, p99 %v, worst %v",
				said["status"], len(ids), took, writes, p99, worst)
		}
		s.checkCounts(t, p)
	})
}

// After a kill between two parts, whole parts are assessed and the counts and the gate fit them. The
// next start assesses the rest, and announces the gate once.
func TestKill_DuringAssessment(t *testing.T) {
	t.Parallel()
	const n = 8000
	dir, receiver := t.TempDir(), apptest.NewReceiver(t)
	first := apptest.Start(t, apptest.Options{Dir: dir})
	s := newProduct(t, first.Client("admin"), "Shop", receiver.URL)
	s.upload(first.Client("admin"), largeReport(n, sameSeverity("High")))
	wantNotified(t, first, receiver, map[string]int{"gate.changed": 1})
	first.Stop()

	p := startProcess(t, dir)
	store := p.store(t)
	c := p.client(t)
	url := p.url + "/api/v1" + s.path + "/observations/assess"
	go requestUntilKilled(t, c, http.MethodPost, url, `{"filter": {}, "status": "not_affected"}`)
	look := func() (run models.AssessmentRun) {
		list, err := store.OpenAssessmentRuns(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(list) > 0 {
			run = list[0]
		}
		return run
	}
	apptest.Eventually(t, "it has begun", func() bool { return look().Changed > 0 })
	p.kill()
	before := look()
	if before.Remaining() == 0 {
		t.Fatal("it was killed too late")
	}
	t.Logf("killed after %d of %d", before.Changed, before.Total)
	b := defaultBranch(t, store, s.id)
	if int(b.Counts.High) != n-before.Changed || b.Gate != models.GateFailed {
		t.Errorf("%d assessed, and the branch has %d high and is %s", before.Changed, b.Counts.High, b.Gate)
	}
	second := apptest.Start(t, apptest.Options{Dir: dir})
	apptest.Eventually(t, "it has ended", func() bool { return look().ID == 0 })
	if b = defaultBranch(t, second.Store, s.id); b.Counts.High != 0 || b.Gate != models.GatePassed {
		t.Errorf("at the end: %+v", b)
	}
	wantNotified(t, second, receiver, map[string]int{"gate.changed": 2})
	cause := fmt.Sprintf("an assessment of %d observations", n)
	if got := messageBody(t, receiver.Messages()[1]); got.Data.Cause.Text != cause {
		t.Errorf("message: %+v", got)
	}
	s.checkCounts(t, second)
}

// requestUntilKilled sends a request to a process that is killed before it answers.
func requestUntilKilled(t *testing.T, c *apptest.Client, method, url, body string) {
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	r.Header.Set("Authorization", "Bearer "+c.Token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	t.Errorf("it was killed too late: %s", answer.Status)
}

// Of a user's assessment and an earlier one of many observations that is still written, the user's
// counts. The gate is announced once, with the counts of the end.
func TestAssessmentInParts_LaterWordCounts(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		p.Observations.SetWait(longWait)
		const n = 3000
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		s.upload(c, largeReport(n, sameSeverity("High")))
		last := s.observation(t, c, fmt.Sprintf("CVE-%06d", n-1)).ID("id")
		answered := make(chan apptest.Answer)
		go func() {
			answered <- c.Do("POST", s.path+"/observations/assess", object{"filter": object{}, "severity": "low"})
		}()
		apptest.Eventually(t, "it has begun", func() bool {
			return c.Must(http.StatusOK, "GET", s.path+"/assessments", nil).ID("items.0.changed") > 0
		})
		c.Must(http.StatusOK, "PATCH", fmt.Sprintf("/observations/%d", last), object{"severity": "critical"})
		a := <-answered
		if a.Status != http.StatusOK || a.ID("changed")+a.ID("skipped") != n || a.ID("remaining") != 0 {
			t.Fatalf("answer: %s", a.Text)
		}
		got := c.Must(http.StatusOK, "GET", fmt.Sprintf("/observations/%d", last), nil)
		if got.Get("severity") != "critical" {
			t.Errorf("the user's word is gone: %s", got.Text)
		}
		// It stays failed: of the high ones first, of the critical one then.
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 1})
		c.Must(http.StatusOK, "PATCH", fmt.Sprintf("/observations/%d", last), object{"severity": "low"})
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 2})
		c.Must(http.StatusOK, "POST", s.path+"/observations/assess", object{"filter": object{}, "severity": "high"})
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 3})
		var message struct {
			Data struct {
				Counts    models.Counts
				HeldSince *time.Time `json:"held_since"`
				Failing   struct{ Reopened int }
			}
		}
		if err := json.Unmarshal(receiver.Messages()[2].Body, &message); err != nil || message.Data.Counts.High != n ||
			message.Data.HeldSince != nil || message.Data.Failing.Reopened != n {
			t.Errorf("message: %+v, %v", message, err)
		}
		s.checkCounts(t, p)
	})
}
