package apptest_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// reportPair is a report, and the next one of the same finding at another place or by another name.
type reportPair struct {
	first, second []byte
}

func reportPairs(t *testing.T) map[string]reportPair {
	t.Helper()
	sample := func(name string) []byte { return apptest.Report(t, "intake/"+name) }
	digest := func(n int) []byte {
		text := sample("seq-tag-1.json")
		return bytes.ReplaceAll(text, tagIn(t, text), fmt.Appendf(nil, "@sha256:%064x", n))
	}
	return map[string]reportPair{
		"another line":       {sample("seq-shift-1.sarif"), sample("seq-shift-2.sarif")},
		"another tag":        {sample("seq-tag-1.json"), sample("seq-tag-2.json")},
		"another digest":     {digest(1), digest(2)},
		"other ids":          {sample("seq-ids-1.json"), sample("seq-ids-2.json")},
		"the id of an alias": {sample("seq-alias-1.json"), sample("seq-alias-2.json")},
	}
}

// tagIn returns the tag of the image in a report of Trivy, with its colon.
func tagIn(t *testing.T, report []byte) []byte {
	t.Helper()
	_, name, ok := bytes.Cut(report, []byte(`"ArtifactName": "`))
	name, _, closed := bytes.Cut(name, []byte(`"`))
	at := bytes.LastIndexByte(name, ':')
	if !ok || !closed || at < 0 {
		t.Fatalf("no image in %s", report)
	}
	return name[at:]
}

// A waiver outlives a finding's move, and no user is notified of it.
func TestMovedFinding_KeepsWaiver(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		for name, pair := range reportPairs(t) {
			receiver := apptest.NewReceiver(t)
			s := newProduct(t, c, name, receiver.URL)
			if a := s.upload(c, pair.first); a.ID("observations.new") != 1 || a.Get("gate.after") != "failed" {
				t.Fatalf("%s: %s", name, a.Text)
			}
			found := c.Must(http.StatusOK, "GET", s.path+"/observations", nil)
			path := fmt.Sprintf("/observations/%d", found.ID("items.0.id"))
			c.Must(http.StatusOK, "PATCH", path, object{
				"status": "risk_accepted", "comment": "known", "waiver_until": p.Clock.Now().Add(30 * 24 * time.Hour),
			})
			apptest.Settle(t, p.Store)
			messages := messagesByType(t, receiver)
			a := s.upload(c, pair.second)
			if a.ID("observations.updated") != 1 || a.ID("observations.new")+a.ID("observations.resolved") != 0 ||
				a.Get("gate.before") != "passed" || a.Get("gate.after") != "passed" {
				t.Errorf("%s: %s", name, a.Text)
			}
			o := c.Must(http.StatusOK, "GET", path, nil)
			if o.Get("status") != "risk_accepted" || o.Get("assessment.waiver_until") == nil {
				t.Errorf("%s: the waiver has ended: %s", name, o.Text)
			}
			if all := c.Must(http.StatusOK, "GET", s.path+"/observations?active=all", nil); itemCount(all) != 1 {
				t.Errorf("%s: %s", name, all.Text)
			}
			apptest.Settle(t, p.Store)
			if after := messagesByType(t, receiver); !maps.Equal(after, messages) {
				t.Errorf("%s: the receiver got %v, before %v", name, after, messages)
			}
		}
	})
}
