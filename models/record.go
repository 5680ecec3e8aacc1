package models

// OnStatement calls record before each statement that reads from now on. It is for tests that inspect plans:
// call it before the program uses the store.
func (s *Store) OnStatement(record func(query string, args []any)) { s.sql = s.sql.Recorded(record) }
