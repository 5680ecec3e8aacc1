package receiver

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// maxBody bounds a posted message, in bytes.
const maxBody = 1 << 20

// ServeHTTP receives the messages that are posted to /slack/..., /teams/..., /mattermost/..., /discord/...
// and /webhook/...
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if r.refuse() {
		http.Error(w, "The demo's receiver is down for a minute", http.StatusServiceUnavailable)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	if err != nil || req.Method != http.MethodPost {
		http.Error(w, "Post a message", http.StatusBadRequest)
		return
	}
	m := Message{To: req.URL.Path, key: digest(body)}
	status := http.StatusOK
	switch channel, _, _ := strings.Cut(strings.TrimPrefix(req.URL.Path, "/"), "/"); Channel(channel) {
	case Slack:
		m.Channel = Slack
		m.Card, err = readSlack(body)
	case Teams:
		m.Channel, status = Teams, http.StatusAccepted
		m.Card, err = readTeams(body)
	case Mattermost:
		m.Channel = Mattermost
		m.Card, err = readMattermost(body)
	case Discord:
		m.Channel, status = Discord, http.StatusNoContent
		m.Card, err = readDiscord(body)
	case Webhook:
		err = r.readWebhook(&m, req.Header, body)
	case Mail:
		fallthrough
	default:
		http.NotFound(w, req)
		return
	}
	if err != nil {
		http.Error(w, "The demo cannot read this", http.StatusBadRequest)
		return
	}
	r.keep(m)
	w.WriteHeader(status)
	if status != http.StatusNoContent {
		io.WriteString(w, "ok") //nolint:errcheck,gosec // the message is kept already
	}
}

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// readWebhook reads a webhook, and checks its signature as a receiver should.
func (r *Receiver) readWebhook(m *Message, header http.Header, body []byte) error {
	m.Channel, m.key = Webhook, header.Get(standardwebhooks.HeaderWebhookID)
	for _, name := range []string{
		"Content-Type",
		"User-Agent",
		"Webhook-Id",
		"Webhook-Timestamp",
		"Webhook-Signature",
	} {
		m.Headers = append(m.Headers, Header{strings.ToLower(name), header.Get(name)})
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, body, "", "  "); err != nil {
		return err
	}
	m.Body = pretty.String()
	r.mu.Lock()
	secret := r.secrets[m.To]
	r.mu.Unlock()
	check, err := standardwebhooks.NewWebhook(secret)
	m.Signed = err == nil && secret != "" && check.VerifyIgnoringTimestamp(body, header) == nil
	return nil
}
