package connection

import (
	"context"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Resume lets a connection that is down or paused be tried at once.
func (s *Service) Resume(ctx context.Context, actor authz.Actor, id int64) (models.Connection, error) {
	c, err := s.editable(ctx, actor, id)
	if err != nil {
		return c, err
	}
	if !mayResume(actor, c) {
		return c, fault.New(fault.Forbidden, "The mail server is for administrators to try")
	}
	return c, s.resume(
		ctx,
		actor,
		c.Endpoint(),
		audit.Entry{Action: audit.Resume, Kind: audit.Target, Name: c.Name, ProductID: c.Owner().ProductID},
	)
}

// ResumeMail lets the mail server be tried at once.
func (s *Service) ResumeMail(ctx context.Context, actor authz.Actor) error {
	if !actor.Administrator() {
		return fault.New(fault.Forbidden, "The mail server is for administrators to try")
	}
	return s.resume(ctx, actor, s.mailServerID, audit.Entry{Action: audit.Resume, Kind: audit.Target, Name: mailServerName})
}

func (s *Service) resume(ctx context.Context, actor authz.Actor, endpoint int64, e audit.Entry) error {
	return s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.Resume(endpoint); err != nil {
			return err
		}
		return audit.Write(tx, actor, e)
	})
}

// mayResume reports whether who may edit a connection may let it be tried: the
// endpoint of a server is for administrators.
func mayResume(actor authz.Actor, c models.Connection) bool {
	return c.Endpoint() == c.ID || actor.Administrator()
}
