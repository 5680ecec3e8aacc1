package email

import (
	"context"
	"mime"

	"github.com/wneessen/go-mail"

	"gatecrier/app/fault"
	"gatecrier/app/module"
)

// Show returns the headers of the mail, decoded, and its plain text. It does not mask the address
// and the name in the greeting.
func (e *Email) Show(ctx context.Context, c module.Config, m module.Message) (module.Shown, error) {
	from, to := asciiAddress(e.server().From), asciiAddress(c[fieldTo])
	if from == "" || to == "" {
		return module.Shown{}, fault.New(fault.Unavailable, "There is no email to show without EMAIL_FROM and a recipient")
	}
	msg, err := e.write(m, from, to, e.greet(ctx, c[fieldTo]))
	if err != nil {
		return module.Shown{}, err
	}
	text, err := msg.GetParts()[0].GetContent()
	return module.Shown{Head: head(msg), Body: string(text)}, err
}

// head returns the headers that matter to a reader and that the mail has.
func head(msg *mail.Msg) []string {
	var lines []string
	add := func(name string, values []string) {
		for _, value := range values {
			if decoded, err := new(mime.WordDecoder).DecodeHeader(value); err == nil {
				value = decoded
			}
			lines = append(lines, name+": "+value)
		}
	}
	add("From", msg.GetFromString())
	add("To", msg.GetToString())
	names := []mail.Header{
		mail.HeaderSubject, mail.HeaderMessageID, headerAuto, mail.HeaderInReplyTo, mail.HeaderReferences, mail.HeaderDate,
	}
	for _, name := range names {
		add(string(name), msg.GetGenHeader(name))
	}
	return lines
}
