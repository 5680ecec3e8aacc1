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

// mailbox is the mail server's side.
type mailbox struct{ receiver *Receiver }

var errDown = &smtp.SMTPError{
	Code:         421,
	EnhancedCode: smtp.EnhancedCode{4, 3, 2},
	Message:      "The demo's mail server is down for a minute",
}

// NewSession begins one, unless the receiver is down.
func (b mailbox) NewSession(*smtp.Conn) (smtp.Session, error) {
	if b.receiver.refuse() {
		return nil, errDown
	}
	return &session{receiver: b.receiver}, nil
}

// session takes one mail after the other.
type session struct {
	receiver *Receiver
	to       []string
}

// Mail takes any sender, unless the receiver went down while the connection was
// kept. What comes by a new one then is counted as refused.
func (s *session) Mail(string, *smtp.MailOptions) error {
	if s.receiver.isDown() {
		return errDown
	}
	return nil
}

// Rcpt takes any recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data takes a mail.
func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := readMail(text)
	if err != nil {
		return &smtp.SMTPError{Code: 554, Message: "The demo cannot read this mail"}
	}
	m.To = strings.Join(s.to, ", ")
	s.receiver.keep(m)
	return nil
}

// Reset forgets the recipients.
func (s *session) Reset() { s.to = nil }

// Logout ends the session.
func (*session) Logout() error { return nil }

// readMail reads a mail as a client does: its subject, and the part that it
// would show.
func readMail(text []byte) (Message, error) {
	parsed, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return Message{}, err
	}
	m := Message{Channel: Mail, key: parsed.Header.Get("Message-ID"), Card: Card{
		From: decoded(parsed.Header.Get("From")), Title: decoded(parsed.Header.Get("Subject")),
	}}
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

// decoded reads the words of a header (RFC 2047).
func decoded(header string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(strings.TrimSpace(header))
	if err != nil {
		return header
	}
	return text
}
