package account

import (
	"crypto/rand"
	"net/http"

	"gatecrier/models"
)

// newDevice returns the secret of a device, 260 random bits. The database has only its hash: that
// proves it as a signature would, lasts when keys are rotated, and can be forgotten.
func newDevice() string { return rand.Text() + rand.Text() }

// remember stores that a user has signed in from a client, whose device has a new secret.
func remember(tx *models.Tx, userID int64, from Client, device string) error {
	if network := networkOf(from.Address); network != "" {
		if err := tx.Remember(userID, models.KnownNetwork, network); err != nil {
			return err
		}
	}
	if from.Device != "" { // a cookie that an attacker has planted is worth nothing after this
		if err := tx.RenameDevice(hashed(from.Device), hashed(device)); err != nil {
			return err
		}
	}
	return tx.Remember(userID, models.KnownDevice, hashed(device))
}

// deviceCookie returns the name of the cookie of a device. Browsers accept the prefix only over
// HTTPS and from this very host.
func (s *Sessions) deviceCookie() string {
	if s.Cookie.Secure {
		return "__Host-gatecrier_device"
	}
	return "gatecrier_device"
}

// Device returns the secret in a request's cookie, "" if it has none.
func (s *Sessions) Device(r *http.Request) string {
	c, err := r.Cookie(s.deviceCookie())
	if err != nil || len(c.Value) > 100 {
		return ""
	}
	return c.Value
}

// SetDevice sets the cookie that makes a browser a known device.
func (s *Sessions) SetDevice(w http.ResponseWriter, device string) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // without HTTPS, a secure cookie would not be kept
		Name:     s.deviceCookie(),
		Value:    device,
		Path:     "/",
		MaxAge:   int(models.KnownTime.Seconds()),
		HttpOnly: true,
		Secure:   s.Cookie.Secure,
		SameSite: http.SameSiteLaxMode,
	})
}
