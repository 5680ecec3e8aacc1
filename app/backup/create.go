package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gatecrier/models"
)

// Progress is called while a backup is made or restored: what is done, and how much of it in bytes.
type Progress func(what string, done, total int64)

// CreateOptions are the parameters of Create.
type CreateOptions struct {
	DatabaseURL string
	Path        string   // the file to make
	Overwrite   bool     // replace an existing file
	Used        []string // files of the installation, which are not replaced
	Key         string   // the text of the key file to include, "" for none
	Program     string   // the version of this program
	Now         func() time.Time
	Progress    Progress // nil: none
}

// Create makes a backup of a database while programs use it, verifies it, and gives it its name. A
// crash leaves no file with that name, or the old one. If rows refer to missing rows, it makes the
// backup and returns an error.
func Create(ctx context.Context, o CreateOptions) (m Manifest, err error) {
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	dir, err := filepath.Abs(filepath.Dir(o.Path))
	if err != nil {
		return m, err
	}
	if err := checkTarget(o); err != nil {
		return m, err
	}
	removeLeftovers(dir, o.Now())
	work, err := newTemporary(dir)
	if err != nil {
		return m, fmt.Errorf("make the backup: %w", err)
	}
	defer func() { err = errors.Join(err, work.remove()) }()
	temp := work.path
	m = Manifest{Format: formatVersion, Program: o.Program, CreatedAt: o.Now().UTC(), HasKey: o.Key != ""}
	database := filepath.Join(temp, "database")
	if models.File(o.DatabaseURL) != "" {
		err = copySQLite(ctx, o, &m, database)
	} else {
		err = dumpPostgres(ctx, o, &m, database)
	}
	if err != nil {
		return m, err
	}
	if m.Schema == 0 {
		return m, errors.New("this database has no schema yet: start gatecrier serve first")
	}
	file := filepath.Join(temp, "backup")
	if err := writeFile(o, m, database, file); err != nil {
		return m, fmt.Errorf("write the backup: %w", err)
	}
	a, err := openArchive(file, func(done, total int64) { o.Progress("verify", done, total) })
	if err != nil {
		return m, fmt.Errorf("verify the backup: %w", err)
	}
	if err := a.close(); err != nil {
		return m, err
	}
	if err := publish(file, o.Path, o.Overwrite); err != nil {
		return m, err
	}
	return m, m.orphansErr(o.Path)
}

// orphansErr returns an error about rows that refer to missing rows. The backup is kept: it has all
// that the database has.
func (m Manifest) orphansErr(path string) error {
	if len(m.orphans) == 0 {
		return nil
	}
	return fmt.Errorf("%s was created, but the database is damaged, and so is the backup: %s. "+
		"Keep the older backups, and run gatecrier doctor", path, strings.Join(m.orphans, "; "))
}

// copySQLite copies a SQLite database to a file and checks the copy.
func copySQLite(ctx context.Context, o CreateOptions, m *Manifest, to string) error {
	m.Database = models.SQLite.String()
	progress := func(done, total int64) { o.Progress("copy", done, total) }
	if err := models.CopySQLite(ctx, models.File(o.DatabaseURL), to, progress); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	o.Progress("check", 0, 0)
	content, err := models.ReadSQLite(ctx, to)
	if err != nil {
		return fmt.Errorf("check the copy of the database: %w", err)
	}
	m.Schema, m.Rows, m.orphans = content.Schema, content.Rows, content.Orphans
	return nil
}

// writeFile writes the backup to a new file of mode 0600, and syncs it.
func writeFile(o CreateOptions, m Manifest, database, path string) error {
	info, err := os.Stat(database)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // #nosec G304 -- a new file of ours
	if err != nil {
		return err
	}
	err = writeArchive(f, m, o.Key, database, func(done int64) { o.Progress("write", done, info.Size()) })
	return errors.Join(err, f.Sync(), f.Close())
}

// publish gives a synced file its name.
func publish(from, to string, overwrite bool) error {
	name := os.Link // fails if a file has the name
	if overwrite {
		name = os.Rename
	}
	err := name(from, to)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists: name another file, or replace it with --force", to)
	}
	if err != nil && !overwrite && !errors.Is(err, fs.ErrExist) { // a file system without links
		err = os.Rename(from, to)
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

// syncDir makes the names in a directory survive a crash.
func syncDir(path string) error {
	d, err := os.Open(path) // #nosec G304 -- the operator names the directory
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
