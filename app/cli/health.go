package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// healthTime bounds the request.
const healthTime = 5 * time.Second

// healthCmd checks whether a server can do its work, for images without curl.
type healthCmd struct {
	URL string `env:"GATECRIER_URL" help:"The URL of the server. Default: from GATECRIER_LISTEN, on this host."`
}

// Run returns an error unless the server is ready.
func (c healthCmd) Run(in *invocation) error {
	address := c.URL
	if address == "" {
		var err error
		if address, err = ownAddress(); err != nil {
			return err
		}
	}
	if err := checkAddress(address); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(in.ctx, healthTime)
	defer cancel()
	target := strings.TrimSuffix(address, "/") + "/readyz"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return fmt.Errorf("--url: %w", err)
	}
	res, err := new(http.Client).Do(req)
	if err != nil {
		return networkError(err, req.URL, healthTime)
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, 200))
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return err
	}
	answer := strings.TrimSpace(string(text))
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s (%s)", answer, res.Status)
	}
	_, err = fmt.Fprintln(in.stdout, answer)
	return err
}

// ownAddress returns the URL of a server with this environment. It uses loopback for a server that
// listens on all addresses.
func ownAddress() (string, error) {
	config, err := env.ParseAs[struct {
		Listen string `env:"GATECRIER_LISTEN" envDefault:"127.0.0.1:8080"`
	}]()
	if err != nil {
		return "", err
	}
	host, port, err := net.SplitHostPort(config.Listen)
	if err != nil {
		return "", fmt.Errorf("GATECRIER_LISTEN: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port), nil
}
