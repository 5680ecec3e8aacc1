package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// member is the user who reads the measured inbox.
const member = "bench-member"

// A world is a Gatecrier with products, tokens and a full inbox, the limit beside it, and the
// receiver of both.
type world struct {
	options
	report *report

	dir      string
	database *database
	gate     *process
	limit    *process
	hooks    *receiver

	api      api
	password string // of the member
	quiet    *products
	loud     *products // have a target
}

// products are those of one kind. The gate of each is failed or passed; a caller that changes it
// owns it during a load.
type products struct {
	ids    []int64
	failed []bool
}

// newWorld starts both servers and fills their databases.
func newWorld(o options, r *report) (w *world, err error) {
	w = &world{options: o, report: r, quiet: &products{}, loud: &products{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if w.dir, err = os.MkdirTemp("", "gatecrier-bench-"); err != nil {
		return w, err
	}
	if w.database, err = newDatabase(o.postgres, w.dir); err != nil {
		return w, err
	}
	if w.hooks, err = newReceiver(); err != nil {
		return w, err
	}
	if err := w.startGate(); err != nil {
		return w, err
	}
	if err := w.setUp(); err != nil {
		return w, fmt.Errorf("set up: %w", err)
	}
	if err := w.gate.stop(); err != nil {
		return w, err
	}
	w.gate = nil
	if err := w.database.fill(o.rows); err != nil {
		return w, fmt.Errorf("fill the inbox: %w", err)
	}
	if err := w.startLimit(o.rows); err != nil {
		return w, err
	}
	if err := w.startGate(); err != nil {
		return w, err
	}
	return w, nil
}

var logged = regexp.MustCompile(`"msg":"listening","address":"([^"]+)"`)

func (w *world) environment() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.Getenv("TMPDIR"),
		"GATECRIER_LISTEN=127.0.0.1:0", "GATECRIER_DATA_DIR=" + filepath.Join(w.dir, "data"),
		"GATECRIER_DATABASE_URL=" + w.database.url, "GATECRIER_ADMIN_PASSWORD=a long benchmark password",
		"GATECRIER_ALLOW_NETWORKS=127.0.0.0/8", "GATECRIER_LOG_FORMAT=json",
	}
}

func (w *world) startGate() error {
	cmd := exec.Command(w.binary, "serve")
	cmd.Env = w.environment()
	var err error
	if w.gate, err = start(cmd, cmd.StderrPipe, logged); err == nil {
		w.api.address = w.gate.address
	}
	return err
}

// startLimit starts the limit; rows is 0 if its database exists.
func (w *world) startLimit(rows int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, "limit", "-dir", w.dir, "-hook", w.hooks.url, "-rows", fmt.Sprint(rows))
	w.limit, err = start(cmd, cmd.StdoutPipe, regexp.MustCompile(`^(127\.0\.0\.1:\d+)$`))
	return err
}

// setUp makes a token, products with and without a target, and the member.
func (w *world) setUp() error {
	cmd := exec.Command(w.binary, "token", "create", "--user", "admin", "--name", "bench")
	cmd.Env = w.environment()
	token, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("create a token: %w", err)
	}
	w.api.token = strings.TrimSpace(string(token))
	version, err := exec.Command(w.binary, "version").Output()
	if err != nil {
		return fmt.Errorf("version: %w", err)
	}
	w.report.Version, _, _ = strings.Cut(string(version), "\n")
	group, err := w.api.create("/groups", map[string]any{"name": "loud"})
	if err != nil {
		return err
	}
	if _, err := w.api.create(fmt.Sprintf("/groups/%d/targets", group), map[string]any{
		"module": "webhook", "name": "bench", "config": map[string]string{"url": w.hooks.url},
	}); err != nil {
		return err
	}
	for i := range w.options.products {
		if err := w.quiet.add(w.api, map[string]any{"name": fmt.Sprintf("quiet %d", i)}); err != nil {
			return err
		}
		if err := w.loud.add(w.api, map[string]any{"name": fmt.Sprintf("loud %d", i), "group_id": group}); err != nil {
			return err
		}
	}
	var user struct{ Password string }
	err = w.api.do("POST", "/users", map[string]any{"name": member, "email": member + "@example.com"}, &user)
	w.password = user.Password
	return errors.Join(err, w.evaluateAll())
}

// add creates a product.
func (p *products) add(a api, body map[string]any) error {
	id, err := a.create("/products", body)
	p.ids, p.failed = append(p.ids, id), append(p.failed, false)
	return err
}

// evaluateAll lets every gate pass, so that the next counts can change it.
func (w *world) evaluateAll() error {
	for _, p := range []*products{w.quiet, w.loud} {
		for _, id := range p.ids {
			if p == w.loud {
				w.hooks.sending(id)
			}
			if err := w.api.do("PUT", fmt.Sprintf("/products/%d/counts", id), counts(false), nil); err != nil {
				return err
			}
		}
	}
	if _, _, problem := w.hooks.settle(); problem != "" {
		return errors.New(problem)
	}
	return nil
}

// close stops everything and removes it.
func (w *world) close() error {
	var errs []error
	for _, p := range []*process{w.gate, w.limit} {
		if p != nil {
			errs = append(errs, p.stop())
		}
	}
	if w.hooks != nil {
		errs = append(errs, w.hooks.server.Close())
	}
	if w.database != nil {
		errs = append(errs, w.database.drop())
	}
	return errors.Join(append(errs, os.RemoveAll(w.dir))...)
}
