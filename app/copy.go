package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"gatecrier/models"
)

// CopyParams are the parameters of Copy.
type CopyParams struct {
	From, To string // as GATECRIER_DATABASE_URL
	Replace  bool   // replace what PostgreSQL cannot store in a text by U+FFFD
	Log      *slog.Logger
	Now      func() time.Time
	Progress func(step, table string, done, total int64)
}

// Copy copies all data from SQLite to PostgreSQL or back, or finishes such a copy. It refuses to while
// a server uses one of the databases.
func Copy(ctx context.Context, p CopyParams) (r models.CopyResult, err error) {
	for name, url := range map[string]string{"FROM": p.From, "TO": p.To} {
		if err := models.CheckURL(url); err != nil {
			return r, fmt.Errorf("%s: %w", name, err)
		}
	}
	from, to := models.File(p.From), models.File(p.To)
	if (from == "") == (to == "") {
		return r, errors.New("FROM and TO must be one SQLite and one PostgreSQL database; to move data between two of a " +
			"kind, use gatecrier backup and gatecrier restore")
	}
	if from != "" {
		if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
			return r, fmt.Errorf("FROM: no database at %s", from)
		}
	}
	file := p.From
	if from == "" {
		file = p.To
	}
	lock, err := lockStopped(Config{DatabaseURL: file})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	return models.Copy(ctx, models.CopyOptions{
		From:     p.From,
		To:       p.To,
		Replace:  p.Replace,
		Log:      p.Log,
		Now:      p.Now,
		Progress: p.Progress,
	})
}
