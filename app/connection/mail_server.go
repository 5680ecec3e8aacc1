package connection

import (
	"context"

	"gatecrier/app/fault"
	"gatecrier/app/secret"
	"gatecrier/models"
)

// mailServerName is the name of the connection that mails users.
const mailServerName = "Mail server"

// EnsurePeople creates the connection that mails users, if it is missing. It represents the one
// mail server, whose endpoint all email connections share. Call it at the start.
func (s *Service) EnsurePeople(ctx context.Context) error {
	find := func() error {
		t, err := s.store.PeopleTarget(ctx)
		s.mailServerID = t.ConnectionID
		return err
	}
	err := find()
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		c := models.Connection{
			Module:  "email",
			Name:    mailServerName,
			Field:   models.FieldPeople,
			Hint:    "the mail server of the settings",
			Enabled: true,
		}
		empty := func(path string) (secret.Text, error) { return s.ring.Seal(path, "{}") }
		if err := tx.CreateConnection(&c, empty); err != nil {
			return err
		}
		s.mailServerID = c.ID
		return tx.ShareEndpoint("email", c.ID)
	})
	if err != nil && find() == nil { // another instance was faster
		return nil
	}
	return err
}

// sharedEndpoint returns the endpoint that the connections of a module share, nil if each has its
// own.
func (s *Service) sharedEndpoint(name string) *int64 {
	if m, ok := s.modules.Get(name); ok && m.Descriptor().OneServer {
		return &s.mailServerID
	}
	return nil
}
