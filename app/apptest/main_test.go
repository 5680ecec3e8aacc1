package apptest_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gatecrier/app"
	"gatecrier/app/apptest"
	"gatecrier/app/cli"
)

// serveEnv makes the test binary the program itself, for tests that kill it. aheadEnv sets how far
// its clock is ahead. Each SIGUSR1 moves it by leap, so that the leases of a killed process expire
// without waiting; SIGUSR2 sets it back by wayAhead. commandEnv has the arguments of another command,
// one a line.
const (
	serveEnv   = "GATECRIER_TEST_SERVE"
	aheadEnv   = "GATECRIER_TEST_AHEAD"
	commandEnv = "GATECRIER_TEST_COMMAND"
	leap       = 31 * time.Second
	wayAhead   = 24 * time.Hour
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(aheadEnv) != "":
		fmt.Fprintln(os.Stderr, serveAhead(os.Getenv(aheadEnv)))
		os.Exit(1)
	case os.Getenv(commandEnv) != "":
		os.Exit(cli.Main(strings.Split(os.Getenv(commandEnv), "\n"), os.Stdout, os.Stderr))
	case os.Getenv(serveEnv) != "":
		os.Exit(cli.Main([]string{"serve"}, os.Stdout, os.Stderr))
	}
	os.Exit(apptest.Main(m))
}

// serveAhead runs the command "serve" with its own clock until the process is killed.
func serveAhead(by string) error {
	start, err := time.ParseDuration(by)
	if err != nil {
		return err
	}
	var ahead atomic.Int64
	ahead.Store(int64(start))
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGUSR2)
	go func() {
		for s := range signals {
			if s == syscall.SIGUSR2 {
				ahead.Add(-int64(wayAhead))
			} else {
				ahead.Add(int64(leap))
			}
		}
	}()
	config, err := app.ReadConfig()
	if err != nil {
		return err
	}
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	a, err := app.New(context.Background(),
		app.Options{Config: config, Log: slog.New(slog.NewJSONHandler(os.Stderr, nil)), Now: now, Stderr: os.Stderr})
	if err != nil {
		return err
	}
	if err := a.Start(context.Background()); err != nil {
		return err
	}
	return <-a.Failed()
}
