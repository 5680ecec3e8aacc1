//go:build !cgo

package engine

// sqliteState returns Available: a build without cgo has no SQLite.
func sqliteState(error) State { return Available }
