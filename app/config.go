package app

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/caarlos0/env/v11"

	"gatecrier/app/outbound"
	"gatecrier/models"
)

// Config is the configuration that the program needs before it opens the database. It comes from
// the environment; the README lists the variables.
type Config struct {
	Listen            string `env:"GATECRIER_LISTEN" envDefault:"127.0.0.1:8080"`
	DataDir           string `env:"GATECRIER_DATA_DIR" envDefault:"./data"`
	DatabaseURL       string `env:"GATECRIER_DATABASE_URL"`
	SecretKey         string `env:"GATECRIER_SECRET_KEY"`
	SecretKeyFile     string `env:"GATECRIER_SECRET_KEY_FILE"`
	AdminUser         string `env:"GATECRIER_ADMIN_USER" envDefault:"admin"`
	AdminEmail        string `env:"GATECRIER_ADMIN_EMAIL"`
	AdminPassword     string `env:"GATECRIER_ADMIN_PASSWORD"`
	AdminPasswordFile string `env:"GATECRIER_ADMIN_PASSWORD_FILE"`
	BaseURL           string `env:"GATECRIER_BASE_URL"`
	AllowNetworks     string `env:"GATECRIER_ALLOW_NETWORKS"`
	TrustedProxies    string `env:"GATECRIER_TRUSTED_PROXIES"`
	LogFormat         string `env:"GATECRIER_LOG_FORMAT"`
	LogLevel          string `env:"GATECRIER_LOG_LEVEL" envDefault:"info"`
}

// ReadConfig reads and checks the environment.
func ReadConfig() (Config, error) {
	c, err := env.ParseAs[Config]()
	if err != nil {
		return Config{}, fmt.Errorf("read the environment: %w", err)
	}
	return c, c.Check()
}

// Level returns the lowest level that is logged.
func (c Config) Level() (slog.Level, error) {
	var l slog.Level
	err := l.UnmarshalText([]byte(c.LogLevel))
	return l, err
}

func (c Config) allow() (outbound.Allow, error) { return outbound.ParseAllow(c.AllowNetworks) }

func (c Config) databaseURL() string {
	if c.DatabaseURL != "" {
		return c.DatabaseURL
	}
	return "sqlite:" + filepath.Join(c.DataDir, "gatecrier.db")
}

// FindDatabase returns an error if the database is a SQLite file that does not exist.
func (c Config) FindDatabase() error {
	file := models.File(c.databaseURL())
	if file == "" {
		return nil
	}
	_, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no database at %s: start gatecrier serve first, or set GATECRIER_DATA_DIR", file)
	}
	return err
}

// FindDirectory returns an error if the database is a SQLite file in a directory that does not exist.
func (c Config) FindDirectory() error {
	file := models.File(c.databaseURL())
	if _, err := os.Stat(filepath.Dir(file)); err == nil {
		return nil
	}
	return c.FindDatabase()
}

func (c Config) initialFile() string { return filepath.Join(c.DataDir, "initial-password") }

// files returns the files of the installation, some of which can be missing.
func (c Config) files() []string {
	list := []string{c.initialFile(), filepath.Join(c.DataDir, keyFileName)}
	for _, name := range []string{c.keyPath(), c.AdminPasswordFile} {
		if name != "" {
			list = append(list, name)
		}
	}
	database := models.File(c.databaseURL())
	if database == "" {
		return list
	}
	names := []string{database}
	if real, err := filepath.EvalSymlinks(database); err == nil && real != database {
		names = append(names, real)
	}
	for _, name := range names {
		for _, suffix := range []string{"", "-wal", "-shm", "-journal", ".lock", ".migrating"} {
			list = append(list, name+suffix)
		}
	}
	return list
}

// adminPassword returns the configured password of the first administrator, "" if the program
// should create one.
func (c Config) adminPassword() (string, error) {
	if c.AdminPassword != "" || c.AdminPasswordFile == "" {
		return c.AdminPassword, nil
	}
	content, err := os.ReadFile(c.AdminPasswordFile)
	if err != nil {
		return "", err
	}
	password := strings.TrimRight(string(content), "\r\n")
	if password == "" {
		return "", errors.New("the file " + c.AdminPasswordFile + " is empty")
	}
	return password, nil
}

func (c Config) proxies() []string {
	var list []string
	for _, p := range strings.Split(c.TrustedProxies, ",") {
		if p = strings.TrimSpace(p); p != "" {
			list = append(list, p)
		}
	}
	return list
}

// origins returns the origins that browsers can send from, besides the request's own host.
func (c Config) origins() []string {
	u, err := url.Parse(c.BaseURL)
	if err != nil || u.Host == "" {
		return nil
	}
	return []string{u.Scheme + "://" + u.Host}
}

// secure reports whether users reach the program only over HTTPS.
func (c Config) secure() bool { return strings.HasPrefix(c.BaseURL, "https://") }
