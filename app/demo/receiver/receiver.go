// Package receiver receives the messages of the demo: a mail server and an HTTP server on loopback.
// It keeps the messages and renders them as the clients of users do. It can simulate an outage.
package receiver

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// maxMessages bounds the kept messages.
const maxMessages = 200

// Channel is the way by which a message arrived.
type Channel string

// The channels.
const (
	Mail       Channel = "mail"
	Slack      Channel = "slack"
	Teams      Channel = "teams"
	Mattermost Channel = "mattermost"
	Discord    Channel = "discord"
	Webhook    Channel = "webhook"
)

// Message is a received message.
type Message struct {
	ID      int // increases
	Channel Channel
	At      time.Time
	To      string // a mail address, or the path that it was posted to
	Times   int    // the number of arrivals: more than one if an answer was lost
	Card    Card   // of all but webhooks
	HTML    string // of a mail
	Headers []Header
	Body    string // of a webhook: indented JSON
	Signed  bool   // whether the signature of a webhook is valid

	key string // the same for every attempt
}

// Header is a header of a webhook.
type Header struct{ Name, Value string }

// Card is a message as a user reads it.
type Card struct {
	From, Title string
	Texts       []string // before the facts and items
	Facts       []Fact
	Items       []string
	Below       []string // texts after them
	Link        string
}

// Fact is a detail of a card.
type Fact struct{ Label, Value string }

// Receiver receives messages. It is safe for concurrent use.
type Receiver struct {
	now func() time.Time

	mu       sync.Mutex
	list     []Message // oldest first
	last     int
	secrets  map[string]string // of webhooks, by path
	down     time.Time         // the end of the outage
	refused  int               // messages during the last outage
	closing  []func() error
	mailPort string
	httpPort string
}

// New returns a receiver that listens nowhere yet.
func New(now func() time.Time) *Receiver {
	return &Receiver{now: now, secrets: map[string]string{}}
}

// Listen starts both servers on loopback, at the ports of an earlier start or at free ones ("0").
func (r *Receiver) Listen(ctx context.Context, mailPort, httpPort string) error {
	mails, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", mailPort))
	if err != nil {
		return err
	}
	posts, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", httpPort))
	if err != nil {
		return errors.Join(err, mails.Close())
	}
	_, r.mailPort, _ = net.SplitHostPort(mails.Addr().String()) //nolint:errcheck // a listener has an address
	_, r.httpPort, _ = net.SplitHostPort(posts.Addr().String()) //nolint:errcheck // the same
	smtps := smtp.NewServer(mailbox{r})
	smtps.Domain = "localhost"
	smtps.MaxMessageBytes = 1 << 20
	smtps.ReadTimeout = time.Minute
	smtps.WriteTimeout = time.Minute
	web := &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	go smtps.Serve(mails) //nolint:errcheck // it returns that it was closed
	go web.Serve(posts)   //nolint:errcheck // the same
	r.closing = []func() error{smtps.Close, web.Close}
	return nil
}

// Close stops both servers.
func (r *Receiver) Close() error {
	var errs []error
	for _, end := range r.closing {
		errs = append(errs, end())
	}
	return errors.Join(errs...)
}

// MailPort returns the port of the mail server.
func (r *Receiver) MailPort() string { return r.mailPort }

// HTTPPort returns the port of the HTTP server.
func (r *Receiver) HTTPPort() string { return r.httpPort }

// SetSecret sets the secret of the webhook at a path.
func (r *Receiver) SetSecret(path, secret string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets[path] = secret
}

// Clear deletes all messages.
func (r *Receiver) Clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = nil
}

// Down starts an outage until a time: the receiver refuses all messages.
func (r *Receiver) Down(until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down, r.refused = until, 0
}

// Outage returns the end of the current outage, zero if there is none, and the number of messages
// that the receiver has refused in the last one.
func (r *Receiver) Outage() (until time.Time, refused int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now().Before(r.down) {
		until = r.down
	}
	return until, r.refused
}

// refuse reports whether the receiver is down, and counts the refused message.
func (r *Receiver) refuse() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	down := r.now().Before(r.down)
	if down {
		r.refused++
	}
	return down
}

func (r *Receiver) isDown() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now().Before(r.down)
}

// Since returns the messages after an id, newest first, and the newest id.
func (r *Receiver) Since(id int) ([]Message, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []Message
	for i := len(r.list) - 1; i >= 0 && r.list[i].ID > id; i-- {
		found = append(found, r.list[i])
	}
	return found, r.last
}

// Message returns the message with an id.
func (r *Receiver) Message(id int) (Message, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.list {
		if m.ID == id {
			return m, true
		}
	}
	return Message{}, false
}

// keep stores a message. A repeated one replaces the earlier and counts its arrivals.
func (r *Receiver) keep(m Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m.At, m.Times = r.now(), 1
	for i, old := range r.list {
		if old.key == m.key && old.Channel == m.Channel && old.To == m.To {
			m.Times += old.Times
			r.list = append(r.list[:i], r.list[i+1:]...)
			break
		}
	}
	r.last++
	m.ID = r.last
	r.list = append(r.list, m)
	if len(r.list) > maxMessages {
		r.list = r.list[len(r.list)-maxMessages:]
	}
}
