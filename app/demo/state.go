package demo

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
)

// state is the state of a demo outside its database. Its file marks the directory of a demo.
type state struct {
	MailPort string            `json:"mail_port"`
	HTTPPort string            `json:"http_port"`
	Secrets  map[string]string `json:"secrets"` // of webhooks, by path
	Guided   int64             `json:"guided"`  // the product of the guided page
	Password string            `json:"password"`
}

const stateFile = "demo.json"

// openState reads the state of a directory. isNew reports that the directory is empty or missing.
func openState(dir string) (s state, isNew bool, err error) {
	s = state{MailPort: "0", HTTPPort: "0", Secrets: map[string]string{}, Password: rand.Text()}
	text, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err == nil {
		s.Password = "" // not kept by older versions
		if err := json.Unmarshal(text, &s); err != nil {
			return s, false, fmt.Errorf("read %s: %w", filepath.Join(dir, stateFile), err)
		}
		return s, false, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return s, false, err
	}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(entries) == 0:
		return s, true, nil
	case err != nil:
		return s, false, err
	}
	return s, false, fmt.Errorf(
		"%s is not empty, and has no complete demo: "+
			"name another directory with --data-dir, or delete it",
		dir,
	)
}

func (s state) save(dir string) error {
	text, err := json.MarshalIndent(s, "", "  ") //nolint:gosec // G117: a file of the user alone
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, stateFile), text, 0o600)
}

// onLoopback returns an error for an address that other machines could reach.
func onLoopback(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	if addr, err := netip.ParseAddr(host); err != nil || !addr.IsLoopback() {
		return fmt.Errorf("--listen: the demo is for this machine alone: an address such as 127.0.0.1:8080, not %s", listen)
	}
	return nil
}
