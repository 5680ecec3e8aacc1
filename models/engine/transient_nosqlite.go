//go:build !cgo

package engine

// isTransientSQLite reports false: this build has no SQLite.
func isTransientSQLite(error) bool { return false }
