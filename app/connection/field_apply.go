package connection

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/number"
	"gatecrier/models"
)

// applyFields creates, changes and removes targets until the fields have those in wants. It does
// not touch a target that stays, so its deliveries stay too. keepWaiting refuses to remove a target
// whose messages wait to be sent.
func (s *Service) applyFields(
	tx *models.Tx, actor authz.Actor, o models.Owner, wants map[string][]fieldTarget, keepWaiting bool,
) error {
	list, err := tx.FieldConnections(tx.Context(), o)
	if err != nil {
		return err
	}
	wants = maps.Clone(wants) // a transaction that fails on a conflict runs again
	for _, c := range list {
		wanted, touched := wants[c.Field]
		if !touched {
			continue
		}
		rest, err := s.settleTarget(tx, actor, c, wanted, keepWaiting)
		if err != nil {
			return err
		}
		wants[c.Field] = rest
	}
	for _, field := range []string{fieldEmail, fieldTeams, fieldSlack} {
		for _, w := range wants[prefixOf(o)+field] {
			if w.keep {
				return fault.BadField(w.field, "Enter a URL that begins with https:// or http://")
			}
			if err := s.addTarget(tx, actor, o, w); err != nil {
				return err
			}
		}
	}
	return nil
}

// settleTarget keeps, changes or removes one target of a field. It returns the targets that are
// still to be created.
func (s *Service) settleTarget(
	tx *models.Tx, actor authz.Actor, c models.Connection, wanted []fieldTarget, keepWaiting bool,
) (rest []fieldTarget, err error) {
	config, err := s.Open(c)
	if err != nil {
		return nil, err
	}
	key, mail := "url", strings.HasSuffix(c.Field, fieldEmail)
	if mail {
		key = "to"
	}
	at := slices.IndexFunc(wanted, func(w fieldTarget) bool {
		same := w.config[key] == config[key] || key == "to" && strings.EqualFold(w.config[key], config[key])
		return w.keep && w.config[key] == c.Hint || same
	})
	switch {
	case at >= 0:
		return slices.Delete(slices.Clone(wanted), at, at+1), nil
	case mail || len(wanted) == 0:
		if keepWaiting {
			if err := requireNoneWaiting(tx, c); err != nil {
				return nil, err
			}
		}
		if err := tx.DeleteConnection(c.ID); err != nil {
			return nil, err
		}
		return wanted, writeAudit(tx, actor, audit.Delete, &c, nil)
	case wanted[0].keep:
		return wanted, nil
	}
	before := c
	if err := s.setConfig(&c, wanted[0].config); err != nil {
		return nil, err
	}
	c.Enabled, c.DisabledWhy, c.KeepsWaiting = true, "", false
	if err := tx.SaveConnection(&c); err != nil {
		return nil, err
	}
	if c.Endpoint() == c.ID { // the new configuration can work
		if err := tx.Resume(c.ID); err != nil {
			return nil, err
		}
	}
	return nil, writeAudit(tx, actor, audit.Change, &before, &c)
}

// requireNoneWaiting returns a field error if messages of a target wait to be sent.
func requireNoneWaiting(tx *models.Tx, c models.Connection) error {
	waiting, err := tx.Waiting(tx.Context(), []int64{c.ID})
	if n := waiting[c.ID]; err == nil && n > 0 {
		return fault.BadField(c.Field, fmt.Sprintf("%s for %s. Delete this target in the list of targets, which shows "+
			"what is lost, or try again later", number.Of(n, "message waits", "messages wait"), c.Hint))
	}
	return err
}

func (s *Service) addTarget(tx *models.Tx, actor authz.Actor, o models.Owner, w fieldTarget) error {
	c := models.Connection{
		ProductID:  optional(o.ProductID),
		GroupID:    optional(o.GroupID),
		Module:     w.module,
		Name:       w.name,
		Field:      w.field,
		Enabled:    true,
		CreatedBy:  actor.Label,
		EndpointID: s.sharedEndpoint(w.module),
	}
	if err := s.create(tx, &c, w.config); err != nil {
		return err
	}
	return writeAudit(tx, actor, audit.Create, nil, &c)
}
