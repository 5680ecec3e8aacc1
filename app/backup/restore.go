package backup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"time"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/models"
)

const (
	staging    = ".gatecrier-restore-" // begins the name of the directory where a restore is prepared
	keptFormat = "20060102T150405Z"    // the time in the names of files that are kept aside

	// heldReason is the reason of a delivery that waited in a backup.
	heldReason = "Pending when the backup was made: an administrator decides whether it is sent"
	holdBatch  = 5000
)

// RestoreOptions are the parameters of Restore.
type RestoreOptions struct {
	Path        string // the backup
	DatabaseURL string
	KeyPath     string   // the key file, "" if the environment has the keys
	Keys        [][]byte // of the key file or the environment, nil if there are none
	// Replace keeps an existing database aside under a dated name, and takes its place.
	Replace bool
	// DiscardSecrets restores without a key: what is sealed is removed.
	DiscardSecrets bool
	Log            *slog.Logger
	Now            func() time.Time
	Progress       Progress // nil: none
}

// Restored is what a restore did.
type Restored struct {
	Manifest
	Kept       []string            // files that were kept aside
	KeyWritten string              // the key file that was written from the backup, "" for none
	KeySource  string              // what opened the secrets: "key", "backup", "" for nothing sealed
	Held       int64               // deliveries that wait for an administrator
	Discarded  bool                // what was sealed was removed
	Lost       models.SealedCounts // what that removed

	DroppedMails int64 // emails about accounts that waited, with links that no longer work
}

// restore is a restore in progress.
type restore struct {
	RestoreOptions
	Restored
	archive *archive
	file    string   // the SQLite database to put in place
	staged  string   // where it is prepared
	newKeys [][]byte // of the backup, if they are to be written to the key file
}

// Restore verifies a backup, prepares its database beside the old one, and puts it in place at the
// end in one step: a crash leaves the old installation or the new one. The caller makes sure that no
// server uses the database.
func Restore(ctx context.Context, o RestoreOptions) (Restored, error) {
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	a, err := openArchive(o.Path, func(done, total int64) { o.Progress("verify", done, total) })
	if err != nil {
		return Restored{}, err
	}
	r := &restore{RestoreOptions: o, archive: a, Restored: Restored{Manifest: a.Manifest}}
	r.file = models.File(o.DatabaseURL)
	switch {
	case a.Database == models.SQLite.String() && r.file != "":
		err = r.sqlite(ctx)
	case a.Database == models.Postgres.String() && r.file == "":
		err = r.postgres(ctx)
	default:
		err = fmt.Errorf("%s: %w", o.Path, otherKind(a.Database))
	}
	return r.Restored, errors.Join(err, a.close())
}

// otherKind returns the error for a backup of another kind of database than that of the installation.
func otherKind(database string) error {
	if database == models.Postgres.String() {
		return errors.New("it is a backup of PostgreSQL, and this installation has SQLite: set GATECRIER_DATABASE_URL to " +
			"an empty PostgreSQL database (postgres://...)")
	}
	return errors.New("it is a backup of SQLite, and GATECRIER_DATABASE_URL names a PostgreSQL database: unset it to " +
		"restore into GATECRIER_DATA_DIR, and move the data with gatecrier copy afterwards")
}

// sqlite restores a SQLite database.
func (r *restore) sqlite(ctx context.Context) (err error) {
	exists, err := r.checkExisting(ctx)
	if err != nil {
		return err
	}
	dir := filepath.Dir(r.file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	removeStaging(dir)
	temp, err := os.MkdirTemp(dir, staging) // of mode 0700
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	r.staged = filepath.Join(temp, "gatecrier.db")
	if err := r.stage(ctx); err != nil {
		return err
	}
	if err := r.beginKey(); err != nil {
		return err
	}
	if err := r.swap(ctx, exists); err != nil {
		return err
	}
	return r.endKey()
}

// checkExisting reports whether a database is in the way, and refuses that unless it is to be kept
// aside.
func (r *restore) checkExisting(ctx context.Context) (bool, error) {
	info, err := os.Stat(r.file)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() {
		return false, fmt.Errorf("%s is not a regular file", r.file)
	}
	// One that cannot be read has data too, perhaps.
	if has, err := models.HasTables(ctx, r.file); err == nil && !has {
		return true, nil
	}
	if !r.Replace {
		return true, fmt.Errorf("the database %s exists: name another GATECRIER_DATA_DIR, "+
			"or replace it with --force, which keeps it under another name", r.file)
	}
	return true, nil
}

// removeStaging removes what restores that were killed have left. The caller holds the lock of the
// database, so no other restore is running.
func removeStaging(dir string) {
	list, err := filepath.Glob(filepath.Join(dir, staging+"*"))
	if err != nil {
		return
	}
	for _, path := range list {
		_ = os.RemoveAll(path) //nolint:errcheck // the files are in nobody's way
	}
}

// stage prepares the database: it checks and migrates it, and holds what it would send.
func (r *restore) stage(ctx context.Context) error {
	if err := r.archive.extract(r.staged); err != nil {
		return fmt.Errorf("unpack the database: %w", err)
	}
	r.Progress("check", 0, 0)
	content, err := models.ReadSQLite(ctx, r.staged)
	if err != nil {
		return err
	}
	if len(content.Orphans) > 0 {
		r.Log.Warn("the database of the backup is damaged: run gatecrier doctor", "found", content.Orphans)
	}
	if content.Schema != r.Schema || !maps.Equal(content.Rows, r.Rows) {
		return fmt.Errorf("the database of the backup has other rows than it says: %w", errDamaged)
	}
	store, err := models.Open(ctx, models.Options{URL: "sqlite:" + r.staged, Log: r.Log, Now: r.Now})
	if err != nil {
		return err
	}
	r.Progress("prepare", 0, 0)
	if err := errors.Join(r.prepare(ctx, store), store.Close()); err != nil {
		return err
	}
	if err := models.CloseLog(ctx, r.staged); err != nil {
		return err
	}
	return syncFile(r.staged)
}

// prepare migrates a database forward, finds its key, ends its sessions and holds its deliveries.
func (r *restore) prepare(ctx context.Context, store *models.Store) error {
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	if err := r.chooseKey(ctx, store); err != nil {
		return err
	}
	err := store.Write(ctx, func(tx *models.Tx) (err error) {
		if r.DroppedMails, err = tx.DropCredentials(); err != nil {
			return err
		}
		if err := tx.SaveRestore(r.CreatedAt); err != nil {
			return err
		}
		return audit.Write(tx, authz.CommandLine, audit.Entry{
			Action: audit.Run,
			Kind:   audit.Database,
			Name:   "restore of a backup",
			Became: audit.Values{"backup_of": r.CreatedAt.UTC().Format(time.RFC3339)},
		})
	})
	for n := int64(holdBatch); err == nil && n == holdBatch; r.Held += n {
		err = store.Write(ctx, func(tx *models.Tx) (err error) {
			n, err = tx.HoldDeliveries(holdBatch, heldReason)
			return err
		})
	}
	if err != nil {
		return err
	}
	mails, err := store.CountHeldMails(ctx)
	r.Held += int64(mails)
	return err
}

// keptName returns the name that a file is kept under. No other file has it.
func (r *restore) keptName(path string) string {
	name := path + ".before-restore-" + r.Now().UTC().Format(keptFormat)
	for n := 2; ; n++ {
		if _, err := os.Lstat(name); err != nil {
			return name
		}
		name = fmt.Sprintf("%s.before-restore-%s-%d", path, r.Now().UTC().Format(keptFormat), n)
	}
}

// swap puts the prepared database in the place of the old one, which keeps a second name.
func (r *restore) swap(ctx context.Context, exists bool) error {
	dir := filepath.Dir(r.file)
	if exists {
		if err := r.keepOld(ctx); err != nil {
			return fmt.Errorf("keep the old database: %w", err)
		}
		if err := syncDir(dir); err != nil {
			return err
		}
	}
	if err := os.Rename(r.staged, r.file); err != nil {
		return fmt.Errorf("put the database in place: %w", err)
	}
	return syncDir(dir)
}

// keepOld gives the old database a second name. Its log has to go first: SQLite would apply it to the
// new database. A log that cannot be moved into a damaged database keeps a second name too.
func (r *restore) keepOld(ctx context.Context) error {
	kept := r.keptName(r.file)
	closeErr := models.CloseLog(ctx, r.file)
	if errors.Is(closeErr, models.ErrInUse) {
		return fmt.Errorf("another program uses %s: end it first", r.file)
	}
	if closeErr != nil {
		r.Log.Warn("the old database cannot be closed: it is kept as it is", "error", closeErr)
	}
	if err := os.Link(r.file, kept); err != nil {
		return err
	}
	r.Kept = append(r.Kept, kept)
	for _, suffix := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(r.file + suffix); err != nil {
			continue
		}
		if err := os.Link(r.file+suffix, kept+suffix); err != nil {
			return err
		}
	}
	if err := syncDir(filepath.Dir(r.file)); err != nil {
		return err
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(r.file + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0) // #nosec G304 -- a file of ours
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
