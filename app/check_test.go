package app_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatecrier/app"
	"gatecrier/app/account"
	"gatecrier/models/modelstest"
)

func config() app.Config {
	return app.Config{Listen: "127.0.0.1:0", DataDir: "data", AdminUser: "admin", LogLevel: "info"}
}

func TestCheckNamesTheVariable(t *testing.T) {
	empty, short := filepath.Join(t.TempDir(), "empty"), filepath.Join(t.TempDir(), "short")
	for path, content := range map[string]string{empty: "\n", short: "hunter2\n"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		variable string
		change   func(c *app.Config)
	}{
		{"", func(*app.Config) {}},
		{"GATECRIER_LISTEN", func(c *app.Config) { c.Listen = "nonsense" }},
		{"GATECRIER_LISTEN", func(c *app.Config) { c.Listen = "127.0.0.1:70000" }},
		{"GATECRIER_LISTEN", func(c *app.Config) { c.Listen = "" }},
		{"", func(c *app.Config) { c.Listen = ":http" }},
		{"", func(c *app.Config) { c.Listen = "[::1]:8080" }},
		{"GATECRIER_DATABASE_URL", func(c *app.Config) { c.DatabaseURL = "mysql://root:hunter2@db/x" }},
		{"GATECRIER_SECRET_KEY", func(c *app.Config) { c.SecretKey = "hunter2" }},
		{"GATECRIER_ADMIN_USER", func(c *app.Config) { c.AdminUser = " " }},
		{"GATECRIER_ADMIN_EMAIL", func(c *app.Config) { c.AdminEmail = "nobody" }},
		{"GATECRIER_ADMIN_PASSWORD", func(c *app.Config) { c.AdminPassword = "hunter2" }},
		{"GATECRIER_ADMIN_PASSWORD_FILE", func(c *app.Config) { c.AdminPasswordFile = short }},
		{"GATECRIER_ADMIN_PASSWORD_FILE", func(c *app.Config) { c.AdminPasswordFile = empty }},
		{"GATECRIER_ADMIN_PASSWORD_FILE", func(c *app.Config) { c.AdminPasswordFile = empty + "/none" }},
		{"GATECRIER_BASE_URL", func(c *app.Config) { c.BaseURL = "gatecrier.example" }},
		{"GATECRIER_ALLOW_NETWORKS", func(c *app.Config) { c.AllowNetworks = "not a network!" }},
		{"GATECRIER_TRUSTED_PROXIES", func(c *app.Config) { c.TrustedProxies = "10.0.0.1, abc" }},
		{"GATECRIER_TRUSTED_PROXIES", func(c *app.Config) { c.TrustedProxies = "10.0.0.0/99" }},
		{"", func(c *app.Config) { c.TrustedProxies = "10.0.0.1, 10.0.0.0/8, ::1, fd00::/8," }},
		{"GATECRIER_LOG_LEVEL", func(c *app.Config) { c.LogLevel = "loud" }},
		{"GATECRIER_LOG_FORMAT", func(c *app.Config) { c.LogFormat = "xml" }},
	} {
		c := config()
		test.change(&c)
		err := c.Check()
		if test.variable == "" && err != nil ||
			test.variable != "" && !strings.HasPrefix(fmt.Sprint(err), test.variable+": ") {
			t.Errorf("want %q: %v", test.variable, err)
		}
		if strings.Contains(fmt.Sprint(err), "hunter2") {
			t.Errorf("a secret is shown: %v", err)
		}
	}
}

// Check accepts the same first administrators as the accounts do.
func TestCheckAgreesWithAccounts(t *testing.T) {
	accounts := account.New(account.Parts{Store: modelstest.SQLite(t), Log: slog.New(slog.DiscardHandler)})
	good := account.NewUser{Name: "eve", Email: "eve@example.com", Password: strings.Repeat("p", 10)}
	for i, change := range []func(u *account.NewUser){
		func(*account.NewUser) {},
		func(u *account.NewUser) { u.Email = "" },
		func(u *account.NewUser) { u.Email = "Eve <eve@example.com>" },
		func(u *account.NewUser) { u.Name = "" },
		func(u *account.NewUser) { u.Name = "a\nb" },
		func(u *account.NewUser) { u.Name = "a\xffb" },
		func(u *account.NewUser) { u.Name = strings.Repeat("é", 150) },
		func(u *account.NewUser) { u.Name = strings.Repeat("é", 151) },
		func(u *account.NewUser) { u.Password = strings.Repeat("é", 9) },
		func(u *account.NewUser) { u.Password = strings.Repeat("é", 256) },
		func(u *account.NewUser) { u.Password = strings.Repeat("é", 257) },
	} {
		u := good
		u.Name = fmt.Sprintf("eve %d", i)
		change(&u)
		c := config()
		c.AdminUser, c.AdminEmail, c.AdminPassword = u.Name, u.Email, u.Password
		_, refused := accounts.Create(t.Context(), u)
		if err := c.Check(); (err == nil) != (refused == nil) {
			t.Errorf("%d: Check says %v, an account %v", i, err, refused)
		}
	}
}
