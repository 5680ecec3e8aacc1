package slack

import (
	"net/http"
	"strings"

	"gatecrier/app/module"
)

// judge interprets the word in Slack's answers
// (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors).
func judge(r module.Result) module.Result {
	if r.Status < 400 || r.Status >= 500 || r.Status == http.StatusTooManyRequests {
		return r
	}
	word := strings.TrimSpace(r.Answer)
	switch word {
	case "no_service", "no_service_id", "no_active_hooks", "no_team", "team_disabled":
		return r.WithMeaning(module.Gone("Slack no longer knows this webhook (" + word + ")"))
	case "channel_is_archived":
		return r.WithMeaning(module.Gone("the channel of this webhook is archived"))
	case "channel_not_found", "user_not_found":
		return r.WithMeaning(module.Rejected("Slack does not find the channel of this webhook (" + word + ")"))
	case "action_prohibited", "posting_to_general_channel_denied", "invalid_token":
		return r.WithMeaning(module.Rejected("Slack does not let this webhook post (" + word + ")"))
	case "invalid_payload", "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long",
		"no_text", "too_many_attachments":
		return r.WithMeaning(module.Permanent("Slack cannot take this message (" + word + ")"))
	}
	return r
}
