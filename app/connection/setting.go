package connection

import (
	"context"

	"gatecrier/app/authz"
	"gatecrier/app/settings"
	"gatecrier/models"
)

// ExceptionFields are the target fields of the exceptions' settings: connections of the system
// that get nothing but exceptions.
type ExceptionFields struct{ *Service }

var exceptionForm = fieldForm{prefix: models.ExceptionField, namePrefix: "Exceptions: "}

// Shown returns the fields as an administrator sees them: addresses, and the hints of webhooks.
func (e ExceptionFields) Shown(ctx context.Context) (map[string]string, error) {
	list, err := e.store.FieldConnections(ctx, models.Owner{})
	if err != nil {
		return nil, err
	}
	f, err := e.fieldsIn(list, exceptionForm.prefix)
	return map[string]string{
		exceptionForm.prefix + fieldEmail: f.EmailTo,
		exceptionForm.prefix + fieldTeams: f.MSTeams,
		exceptionForm.prefix + fieldSlack: f.Slack,
	}, err
}

// Plan checks a change of the fields, given by their names.
func (e ExceptionFields) Plan(
	ctx context.Context, actor authz.Actor, changes map[string]string,
) (settings.TargetChange, error) {
	if err := e.MayEditSystem(actor); err != nil {
		return settings.TargetChange{}, err
	}
	value := func(field string) *string {
		if text, ok := changes[exceptionForm.prefix+field]; ok {
			return &text
		}
		return nil
	}
	change := FieldsChange{EmailTo: value(fieldEmail), MSTeams: value(fieldTeams), Slack: value(fieldSlack)}
	wants, warnings, err := e.wantFields(ctx, change, exceptionForm)
	return settings.TargetChange{
		Warnings: warnings,
		Apply: func(tx *models.Tx) (was, became map[string]string, err error) {
			if was, err = e.auditValues(tx); err != nil {
				return nil, nil, err
			}
			if err := e.applyFields(tx, actor, models.Owner{}, wants, true); err != nil {
				return nil, nil, err
			}
			became, err = e.auditValues(tx)
			return was, became, err
		},
	}, err
}

// auditValues returns the hints of the fields' targets for the audit log, by field.
func (e ExceptionFields) auditValues(tx *models.Tx) (map[string]string, error) {
	list, err := tx.FieldConnections(tx.Context(), models.Owner{})
	noted := map[string]string{}
	for _, c := range list {
		hint := c.Hint
		if before := noted[c.Field]; before != "" {
			hint = before + ", " + hint
		}
		noted[c.Field] = hint
	}
	return noted, err
}
