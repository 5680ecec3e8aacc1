package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// copySource is the database that a copy reads, at one moment.
type copySource struct {
	dialect Dialect
	db      *sql.DB
	tx      *sql.Tx
}

// openCopySource opens a source. It refuses one whose schema is not that of this program, and one on
// PostgreSQL that other programs use.
func openCopySource(ctx context.Context, o CopyOptions) (*copySource, error) {
	dialect, address, err := parseURL(o.From)
	if err != nil {
		return nil, err
	}
	s := &copySource{dialect: dialect}
	if dialect == SQLite {
		s.db, err = openCopyFile(ctx, address)
	} else {
		s.db, err = connectDirect(ctx, address, true)
	}
	if err != nil {
		return nil, err
	}
	s.db.SetMaxOpenConns(1)
	if err := s.begin(ctx, o); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// begin begins to read a source, if it can be copied.
func (s *copySource) begin(ctx context.Context, o CopyOptions) (err error) {
	if err := s.checkUnused(ctx); err != nil {
		return err
	}
	options := &sql.TxOptions{}
	if s.dialect == Postgres {
		options = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	if s.tx, err = s.db.BeginTx(ctx, options); err != nil {
		return err
	}
	if err := checkUnmarked(ctx, s.dialect, s.tx); err != nil {
		return err
	}
	return checkCopySchema(ctx, o, s.dialect, s.tx)
}

// checkCopySchema returns an error unless a source has the newest schema of this program.
func checkCopySchema(ctx context.Context, o CopyOptions, dialect Dialect, tx *sql.Tx) error {
	files, err := (&DB{Queries: Queries{dialect: dialect}, migrations: o.Migrations}).readMigrations()
	if err != nil {
		return err
	}
	list, hashed, err := appliedMigrations(ctx, dialect, tx)
	if err != nil {
		return err
	}
	have, err := checkApplied(list, hashed, files)
	if err != nil {
		return err
	}
	switch want := files.latest(); {
	case have == 0:
		return errors.New("it has no data of gatecrier")
	case have < want:
		return fmt.Errorf("its schema is of version %d, that of this program is %d: run gatecrier migrate on it first",
			have, want)
	}
	return nil
}

func (s *copySource) close() error {
	if s.tx == nil {
		return s.db.Close()
	}
	err := s.tx.Rollback()
	if errors.Is(err, sql.ErrTxDone) {
		err = nil
	}
	return errors.Join(err, s.db.Close())
}

// check checks the structure and the foreign keys of a SQLite file.
func (s *copySource) check(ctx context.Context) error {
	if s.dialect != SQLite {
		return nil
	}
	problems, err := readTexts(ctx, s.tx, "PRAGMA quick_check(3)")
	if err != nil {
		return err
	}
	if len(problems) != 1 || problems[0] != "ok" {
		return fmt.Errorf("it is damaged: %s. Restore a backup", strings.Join(problems, "; "))
	}
	return checkForeignKeys(ctx, s.tx)
}

// sequences returns the highest id that each table has had.
func (s *copySource) sequences(ctx context.Context, tables []copyTable) (map[string]int64, error) {
	m := map[string]int64{}
	for _, t := range tables {
		if !t.identity {
			continue
		}
		query, arg := "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?", t.name
		if s.dialect == Postgres {
			query = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence($1, 'id')::regclass), 0)"
			arg = quote(t.name)
		}
		var last int64
		if err := s.tx.QueryRowContext(ctx, query, arg).Scan(&last); err != nil {
			return nil, fmt.Errorf("of %s: %w", t.name, err)
		}
		if last > 0 {
			m[t.name] = last
		}
	}
	return m, nil
}
