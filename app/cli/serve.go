package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"gatecrier/app"
)

// stopTime bounds the wait for requests when the server stops.
const stopTime = 15 * time.Second

type serveCmd struct{}

// Help lists the environment variables.
func (serveCmd) Help() string {
	return "Environment: GATECRIER_LISTEN (127.0.0.1:8080), GATECRIER_DATA_DIR (./data), " +
		"GATECRIER_DATABASE_URL, GATECRIER_SECRET_KEY or\nGATECRIER_SECRET_KEY_FILE, " +
		"GATECRIER_ADMIN_USER, GATECRIER_ADMIN_EMAIL, " +
		"GATECRIER_ADMIN_PASSWORD or GATECRIER_ADMIN_PASSWORD_FILE,\n" +
		"GATECRIER_BASE_URL, GATECRIER_ALLOW_NETWORKS, GATECRIER_TRUSTED_PROXIES, " +
		"GATECRIER_LOG_FORMAT, GATECRIER_LOG_LEVEL."
}

// Run serves until a signal or an error of the server.
func (serveCmd) Run(in *invocation) error {
	config, err := app.ReadConfig()
	if err != nil {
		return err
	}
	log, err := in.logger(config)
	if err != nil {
		return err
	}
	for _, v := range unknownVariables(os.Environ()) {
		log.Warn("unknown environment variable", "variable", v.name, "nearest", v.nearest)
	}
	a, err := app.New(in.ctx, app.Options{
		Config:   config,
		Log:      log,
		Now:      time.Now,
		Stderr:   in.stderr,
		Terminal: in.terminal,
	})
	if err != nil {
		return err
	}
	if err := a.Start(in.ctx); err != nil {
		return errors.Join(err, a.Close())
	}
	select {
	case <-in.ctx.Done():
		log.Info("stopping")
	case err = <-a.Failed():
		err = fmt.Errorf("serve: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(in.ctx), stopTime)
	defer cancel()
	err = errors.Join(err, a.Stop(ctx))
	log.Info("stopped")
	return err
}
