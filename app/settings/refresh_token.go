package settings

import (
	"context"
	"encoding/json"
	"fmt"

	"gatecrier/models"
)

// refreshTokenRow is the row of the mail server's current refresh token. It has a row of its own
// so that a token which the endpoint replaces does not outdate an administrator's open form.
const refreshTokenRow = "mail_refresh_token"

// refreshToken is the token that the endpoint has issued instead of the configured one.
type refreshToken struct {
	Configured string `json:"configured"`
	Current    string `json:"current"`
}

// of returns the current refresh token. Once an administrator saves another one, that is current.
func (t refreshToken) of(configured string) string {
	if t.Current != "" && t.Configured == configured {
		return t.Current
	}
	return configured
}

func (s *Service) decodeRefreshToken(row models.Setting) (refreshToken, error) {
	var t refreshToken
	text, err := s.ring.Open(row.SecretsPlace(), row.Secrets)
	if err != nil || text == "" {
		return t, err
	}
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return t, fmt.Errorf("decode %s", row.SecretsPlace()) // the cause could contain the token
	}
	return t, nil
}

// KeepRefreshToken stores, sealed, the refresh token that the endpoint has issued to the mail
// server's account instead of another one. It does nothing if that one is not current any more.
func (s *Service) KeepRefreshToken(ctx context.Context, instead, token string) error {
	if err := s.Load(ctx); err != nil { // another instance can have changed it
		return err
	}
	if s.Mail().OAuth.RefreshToken != instead {
		return nil
	}
	configured := s.values(SectionMail).text("smtp_oauth_refresh_token")
	text, err := json.Marshal(refreshToken{Configured: configured, Current: token})
	if err != nil {
		return fmt.Errorf("encode refresh token: %w", err)
	}
	row := s.current.Load().rows[refreshTokenRow]
	row.Section, row.Body, row.UpdatedBy = refreshTokenRow, "{}", ""
	if row.Secrets, err = s.ring.Seal(row.SecretsPlace(), string(text)); err != nil {
		return err
	}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		next := row
		return tx.SaveSetting(&next)
	})
	if err != nil {
		return err
	}
	return s.Load(ctx)
}
