package models

import (
	"context"
	"time"

	"gatecrier/app/fault"
	"gatecrier/app/secret"
)

// Setting is a section of the global settings as it is stored.
type Setting struct {
	Section   string
	Body      string      // JSON: the values that differ from the defaults
	Secrets   secret.Text // JSON: the secret values
	Version   int64       // grows with each change; 0 = never changed
	UpdatedBy string
	UpdatedAt time.Time
}

// SecretsPlace returns the path that a section's secrets are sealed for.
func (s Setting) SecretsPlace() string { return "settings/" + s.Section + "/secrets" }

const settingColumns = "section, body, secrets, version, updated_by, updated_at"

func (s *Setting) dst() []any {
	return []any{&s.Section, &s.Body, &s.Secrets, &s.Version, &s.UpdatedBy, timeTo(&s.UpdatedAt)}
}

// Settings reads all sections that were ever changed.
func (r queries) Settings(ctx context.Context) ([]Setting, error) {
	var list []Setting
	err := r.query(ctx, "SELECT "+settingColumns+" FROM settings ORDER BY section",
		nil, collect(&list, (*Setting).dst))
	return list, err
}

// SettingsVersion returns a number that differs after each change of any section.
func (r queries) SettingsVersion(ctx context.Context) (int64, error) {
	var sum int64
	err := r.get(ctx, "SELECT coalesce(sum(version), 0) FROM settings", nil, &sum)
	return sum, err
}

// SaveSetting writes a section if its version is still the one that was read, else it returns a
// conflict, and sets the new version.
func (tx *Tx) SaveSetting(s *Setting) error {
	was := s.Version
	s.Version, s.UpdatedAt = was+1, tx.Now()
	n, err := tx.exec(`
		INSERT INTO settings (`+settingColumns+`)
		VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (section) DO UPDATE SET body = excluded.body, secrets = excluded.secrets,
			version = excluded.version, updated_by = excluded.updated_by, updated_at = excluded.updated_at
		WHERE settings.version = ?`,
		s.Section, s.Body, s.Secrets, s.Version, s.UpdatedBy, micro(s.UpdatedAt), was)
	if err == nil && n == 0 {
		return fault.NewOutdated("Another user changed these settings in the meantime")
	}
	return err
}
