package connection

import (
	"context"
	"fmt"
	"strings"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/module"
	"gatecrier/models"
)

// Fields are the targets that have a field of their own in a product's form, as in SecObserve.
// They are targets like all others.
type Fields struct {
	EmailTo string // addresses, separated by commas; each is a target
	MSTeams string // the URL of a webhook; its hint when read
	Slack   string // like MSTeams
}

// FieldsChange is a change of Fields: nil leaves one as it is, an empty text clears it.
type FieldsChange struct {
	EmailTo, MSTeams, Slack *string
	// KeepWaiting refuses a change that removes a target whose messages wait to be sent.
	KeepWaiting bool
}

// The names of the fields in the API.
const (
	fieldEmail = "email_to"
	fieldTeams = "ms_teams_webhook"
	fieldSlack = "slack_webhook"
)

// maxAddresses bounds the addresses in email_to.
const maxAddresses = 50

// FieldsOf returns the fields of a product or a group, or, for the system, those of the
// exceptions' settings. They are empty unless the actor can edit the owner.
func (s *Service) FieldsOf(ctx context.Context, actor authz.Actor, o models.Owner) (Fields, error) {
	may, err := s.MayEditOwners(ctx, actor, []models.Owner{o})
	if err != nil || !may[o] {
		return Fields{}, err
	}
	list, err := s.store.FieldConnections(ctx, o)
	if err != nil {
		return Fields{}, err
	}
	return s.fieldsIn(list, prefixOf(o))
}

// prefixOf returns the prefix of an owner's field names: the fields of the system are settings.
func prefixOf(o models.Owner) string {
	if o.System() {
		return models.ExceptionField
	}
	return ""
}

func (s *Service) fieldsIn(list []models.Connection, prefix string) (Fields, error) {
	var f Fields
	var addresses []string
	for _, c := range list {
		switch strings.TrimPrefix(c.Field, prefix) {
		case fieldEmail:
			config, err := s.Open(c)
			if err != nil {
				return Fields{}, err
			}
			addresses = append(addresses, config["to"])
		case fieldTeams:
			f.MSTeams = c.Hint
		case fieldSlack:
			f.Slack = c.Hint
		}
	}
	f.EmailTo = strings.Join(addresses, ", ")
	return f, nil
}

// fieldTarget is a target that a field asks for.
type fieldTarget struct {
	field, name string
	module      string
	config      module.Config
	keep        bool // config has the hint that was shown: keep the target
}

// PlanFields checks a change of fields. It returns apply, which makes the change inside the
// transaction that changes the product or group, and warnings about the addresses. The caller must
// have checked the right to edit.
func (s *Service) PlanFields(
	ctx context.Context, actor authz.Actor, c FieldsChange,
) (apply func(tx *models.Tx, o models.Owner) error, warnings []string, err error) {
	wants, warnings, err := s.wantFields(ctx, c, fieldForm{})
	apply = func(tx *models.Tx, o models.Owner) error { return s.applyFields(tx, actor, o, wants, c.KeepWaiting) }
	return apply, warnings, err
}

// fieldForm is what the fields of one form have in common.
type fieldForm struct {
	prefix     string // of the fields' names
	namePrefix string // of the connections' names
}

func (s *Service) wantFields(
	ctx context.Context, c FieldsChange, form fieldForm,
) (wants map[string][]fieldTarget, warnings []string, err error) {
	var fieldErrs fault.Fields
	wants = map[string][]fieldTarget{}
	if c.EmailTo != nil {
		w := fieldTarget{field: form.prefix + fieldEmail, name: form.namePrefix + "Email", module: "email"}
		wants[w.field] = s.wantMail(w, *c.EmailTo, &fieldErrs)
	}
	for _, f := range []struct {
		field, name, module string
		value               *string
	}{{fieldTeams, "Microsoft Teams", "teams", c.MSTeams}, {fieldSlack, "Slack", "slack", c.Slack}} {
		if f.value != nil {
			w := fieldTarget{field: form.prefix + f.field, name: form.namePrefix + f.name, module: f.module}
			list, warning := s.wantWebhook(ctx, w, strings.TrimSpace(*f.value), &fieldErrs)
			wants[w.field] = list
			if warning != "" {
				warnings = append(warnings, w.name+": "+warning)
			}
		}
	}
	return wants, warnings, fieldErrs.Err()
}

func (s *Service) wantMail(w fieldTarget, list string, fieldErrs *fault.Fields) []fieldTarget {
	wants, seen := []fieldTarget{}, map[string]bool{}
	for _, address := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ';' || r == '\n' }) {
		address = strings.TrimSpace(address)
		if address == "" || seen[strings.ToLower(address)] {
			continue
		}
		seen[strings.ToLower(address)] = true
		config, err := s.prepareFor("email", module.Config{"to": address})
		if err != nil {
			fieldErrs.Add(w.field, fmt.Sprintf("%q: %s", address, reason(err)))
			return nil
		}
		w.config = config
		wants = append(wants, w)
	}
	if len(wants) > maxAddresses {
		fieldErrs.Add(w.field, fmt.Sprintf("At most %d addresses", maxAddresses))
	}
	return wants
}

// wantWebhook plans a field that holds a URL. Any other text can be the hint that was shown:
// applyFields finds out.
func (s *Service) wantWebhook(
	ctx context.Context, w fieldTarget, value string, fieldErrs *fault.Fields,
) (wants []fieldTarget, warning string) {
	if value == "" {
		return []fieldTarget{}, ""
	}
	if !strings.Contains(value, "://") {
		w.keep, w.config = true, module.Config{"url": value}
		return []fieldTarget{w}, ""
	}
	config, err := s.prepareFor(w.module, module.Config{"url": value})
	if err != nil {
		fieldErrs.Add(w.field, reason(err))
		return nil, ""
	}
	w.config = config
	return []fieldTarget{w}, s.warn(ctx, config["url"])
}

func (s *Service) prepareFor(name string, c module.Config) (module.Config, error) {
	m, ok := s.modules.Get(name)
	if !ok {
		return nil, fault.New(fault.Invalid, "Unknown module "+name)
	}
	return m.Prepare(c)
}

// reason returns what a module finds wrong with a configuration.
func reason(err error) string {
	if list := fault.FieldsOf(err); len(list) > 0 {
		return list[0].Message
	}
	return err.Error()
}
