package settings

import (
	"context"
	"encoding/json"
	"fmt"

	"gatecrier/models"
)

// Load reads all settings.
func (s *Service) Load(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, err := s.store.Settings(ctx)
	if err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	next := &snapshot{values: map[string]map[string]any{}, rows: map[string]models.Setting{}}
	for _, row := range rows {
		next.version += row.Version
		if row.Section == refreshTokenRow {
			if next.refresh, err = s.decodeRefreshToken(row); err != nil {
				return err
			}
			next.rows[row.Section] = row
			continue
		}
		values, err := s.decode(row)
		if err != nil {
			return err
		}
		next.values[row.Section], next.rows[row.Section] = values, row
	}
	before := s.current.Swap(next)
	if before.version != next.version {
		for _, fn := range s.changed {
			fn()
		}
	}
	return nil
}

// Refresh reads the settings again if another instance or the command line has changed them.
func (s *Service) Refresh(ctx context.Context) error {
	version, err := s.store.SettingsVersion(ctx)
	if err != nil || version == s.current.Load().version {
		return err
	}
	return s.Load(ctx)
}

// decode decodes the values of a stored section. It leaves out a value that its field no longer
// accepts, so that the default applies.
func (s *Service) decode(row models.Setting) (map[string]any, error) {
	stored := map[string]any{}
	if err := json.Unmarshal([]byte(row.Body), &stored); err != nil {
		return nil, fmt.Errorf("decode settings %s: %w", row.Section, err)
	}
	text, err := s.ring.Open(row.SecretsPlace(), row.Secrets)
	if err != nil {
		return nil, err
	}
	if text != "" {
		if err := json.Unmarshal([]byte(text), &stored); err != nil {
			return nil, fmt.Errorf("decode %s", row.SecretsPlace()) // the cause could contain the secrets
		}
	}
	return s.accepted(row.Section, stored), nil
}

// ReadUsers reads the settings of accounts for the command line. It needs no key, because that
// section has no secrets.
func ReadUsers(ctx context.Context, store *models.Store) (Users, error) {
	s := New(store, nil, []Section{usersSection()})
	rows, err := store.Settings(ctx)
	if err != nil {
		return Users{}, fmt.Errorf("read settings: %w", err)
	}
	current := &snapshot{values: map[string]map[string]any{}}
	for _, row := range rows {
		if row.Section != SectionUsers {
			continue
		}
		if current.values[row.Section], err = s.decodeOpen(row); err != nil {
			return Users{}, err
		}
	}
	s.current.Store(current)
	return s.Users(), nil
}

// decodeOpen decodes the values of a stored section without secrets.
func (s *Service) decodeOpen(row models.Setting) (map[string]any, error) {
	stored := map[string]any{}
	if err := json.Unmarshal([]byte(row.Body), &stored); err != nil {
		return nil, fmt.Errorf("decode settings %s: %w", row.Section, err)
	}
	return s.accepted(row.Section, stored), nil
}

// accepted returns the stored values that their fields still accept.
func (s *Service) accepted(name string, stored map[string]any) map[string]any {
	values := map[string]any{}
	section, _ := s.Section(name)
	for name, value := range stored {
		f, ok := section.Field(name)
		if !ok {
			continue
		}
		if v, reason := f.accept(value); reason == "" {
			values[name] = v
		}
	}
	return values
}
