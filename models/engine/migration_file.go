package engine

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// migrationFile is the file of a migration.
type migrationFile struct {
	name string
	hash string // its SHA-256 in hex
}

// migrationFiles are a program's migrations for one dialect.
type migrationFiles struct {
	dir  fs.FS
	list map[int64]migrationFile // by version
}

func readMigrationFiles(dir fs.FS) (migrationFiles, error) {
	names, err := fs.Glob(dir, "*.sql")
	if err != nil {
		return migrationFiles{}, err
	}
	files := migrationFiles{dir: dir, list: map[int64]migrationFile{}}
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return migrationFiles{}, err
		}
		text, err := fs.ReadFile(dir, name)
		if err != nil {
			return migrationFiles{}, err
		}
		sum := sha256.Sum256(text)
		files.list[version] = migrationFile{name: name, hash: hex.EncodeToString(sum[:])}
	}
	return files, nil
}

// latest returns the version of the schema after all migrations.
func (f migrationFiles) latest() int64 {
	var latest int64
	for version := range f.list {
		latest = max(latest, version)
	}
	return latest
}

// hashStore is goose's version table, and stores the hash of each migration with its version.
type hashStore struct {
	database.Store
	dialect Dialect
	files   migrationFiles
	now     func() time.Time
}

// TableExists reports whether the version table exists.
func (s *hashStore) TableExists(ctx context.Context, db database.DBTxConn) (bool, error) {
	if extended, ok := s.Store.(database.StoreExtender); ok {
		return extended.TableExists(ctx, db)
	}
	return false, errors.ErrUnsupported
}

// Insert stores that a migration was applied, and its hash. Both are part of the migration's
// transaction, so that a killed program leaves all of them or none. If the migration runs without a
// transaction, Insert begins one for both.
func (s *hashStore) Insert(ctx context.Context, db database.DBTxConn, req database.InsertRequest) error {
	conn, ok := db.(*sql.Conn)
	if !ok {
		return s.insert(ctx, db, req)
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := s.insert(ctx, tx, req); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (s *hashStore) insert(ctx context.Context, db database.DBTxConn, req database.InsertRequest) error {
	if err := s.Store.Insert(ctx, db, req); err != nil {
		return err
	}
	if req.Version == 0 { // goose's own row, which marks an empty database
		return nil
	}
	query := "INSERT INTO migration_hashes (version, name, hash, applied_at) VALUES (?, ?, ?, ?)"
	if s.dialect == Postgres {
		query = rebind(query)
	}
	f := s.files.list[req.Version]
	if _, err := db.ExecContext(ctx, query, req.Version, f.name, f.hash, s.now().UnixMicro()); err != nil {
		return fmt.Errorf("store the hash of migration %s: %w", f.name, err)
	}
	return nil
}
