package connection

import (
	"context"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Resume lets the dispatcher try a connection at once that is down or paused.
func (s *Service) Resume(ctx context.Context, actor authz.Actor, id int64) (models.Connection, error) {
	c, err := s.editable(ctx, actor, id)
	if err != nil {
		return c, err
	}
	if !mayResume(actor, c) {
		return c, fault.New(fault.Forbidden, "Only administrators can retry the mail server")
	}
	entry := audit.Entry{Action: audit.Resume, Kind: audit.Target, Name: c.Name, ProductID: c.Owner().ProductID}
	return c, s.resume(ctx, actor, c.Endpoint(), entry)
}

// ResumeMail lets the dispatcher try the mail server at once. It is for administrators.
func (s *Service) ResumeMail(ctx context.Context, actor authz.Actor) error {
	if !actor.Administrator() {
		return fault.New(fault.Forbidden, "Only administrators can retry the mail server")
	}
	entry := audit.Entry{Action: audit.Resume, Kind: audit.Target, Name: mailServerName}
	return s.resume(ctx, actor, s.mailServerID, entry)
}

func (s *Service) resume(ctx context.Context, actor authz.Actor, endpoint int64, e audit.Entry) error {
	return s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.Resume(endpoint); err != nil {
			return err
		}
		return audit.Write(tx, actor, e)
	})
}

// mayResume reports whether an editor of a connection can have it tried. A shared endpoint is for
// administrators.
func mayResume(actor authz.Actor, c models.Connection) bool {
	return c.Endpoint() == c.ID || actor.Administrator()
}
