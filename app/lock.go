package app

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"gatecrier/models"
)

// lockServing makes sure that one program serves a SQLite file: a second one
// would send everything once more. Instances on PostgreSQL (file "") share
// their work by it and need no lock.
func lockServing(file string) (io.Closer, error) {
	if file == "" {
		return io.NopCloser(nil), nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("make the database's directory: %w", err)
	}
	lock, err := models.TryLock(file + ".lock")
	if errors.Is(err, models.ErrLocked) {
		return nil, fmt.Errorf("another gatecrier serves %s: stop it first, or use PostgreSQL for several", file)
	}
	return lock, err
}
