package discord

import (
	"encoding/json"
	"net/http"
	"time"

	"gatecrier/app/module"
)

// unknownWebhook is Discord's code for a webhook that was deleted
// (https://discord.com/developers/docs/topics/opcodes-and-status-codes#json).
const unknownWebhook = 10015

// maxWait is the longest wait that any receiver may ask for.
const maxWait = 6 * time.Hour

// apiError is what of Discord's answers counts.
type apiError struct {
	Code       int     `json:"code"`
	RetryAfter float64 `json:"retry_after"` // in seconds
}

// judge makes more of an answer than its status says
// (https://discord.com/developers/docs/topics/rate-limits). A wait that a header
// asks for is known already.
func judge(r module.Result) module.Result {
	var s apiError
	if json.Unmarshal([]byte(r.Answer), &s) != nil {
		return r
	}
	switch {
	case r.Status == http.StatusNotFound && s.Code == unknownWebhook:
		return r.WithMeaning(module.ResultGone("Discord does not know this webhook any more"))
	case r.Status == http.StatusTooManyRequests && r.Kind() == module.KindTransient:
		if wait := time.Duration(min(s.RetryAfter, maxWait.Seconds()) * float64(time.Second)); wait > 0 {
			return r.WithMeaning(module.RetryAfter(wait, r.Reason))
		}
	}
	return r
}
