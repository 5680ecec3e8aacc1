package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
)

type everyKind struct {
	Page

	Trouble bool      `query:"trouble"`
	State   string    `query:"state" enum:"open,ended"`
	Since   time.Time `query:"since"`
	Body    struct {
		Name    string             `json:"name" maxLength:"5"`
		Count   int64              `json:"count,omitempty" minimum:"1"`
		At      *time.Time         `json:"at,omitempty"`
		IDs     []int64            `json:"ids,omitempty" maxItems:"2"`
		Inner   *struct{ A int64 } `json:"inner,omitempty"`
		Secrets map[string]string  `json:"secrets,omitempty"`
		Active  patch[bool]        `json:"active,omitempty"`
	}
}

func TestValidation_NamesFieldAndQuotesNoValue(t *testing.T) {
	useProblems()
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	config := huma.DefaultConfig("test", "1")
	config.CreateHooks = nil
	huma.Register(humagin.New(engine, config), onPost("/x", "x", http.StatusOK),
		func(context.Context, *everyKind) (*struct{}, error) { return nil, nil }) //nolint:nilnil // no body
	for _, test := range []struct {
		query, body string
		status      int
		want        string
	}{
		{"limit=101", `{"name":"x"}`, 422, `{"name":"limit","message":"limit must be at most 100"}`},
		{"limit=0", `{"name":"x"}`, 422, `{"name":"limit","message":"limit must be at least 1"}`},
		{"limit=gct_s3cret", `{"name":"x"}`, 422, `{"name":"limit","message":"limit must be a whole number"}`},
		{"trouble=gct_s3cret", `{"name":"x"}`, 422, `{"name":"trouble","message":"trouble must be true or false"}`},
		{"state=gct_s3cret", `{"name":"x"}`, 422, `"state must be one of open, ended"`},
		{"since=gct_s3cret", `{"name":"x"}`, 422, `"since must be a time such as 2031-05-06T07:08:09Z"`},
		{"", `{"name":"x","foo":"gct_s3cret"}`, 422, `{"name":"foo","message":"unknown field \"foo\""}`},
		{"", `{"name":"x","inner":{"A":1,"b":2}}`, 422, `{"name":"inner.b","message":"unknown field \"inner.b\""}`},
		{"", `{"name":"x","inner":{}}`, 422, `{"name":"inner.A","message":"inner.A is required"}`},
		{"", `{}`, 422, `{"name":"name","message":"name is required"}`},
		{"", `{"name":"gct_s3cret"}`, 422, `{"name":"name","message":"name must have at most 5 characters"}`},
		{"", `{"name":1}`, 422, `"name must be a text"`},
		{"", `{"name":"x","count":1.5}`, 422, `"count must be a whole number"`},
		{"", `{"name":"x","count":1e30}`, 422, `"count has a value of another type"`},
		{"", `{"name":"x","at":"gct_s3cret"}`, 422, `"at must be a time such as 2031-05-06T07:08:09Z"`},
		{"", `{"name":"x","at":"2031-05-06T07:08:09.s3cretZ"}`, 422, `"at must be a time such as`},
		{"", `{"name":"x","ids":[1,2,3]}`, 422, `"ids must have at most 2 items"`},
		{"", `{"name":"x","ids":["gct_s3cret"]}`, 422, `{"name":"ids[0]","message":"ids[0] must be a whole number"}`},
		{"", `{"name":"x","secrets":{"url":5}}`, 422, `"secrets.url must be a text"`},
		{"", `{"name":"x","active":"gct_s3cret"}`, 422, `"active must be true or false"`},
		{"", `["gct_s3cret"]`, 422, `{"name":"body","message":"The body must be an object"}`},
		{"", `{"name":"gct_s3cret`, 400, `{"name":"body","message":"The body must be valid JSON"}`},
		{"", ``, 400, `"detail":"The body is missing: send one as application/json"`},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/x?"+test.query, strings.NewReader(test.body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, r)
		text := w.Body.String()
		if w.Code != test.status || !strings.Contains(text, test.want) || strings.Contains(text, "s3cret") {
			t.Errorf("%s %s: %d %s", test.query, test.body, w.Code, text)
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/x", strings.NewReader("gct_s3cret"))
	r.Header.Set("Content-Type", "text/csv")
	w := httptest.NewRecorder()
	engine.ServeHTTP(w, r)
	if text := w.Body.String(); w.Code != 415 || !strings.Contains(text, `"Send the body as application/json"`) {
		t.Errorf("another media type: %d %s", w.Code, text)
	}
}
