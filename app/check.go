package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"gatecrier/app/account"
	"gatecrier/app/secret"
	"gatecrier/app/settings"
	"gatecrier/models"
)

// Check returns an error that names the first variable with an unusable value. It writes
// nothing.
func (c Config) Check() error {
	for _, check := range []struct {
		variable string
		err      error
	}{
		{"GATECRIER_LISTEN", c.checkListen()},
		{"GATECRIER_DATABASE_URL", models.CheckURL(c.databaseURL())},
		{"GATECRIER_SECRET_KEY", c.checkSecretKey()},
		{"GATECRIER_ADMIN_USER", checkName(c.AdminUser)},
		{"GATECRIER_ADMIN_EMAIL", checkEmail(c.AdminEmail)},
		{c.passwordVariable(), c.checkPassword()},
		{"GATECRIER_BASE_URL", c.checkBaseURL()},
		{"GATECRIER_ALLOW_NETWORKS", c.checkNetworks()},
		{"GATECRIER_TRUSTED_PROXIES", c.checkProxies()},
		{"GATECRIER_LOG_LEVEL", c.checkLevel()},
		{"GATECRIER_LOG_FORMAT", c.checkFormat()},
	} {
		if check.err != nil {
			return fmt.Errorf("%s: %w", check.variable, check.err)
		}
	}
	return nil
}

func (c Config) checkListen() error {
	_, port, err := net.SplitHostPort(c.Listen)
	if err == nil {
		_, err = new(net.Resolver).LookupPort(context.Background(), "tcp", port)
	}
	if err != nil {
		return fmt.Errorf("%q is not HOST:PORT, such as 127.0.0.1:8080", c.Listen)
	}
	return nil
}

func (c Config) checkSecretKey() error {
	if c.SecretKey == "" {
		return nil
	}
	_, err := secret.ParseKeys(c.SecretKey)
	return err
}

func checkName(name string) error {
	if !account.ValidName(strings.TrimSpace(name)) {
		return errors.New("must have 1 to 150 characters, no control characters")
	}
	return nil
}

func checkEmail(address string) error {
	if address != "" && !account.ValidEmail(address) {
		return fmt.Errorf("%q is not an email address", address)
	}
	return nil
}

func (c Config) passwordVariable() string {
	if c.AdminPassword == "" && c.AdminPasswordFile != "" {
		return "GATECRIER_ADMIN_PASSWORD_FILE"
	}
	return "GATECRIER_ADMIN_PASSWORD"
}

func (c Config) checkPassword() error {
	password, err := c.adminPassword()
	if err != nil || password == "" {
		return err
	}
	minLength, name := settings.DefaultUsers().PasswordMinLength, strings.TrimSpace(c.AdminUser)
	if reason := account.WrongPassword(password, minLength, name, c.AdminEmail); reason != "" {
		return errors.New(reason)
	}
	return nil
}

func (c Config) checkBaseURL() error {
	if c.BaseURL == "" {
		return nil
	}
	if u, err := url.Parse(c.BaseURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%q is not an http or https URL", c.BaseURL)
	}
	return nil
}

func (c Config) checkNetworks() error {
	_, err := c.allow()
	return err
}

func (c Config) checkProxies() error {
	for _, proxy := range c.proxies() {
		if _, _, err := net.ParseCIDR(proxy); err != nil && net.ParseIP(proxy) == nil {
			return fmt.Errorf("%q is neither an address nor a network", proxy)
		}
	}
	return nil
}

func (c Config) checkLevel() error {
	if _, err := c.Level(); err != nil {
		return errors.New("must be debug, info, warn or error")
	}
	return nil
}

func (c Config) checkFormat() error {
	switch c.LogFormat {
	case "", "text", "json":
		return nil
	}
	return errors.New("must be text or json")
}
