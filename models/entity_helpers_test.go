package models

// Said is a statement with its arguments.
type Said struct {
	Query string
	Args  []any
}

// Overheard returns the statements that fn runs on the store, so that tests can inspect their
// plans. Nothing else can use the store meanwhile.
func (s *Store) Overheard(fn func() error) ([]Said, error) {
	var said []Said
	before := s.sql
	s.sql = before.Recorded(func(query string, args []any) { said = append(said, Said{query, args}) })
	defer func() { s.sql = before }()
	err := fn()
	return said, err
}

// Overheard returns the statements that fn runs in the transaction.
func (tx *Tx) Overheard(fn func() error) ([]Said, error) {
	var said []Said
	stop := tx.tx.Record(func(query string, args []any) { said = append(said, Said{query, args}) })
	defer stop()
	err := fn()
	return said, err
}
