// Package cli has the commands. serve, migrate, user, token, backup, restore, copy, doctor, held and key
// work on the database; push, gate and health are clients of a running server.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"gatecrier/app"
	"gatecrier/app/account"
	"gatecrier/app/scrub"
	"gatecrier/app/settings"
	"gatecrier/models"
)

// The exit codes of the program.
const (
	exitOK     = 0
	exitError  = 1
	exitFailed = 2 // a gate failed
)

// commands are the commands of the program.
type commands struct {
	Serve   serveCmd   `cmd:"" help:"Run the server: pages, API, delivery."`
	Demo    demoCmd    `cmd:"" help:"Start a demo with sample products and a built-in receiver; nothing leaves this machine."`
	Push    pushCmd    `cmd:"" help:"Send scanner reports to a running Gatecrier, and show the security gate."`
	Gate    gateCmd    `cmd:"" help:"Show the security gate of a product."`
	Health  healthCmd  `cmd:"" help:"Check that a running Gatecrier is ready."`
	User    userCmd    `cmd:"" help:"Manage users (also while the server runs)."`
	Token   tokenCmd   `cmd:"" help:"Create API tokens (also while the server runs)."`
	Migrate migrateCmd `cmd:"" help:"Apply database migrations."`
	Backup  backupCmd  `cmd:"" help:"Create a backup (also while the server runs)."`
	Restore restoreCmd `cmd:"" help:"Restore a backup, while no server runs."`
	Copy    copyCmd    `cmd:"" help:"Copy all data from SQLite to PostgreSQL or back, while no server runs."`
	Doctor  doctorCmd  `cmd:"" help:"Check the installation (also while the server runs)."`
	Held    heldCmd    `cmd:"" help:"Show, send or cancel the messages that are held after a restore."`
	Key     keyCmd     `cmd:"" help:"Manage the encryption key."`
	Version versionCmd `cmd:"" help:"Show version and build information."`

	ShowVersion kong.VersionFlag `name:"version" help:"Show version and build information."`
}

// invocation is what a command runs with.
type invocation struct {
	ctx      context.Context
	stdin    io.Reader
	stdout   io.Writer
	stderr   io.Writer // can be used concurrently
	terminal bool      // stderr is one
	now      func() time.Time
	wait     func(ctx context.Context, d time.Duration) error // returns the error of a ctx that ends first
	random   func() float64                                   // from 0 to 1
}

// errGateFailed makes the program exit with exitFailed, without an error message.
var errGateFailed = errors.New("the gate failed")

// Main runs a command until a signal and returns its exit code: 0, 1 for an error, 2 for a failed
// gate. It writes an error to stderr in one line.
func Main(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return Run(ctx, args, stdout, stderr)
}

// exitCode is the panic value of kong's request to exit, after --help.
type exitCode int

// Run is Main with a context of the caller.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	in := &invocation{
		ctx:      ctx,
		stdin:    os.Stdin,
		stdout:   stdout,
		stderr:   &lockedWriter{w: stderr},
		terminal: isTerminal(stderr),
		now:      time.Now,
		wait:     sleep,
		random:   rand.Float64,
	}
	return in.run(args)
}

// sleep waits for a time, or until ctx ends, whose error it returns then.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// lockedWriter writes one text at a time.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

// Write writes a text.
func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// run runs the command of the arguments, and returns the exit code.
func (in *invocation) run(args []string) (code int) {
	defer func() {
		v := recover()
		if e, ok := v.(exitCode); ok {
			code = int(e)
		} else if v != nil {
			panic(v)
		}
	}()
	if len(args) == 0 {
		in.stdout = in.stderr
		in.run([]string{"--help"})
		return exitError
	}
	if args[0] == "help" {
		args = append(args[1:len(args):len(args)], "--help")
	}
	parser, err := kong.New(&commands{},
		kong.Name("gatecrier"),
		kong.Description("Imports scanner reports, evaluates security gates, and notifies when a gate changes."),
		kong.Vars{"version": versionText()},
		kong.Writers(in.stdout, in.stderr),
		kong.Exit(func(code int) { panic(exitCode(code)) }))
	if err != nil {
		return in.report(err)
	}
	k, err := parser.Parse(args)
	if err != nil {
		return in.report(err)
	}
	err = k.Run(in)
	if errors.Is(err, errGateFailed) {
		return exitFailed
	}
	if errors.Is(err, errProblems) {
		return exitError
	}
	if err != nil {
		return in.report(err)
	}
	return exitOK
}

// report writes an error in one line, or each of several problems in a line, and returns exitError.
func (in *invocation) report(err error) int {
	lines := []string{err.Error()}
	var several problems
	if errors.As(err, &several) {
		lines = several
	}
	for _, line := range lines {
		if err := in.complain(line); err != nil {
			return exitError
		}
	}
	return exitError
}

// complain writes a line to stderr.
func (in *invocation) complain(text string) error {
	_, err := fmt.Fprintln(in.stderr, "gatecrier: "+plain(text))
	return err
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// logger returns the log of a configuration. By default it is text on a terminal, else JSON.
func (in *invocation) logger(c app.Config) (*slog.Logger, error) {
	level, err := c.Level()
	if err != nil {
		return nil, err
	}
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: scrub.Attr}
	if c.LogFormat == "json" || c.LogFormat == "" && !in.terminal {
		return slog.New(slog.NewJSONHandler(in.stderr, options)), nil
	}
	return slog.New(slog.NewTextHandler(in.stderr, options)), nil
}

// quiet returns a log of warnings and errors only, for commands whose output programs read.
func (in *invocation) quiet() *slog.Logger {
	return slog.New(slog.NewTextHandler(in.stderr, &slog.HandlerOptions{Level: slog.LevelWarn, ReplaceAttr: scrub.Attr}))
}

// withAccounts opens the database for a command that runs beside the server. It does not create
// one: a database in a wrong directory would belong to no server.
func (in *invocation) withAccounts(fn func(*account.Service, *models.Store) error) error {
	config, err := app.ReadConfig()
	if err != nil {
		return err
	}
	if err := config.FindDatabase(); err != nil {
		return err
	}
	return in.withStore(config, func(store *models.Store) error {
		users, err := settings.ReadUsers(in.ctx, store)
		if err != nil {
			return err
		}
		return fn(account.New(account.Parts{
			Store: store,
			Log:   in.quiet(),
			Users: func() settings.Users { return users },
		}), store)
	})
}

// withStore opens and migrates the database.
func (in *invocation) withStore(config app.Config, fn func(*models.Store) error) error {
	store, err := app.OpenStore(in.ctx, app.Options{Config: config, Log: in.quiet(), Now: time.Now})
	if err != nil {
		return err
	}
	return errors.Join(fn(store), store.Close())
}

type migrateCmd struct{}

// Run migrates the database. It creates one only in a directory that exists: another name can be mistyped.
func (migrateCmd) Run(in *invocation) error {
	config, err := app.ReadConfig()
	if err != nil {
		return err
	}
	if err := config.FindDirectory(); err != nil {
		return err
	}
	return in.withStore(config, func(*models.Store) error {
		_, err := fmt.Fprintln(in.stdout, "The database is up to date.")
		return err
	})
}

type versionCmd struct{}

// Run shows the version.
func (versionCmd) Run(in *invocation) error {
	_, err := fmt.Fprintln(in.stdout, versionText())
	return err
}

// versionText returns two lines: the version, for scripts, and how the binary was built.
func versionText() string {
	built := runtime.Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH
	if app.Commit != "" {
		built = "commit " + app.Commit + ", " + built
	}
	return app.Version + "\n" + built
}
