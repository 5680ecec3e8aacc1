package connection

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"gatecrier/app/fault"
	"gatecrier/app/module"
	"gatecrier/models"
)

// keepsSecrets refuses a change by which a stored secret would be sent to another URL than the one it
// was entered for, unless the change enters the secret again.
func keepsSecrets(d module.Descriptor, was, next, change module.Config) error {
	fields := map[string]module.Field{}
	for _, f := range d.Fields {
		fields[f.Name] = f
	}
	var fieldErrs fault.Fields
	for _, f := range d.Fields {
		moved := f.SentTo != "" && was[f.Name] != "" && was[f.SentTo] != strings.TrimSpace(next[f.SentTo])
		if moved && strings.TrimSpace(change[f.Name]) == "" {
			stored := hostOf(cmp.Or(was[f.SentTo], fields[f.SentTo].Placeholder))
			fieldErrs.Add(f.Name, "Enter the "+strings.ToLower(f.Label)+" again: it was stored for "+stored)
		}
	}
	return fieldErrs.Err()
}

// hostOf returns the host of a URL, or the text itself if it is none.
func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return text
	}
	return u.Host
}

// ReplacesSecret reports whether a change of a connection's configuration replaces one of its stored secrets.
func (s *Service) ReplacesSecret(c models.Connection, change module.Config) (bool, error) {
	m, ok := s.modules.Get(c.Module)
	if !ok || len(change) == 0 {
		return false, nil
	}
	was, err := s.Open(c)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(m.Descriptor().Fields, func(f module.Field) bool {
		typed := strings.TrimSpace(change[f.Name])
		return f.Secret && typed != "" && typed != was[f.Name]
	}), nil
}
