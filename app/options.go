package app

import (
	"io"
	"log/slog"
	"time"

	"gatecrier/admin"
	"gatecrier/app/module"
	"gatecrier/jobs"
	"gatecrier/templates/layout"
)

// Version and Commit are set by the build. Commit is empty in a build without Git.
var (
	Version = "dev"
	Commit  string
)

// Options configure a program.
type Options struct {
	Config   Config
	Log      *slog.Logger
	Now      func() time.Time
	Passed   func() time.Duration // time that has passed, whatever the clock says; nil: that of the machine
	Stderr   io.Writer            // where a first password is shown
	Terminal bool                 // whether Stderr is a terminal
	Banner   layout.Banner
	// Extra returns additional pages, for the demo; nil for none.
	Extra func(*App) []admin.Route
	// Modules and Jobs are added to the product's own.
	Modules []module.Module
	Jobs    []jobs.Job
	// DiskFree returns the free bytes of a file system for the checks; nil: the system's.
	DiskFree func(path string) (uint64, error)
	// HashMemory is account.Parts.HashMemory.
	HashMemory uint32
}
