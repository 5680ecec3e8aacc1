package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"gatecrier/app/secret"
	"gatecrier/models"
)

// needsDatabase is the text of checks without a database.
const needsDatabase = "Not checked: the database cannot be used."

func (p Parts) database(ctx context.Context) Check {
	if p.Store == nil {
		return problem("Start the database, or correct GATECRIER_DATABASE_URL or GATECRIER_DATA_DIR.",
			"The database cannot be opened: %v.", p.StoreErr)
	}
	if err := p.Store.Ping(ctx); err != nil {
		return problem("Start the database; check for a full disk and for missing permissions.",
			"The database does not answer: %v.", err)
	}
	have, want, err := p.Store.SchemaVersions(ctx)
	if err != nil {
		return problem("Follow the message.", "This program cannot use the database: %v.", err)
	}
	if have < want {
		return warning("Start the server, or run gatecrier migrate: both bring the schema up to date.",
			"The schema has version %d; this program needs version %d.", have, want)
	}
	if mode, shared := secret.Shared(p.DatabaseFile); shared {
		return warning("Run chmod 600 on it, and on the files -wal and -shm beside it.",
			"Other users of this machine can read %s (mode %s).", p.DatabaseFile, mode)
	}
	return ok("%s can be reached; its schema has version %d.", databaseName(p.Store), have)
}

func databaseName(s *models.Store) string {
	if s.Dialect() == models.Postgres {
		return "PostgreSQL"
	}
	return "SQLite"
}

func (p Parts) integrity(ctx context.Context) Check {
	if p.Store == nil {
		return skipped(needsDatabase)
	}
	const advice = "Stop the server, keep a copy of the files, and restore the latest backup: gatecrier restore FILE."
	found, err := p.Store.CheckIntegrity(ctx)
	problems := found.Problems
	if err == nil && len(problems) == 0 {
		problems, err = p.Store.CheckReferences(ctx)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return warning("Run it when the server is less busy.", "The check of the database did not finish in time.")
	case err != nil:
		return problem(advice, "The database cannot be read: %v.", err)
	case len(problems) > 0:
		return problem(advice, "The database is damaged: %s.", strings.Join(problems, "; "))
	case found.Skipped != "":
		return ok("All constraints and indexes are valid. Their content was not checked: %s.", found.Skipped)
	case p.Store.Dialect() == models.Postgres:
		return ok("All constraints and indexes are valid, also their content.")
	}
	return ok("The structure of the file and all foreign keys are valid.")
}

// sealedBatch bounds the secrets that are opened at a time.
const sealedBatch = 200

func (p Parts) key(ctx context.Context) Check {
	const advice = "Put the key of this installation back, or restore a backup that has it. Without it, targets and " +
		"the mail server's password must be entered again."
	if p.Ring == nil {
		return problem(advice, "The key cannot be used: %v.", p.KeyErr)
	}
	if p.Store == nil {
		return skipped("The key can be read. " + needsDatabase)
	}
	n := 0
	for page := (models.SealedPage{}); ; {
		list, next, err := p.Store.SealedValues(ctx, page, sealedBatch)
		if err != nil {
			return skipped(fmt.Sprintf("The secrets cannot be read: %v.", err))
		}
		if len(list) == 0 {
			return ok("%s opens all secrets (%d).", p.KeyName, n)
		}
		for _, v := range list {
			if _, err := p.Ring.Open(v.Place, v.Text); err != nil {
				return problem(advice, "%s does not open the secret %s.", p.KeyName, v.Place)
			}
			n++
		}
		page = next
	}
}

const (
	minFree = 200 << 20 // bytes that a running server needs at least
	mebi    = 1 << 20
)

func (p Parts) disk(context.Context) Check {
	dirs := []string{p.DataDir}
	var size int64
	if p.DatabaseFile != "" {
		dirs = append(dirs, filepath.Dir(p.DatabaseFile))
		for _, suffix := range []string{"", "-wal"} {
			if info, err := os.Stat(p.DatabaseFile + suffix); err == nil {
				size += info.Size()
			}
		}
	}
	lowest := uint64(1<<63 - 1)
	for _, dir := range dirs {
		free, err := p.Free(dir)
		if err != nil {
			return warning("Create the directory, or correct GATECRIER_DATA_DIR.",
				"The free space in %s is not known: %v.", dir, err)
		}
		if free < minFree {
			return problem("Free some disk space: when the disk is full, nothing can be written.",
				"Only %d MiB are free in %s.", free/mebi, dir)
		}
		lowest = min(lowest, free)
	}
	target := p.BackupDir
	if target == "" {
		target = p.DataDir
	}
	free, err := p.Free(target)
	if err != nil {
		return warning("Create the directory, or change the setting.",
			"The free space for backups in %s is not known: %v.", target, err)
	}
	// A backup has a copy of the database beside the archive until it is finished.
	if need := 2*size + mebi; free < uint64(need) {
		return warning("Free some disk space, or write backups to another disk.",
			"A backup needs up to %d MiB, and %d MiB are free in %s.", need/mebi, free/mebi, target)
	}
	return ok("%d MiB are free for data, %d MiB for backups.", lowest/mebi, free/mebi)
}

// freeBytes returns the bytes that this user can write to the file system of a directory.
func freeBytes(dir string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil //nolint:gosec // a size; its type differs by system
}

const (
	maxClockGap  = 10 * time.Second // between this machine and the database
	maxAhead     = time.Minute      // of stored times
	maxQuietTime = 3 * time.Hour    // a running server starts jobs every hour
)

// clockGap returns by how much a clock is ahead of another one at least, which was read at some time
// between two times: a slow answer is no difference.
func clockGap(asked, answered, other time.Time) time.Duration {
	switch {
	case other.Before(asked):
		return asked.Sub(other)
	case other.After(answered):
		return answered.Sub(other)
	}
	return 0
}

func (p Parts) clock(ctx context.Context) Check {
	if p.Store == nil {
		return skipped(needsDatabase)
	}
	const advice = "Set the clock of this machine, and synchronize it with NTP."
	asked := p.Now()
	at, has, err := p.Store.DatabaseClock(ctx)
	if err != nil {
		return skipped(fmt.Sprintf("The clock of the database cannot be read: %v.", err))
	}
	now := p.Now()
	if gap := clockGap(asked, now, at).Round(time.Second); has && gap.Abs() > maxClockGap {
		return problem(advice, "The clock of this machine differs from the database's by %s.", gap)
	}
	last, err := p.Store.LastStored(ctx)
	switch {
	case err != nil:
		return skipped(fmt.Sprintf("The last stored time cannot be read: %v.", err))
	case last.Sub(now) > maxAhead:
		return problem(advice+" Times that were stored with a wrong clock are kept.",
			"The last stored time is %s in the future: the clock is behind, or was ahead.", last.Sub(now).Round(time.Second))
	case p.Serving && !last.IsZero() && now.Sub(last) > maxQuietTime:
		return problem(advice, "A server runs, but the last stored time is %s ago: the clock is ahead, or no job runs.",
			now.Sub(last).Round(time.Second))
	}
	if last.IsZero() {
		return ok("No stored time is later than this machine's time.")
	}
	return ok("The last stored time is %s.", last.UTC().Format(time.RFC3339))
}
