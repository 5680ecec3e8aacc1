package connection

import (
	"context"

	"gatecrier/app/fault"
	"gatecrier/app/secret"
	"gatecrier/models"
)

// mailServerName is how the connection is called by which mail goes to people.
const mailServerName = "Mail server"

// EnsurePeople makes the connection by which mail goes to people, where there
// is none: it stands for the one mail server, whose endpoint all connections by
// mail share. It is for the start.
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
		if err := tx.CreateConnection(
			&c, func(path string) (secret.Text, error) { return s.ring.Seal(path, "{}") },
		); err != nil {
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

// sharedEndpoint is whose endpoint connections of a module share, nil for their own.
func (s *Service) sharedEndpoint(name string) *int64 {
	if m, ok := s.modules.Get(name); ok && m.Descriptor().OneServer {
		return &s.mailServerID
	}
	return nil
}
