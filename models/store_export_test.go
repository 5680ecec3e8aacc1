package models

import (
	"context"
	"database/sql"

	"gorm.io/gorm"
)

// The unexported methods that tests in models_test use.

func (tx *Tx) Exec(query string, args ...any) (int64, error)   { return tx.exec(query, args...) }
func (tx *Tx) Insert(query string, args ...any) (int64, error) { return tx.insert(query, args...) }

func (r queries) Query(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	return r.query(ctx, query, args, scan)
}

func (r queries) Get(ctx context.Context, query string, args []any, dst ...any) error {
	return r.get(ctx, query, args, dst...)
}

func (r queries) DB(ctx context.Context) *gorm.DB { return r.db(ctx) }

func (s *Store) Queued() int { return s.db.Queued() }

// TimeRules returns the texts of the rules of stored times, by table.
func TimeRules(m MaxTimes) map[string]string {
	texts := map[string]string{}
	for _, rule := range m.rules() {
		texts[rule.table] += rule.over + " " + rule.set + "; "
	}
	return texts
}

// TimesQuery returns the query that CapTimes runs now and then.
func TimesQuery(s *Store, m MaxTimes) (string, []any) { return brokenQuery(m.rules(), s.Now(), false) }
