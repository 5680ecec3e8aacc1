package discord

import (
	"encoding/json"
	"net/http"
	"time"

	"gatecrier/app/module"
)

// unknownWebhook is Discord's code for a deleted webhook
// (https://discord.com/developers/docs/topics/opcodes-and-status-codes#json).
const unknownWebhook = 10015

// maxWait is the longest wait that a receiver can ask for.
const maxWait = 6 * time.Hour

// apiError is the part of Discord's answers that matters.
type apiError struct {
	Code       int     `json:"code"`
	RetryAfter float64 `json:"retry_after"` // in seconds
}

// judge interprets an answer beyond its status
// (https://discord.com/developers/docs/topics/rate-limits). A Retry-After header has already been
// applied.
func judge(r module.Result) module.Result {
	var e apiError
	if json.Unmarshal([]byte(r.Answer), &e) != nil {
		return r
	}
	switch {
	case r.Status == http.StatusNotFound && e.Code == unknownWebhook:
		return r.WithMeaning(module.Gone("Discord no longer knows this webhook"))
	case r.Status == http.StatusTooManyRequests && r.Kind() == module.KindTransient:
		if wait := time.Duration(min(e.RetryAfter, maxWait.Seconds()) * float64(time.Second)); wait > 0 {
			return r.WithMeaning(module.RetryAfter(wait, r.Reason))
		}
	}
	return r
}
