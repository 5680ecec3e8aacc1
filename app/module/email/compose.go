package email

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"gatecrier/app/module"
)

const (
	maxSubject = 200 // characters
	headerAuto = mail.Header("Auto-Submitted")
)

// compose returns the bytes of a mail. Two mails of the same message differ only in their date.
func (e *Email) compose(m module.Message, from, to, firstName string) ([]byte, error) {
	msg, err := e.write(m, from, to, firstName)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// write returns the mail of a message, its plain text first.
func (e *Email) write(m module.Message, from, to, firstName string) (*mail.Msg, error) {
	v := newView(m, to, firstName)
	html, err := e.render(v)
	if err != nil {
		return nil, err
	}
	msg := mail.NewMsg(mail.WithCharset(mail.CharsetUTF8), mail.WithEncoding(mail.EncodingQP),
		mail.WithBoundary(boundary(m.ID)), mail.WithNoDefaultUserAgent())
	if err := msg.FromFormat("Gatecrier", from); err != nil {
		return nil, err
	}
	if err := msg.To(to); err != nil {
		return nil, err
	}
	msg.Subject(subject(m))
	msg.SetMessageIDWithValue(messageID(m.ID, from))
	if thread := threadID(m, from); thread != "" {
		msg.SetGenHeader(mail.HeaderInReplyTo, thread)
		msg.SetGenHeader(mail.HeaderReferences, thread)
	}
	msg.SetDateWithValue(e.dateOf(m))
	msg.SetGenHeader(headerAuto, "auto-generated")      // RFC 3834
	msg.SetGenHeader("X-Auto-Response-Suppress", "All") // the same for Microsoft
	msg.SetBodyString(mail.TypeTextPlain, v.plain())
	msg.AddAlternativeString(mail.TypeTextHTML, html)
	return msg, nil
}

// dateOf returns when a message is sent, or was if it is only shown.
func (e *Email) dateOf(m module.Message) time.Time {
	if m.Sent.IsZero() {
		return e.now()
	}
	return m.Sent
}

// subject returns the title. It breaks encoded words (RFC 2047), which mail programs would decode.
func subject(m module.Message) string {
	title := module.Truncate(strings.ReplaceAll(m.Title, "=?", "= ?"), maxSubject)
	if title == "" {
		return "Gatecrier"
	}
	return title
}

// messageID returns the same ID in every attempt: the message's own, or a hash of it if a header
// cannot carry it.
func messageID(id, from string) string {
	isUnsafe := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	}
	if id == "" || len(id) > 100 || strings.ContainsFunc(id, isUnsafe) {
		id = boundary(id)
	}
	return id + domainOf(from)
}

// threadID returns the ID of a mail that never existed: all mails about the same thing reply to
// it, so that mail programs show them as one thread. It is "" for tests, and for messages about
// nothing that has others.
func threadID(m module.Message, from string) string {
	if m.Test || m.Key == "" {
		return ""
	}
	return "<thread-" + boundary(m.Key) + domainOf(from) + ">"
}

// domainOf returns an address from its "@" on.
func domainOf(address string) string { return address[strings.LastIndexByte(address, '@'):] }

// boundary returns a text that the authors of a message's texts cannot predict.
func boundary(id string) string {
	sum := sha256.Sum256([]byte(id))
	return "gatecrier-" + hex.EncodeToString(sum[:16])
}

// Preview returns the HTML of a message as it would be mailed to an address.
func (e *Email) Preview(ctx context.Context, m module.Message, to string) (string, error) {
	return e.render(newView(m, to, e.greet(ctx, to)))
}
