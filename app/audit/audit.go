// Package audit stores who changed what, in the transaction of the change.
package audit

import (
	"context"
	"maps"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Action is the kind of a change.
type Action string

// The actions.
const (
	Create Action = "create"
	Change Action = "change"
	Delete Action = "delete"
	Run    Action = "run"
	Resend Action = "send again"
	Stop   Action = "stop"
	Resume Action = "try now"
	// Release and Cancel are decisions about what a restore held.
	Release Action = "send held"
	Cancel  Action = "cancel held"
	// Refuse is a number of tries that failed or were refused.
	Refuse Action = "refuse"
	// Show is a stored secret that was shown.
	Show Action = "show"
)

// Kind is the kind of the thing that changed.
type Kind string

// The kinds of things.
const (
	Settings           Kind = "settings"
	User               Kind = "user"
	Session            Kind = "session"
	Token              Kind = "token"
	Product            Kind = "product"
	Branch             Kind = "branch"
	Source             Kind = "source"
	Group              Kind = "group"
	AuthorizationGroup Kind = "authorization group"
	Member             Kind = "member"
	Target             Kind = "target"
	Delivery           Kind = "delivery"
	Job                Kind = "job"
	Observation        Kind = "observation"
	Exception          Kind = "exception"
	IngestKey          Kind = "ingest key"
	Notification       Kind = "notification"
	Event              Kind = "event"
	Silence            Kind = "silence"
	Feed               Kind = "feed"
	VEXDocument        Kind = "VEX document"
	Key                Kind = "secret key"
	Database           Kind = "database"
	SignIn             Kind = models.SignInKind
)

// Kinds returns all kinds in the order of a menu.
func Kinds() []Kind {
	return []Kind{
		Settings,
		User,
		Session,
		Token,
		Product,
		Branch,
		Source,
		Group,
		AuthorizationGroup,
		Member,
		Target,
		Delivery,
		Job,
		Observation,
		Exception,
		IngestKey,
		Notification,
		Event,
		Silence,
		Feed,
		VEXDocument,
		Key,
		Database,
		SignIn,
	}
}

// Masked replaces a secret.
const Masked = "(secret)"

// Values are the fields of a thing by name. Secrets are masked.
type Values map[string]string

// Entry is a change of a thing.
type Entry struct {
	Action    Action
	Kind      Kind
	Name      string // of the thing
	ProductID int64  // that the thing belongs to, 0 for none
	Was       Values // nil if it was created
	Became    Values // nil if it was deleted
}

// Write stores a change in its transaction. It leaves out fields that did not change, and stores
// nothing if no field of a Change did.
func Write(tx *models.Tx, actor authz.Actor, e Entry) error {
	was, became := differences(e.Was, e.Became)
	if e.Action == Change && len(was) == 0 && len(became) == 0 {
		return nil
	}
	return tx.InsertAudit(models.Audit{
		UserID:    actor.User.ID,
		Actor:     actor.Label,
		Action:    string(e.Action),
		Kind:      string(e.Kind),
		Name:      e.Name,
		ProductID: e.ProductID,
		Was:       was,
		Became:    became,
	})
}

// differences returns the fields that differ. A field that is masked on both sides counts as
// changed: the caller leaves out secrets that did not change.
func differences(was, became Values) (map[string]string, map[string]string) {
	w, b := maps.Clone(map[string]string(was)), maps.Clone(map[string]string(became))
	for name, value := range was {
		if other, found := became[name]; found && other == value && value != Masked {
			delete(w, name)
			delete(b, name)
		}
	}
	return w, b
}

// Service reads the audit log.
type Service struct{ store *models.Store }

// New returns a service.
func New(store *models.Store) *Service { return &Service{store} }

// List lists changes, newest first: all for administrators, those of a product
// for its owners.
func (s *Service) List(ctx context.Context, actor authz.Actor, f models.AuditFilter) ([]models.Audit, error) {
	if err := s.require(ctx, actor, f); err != nil {
		return nil, err
	}
	return s.store.Audits(ctx, f)
}

// Count counts changes for the same actors, up to one more than models.MaxCounted.
func (s *Service) Count(ctx context.Context, actor authz.Actor, f models.AuditFilter) (int, error) {
	if err := s.require(ctx, actor, f); err != nil {
		return 0, err
	}
	return s.store.CountAudits(ctx, f)
}

func (s *Service) require(ctx context.Context, actor authz.Actor, f models.AuditFilter) error {
	switch {
	case actor.Administrator():
		return nil
	case f.ProductID != 0:
		return authz.Require(ctx, s.store, actor, authz.Own, f.ProductID)
	}
	return fault.New(fault.Forbidden, "Only administrators can see the audit log")
}

// Last returns the newest change of a thing for its form, a zero one if it never changed. The
// caller must have checked the right to edit the thing.
func (s *Service) Last(ctx context.Context, k Kind, name string, productID int64) (models.Audit, error) {
	list, err := s.store.Audits(ctx, models.AuditFilter{Kind: string(k), Name: name, ProductID: productID, Limit: 1})
	if err != nil || len(list) == 0 {
		return models.Audit{}, err
	}
	return list[0], nil
}
