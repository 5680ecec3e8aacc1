//go:build !cgo

package engine

// keepPlans does nothing: a build without cgo has no SQLite.
func keepPlans() bool { return true }
