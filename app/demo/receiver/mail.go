package receiver

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"

	"github.com/emersion/go-smtp"
)

// mailbox is the backend of the mail server.
type mailbox struct{ receiver *Receiver }

var errDown = &smtp.SMTPError{
	Code:         421,
	EnhancedCode: smtp.EnhancedCode{4, 3, 2},
	Message:      "The demo's mail server is down for a minute",
}

// NewSession begins a session, unless the receiver is down.
func (b mailbox) NewSession(*smtp.Conn) (smtp.Session, error) {
	if b.receiver.refuse() {
		return nil, errDown
	}
	return &session{receiver: b.receiver}, nil
}

// session receives mails one after the other.
type session struct {
	receiver *Receiver
	to       []string
}

// Mail accepts any sender, unless the receiver has gone down since the connection began. It counts
// nothing as refused: the client tries again with a new connection, and NewSession counts that.
func (s *session) Mail(string, *smtp.MailOptions) error {
	if s.receiver.isDown() {
		return errDown
	}
	return nil
}

// Rcpt accepts any recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data receives a mail.
func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := readMail(text)
	if err != nil {
		return &smtp.SMTPError{Code: 554, Message: "The demo cannot read this email"}
	}
	m.To = strings.Join(s.to, ", ")
	s.receiver.keep(m)
	return nil
}

// Reset clears the recipients.
func (s *session) Reset() { s.to = nil }

// Logout ends the session.
func (*session) Logout() error { return nil }

// readMail parses a mail: its sender, its subject and its texts.
func readMail(text []byte) (Message, error) {
	parsed, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return Message{}, err
	}
	m := Message{
		Channel: Mail,
		key:     parsed.Header.Get("Message-ID"),
		Card: Card{
			From:  decoded(parsed.Header.Get("From")),
			Title: decoded(parsed.Header.Get("Subject")),
		},
	}
	kind, params, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		body, err := io.ReadAll(parsed.Body)
		m.Card.Texts = []string{string(body)}
		return m, err
	}
	parts := multipart.NewReader(parsed.Body, params["boundary"])
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return m, nil
		}
		if err != nil {
			return m, err
		}
		body, err := io.ReadAll(part)
		if err != nil {
			return m, err
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			m.HTML = string(body)
		} else {
			m.Card.Texts = []string{string(body)}
		}
	}
}

// decoded decodes the encoded words of a header (RFC 2047).
func decoded(header string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(strings.TrimSpace(header))
	if err != nil {
		return header
	}
	return text
}
