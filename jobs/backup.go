package jobs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// backupJobs make backups, every day.
func backupJobs() []Job {
	return []Job{{
		Name:   "backup",
		Title:  "Backup",
		About:  "Backs up the database to the directory set in the section Backups, and deletes the oldest backups.",
		Spec:   "12 1 * * *",
		MakeUp: true,
		Run:    makeBackup,
	}}
}

// backupFile matches the names of scheduled backups, which sort by time. No other file is deleted.
var backupFile = regexp.MustCompile(`^gatecrier-\d{8}T\d{6}Z\.backup$`)

// makeBackup makes a backup, and then deletes the oldest ones beyond the number that is kept.
func makeBackup(ctx context.Context, w *Work) error {
	s := w.Backups()
	if s.Directory == "" {
		w.message = "No backup: the directory is \"off\" in the settings"
		return nil
	}
	name := "gatecrier-" + w.store.Now().Format("20060102T150405Z") + ".backup"
	if err := w.MakeBackup(ctx, filepath.Join(s.Directory, name)); err != nil {
		return err
	}
	removed, err := removeOldBackups(s.Directory, s.Keep)
	w.affected, w.message = 1, fmt.Sprintf("%s was created, %d older backups were deleted", name, removed)
	return err
}

// removeOldBackups deletes the oldest scheduled backups beyond keep, and returns how many.
func removeOldBackups(directory string, keep int) (removed int, err error) {
	list, err := os.ReadDir(directory)
	if err != nil {
		return 0, fmt.Errorf("list the backups: %w", err)
	}
	var names []string
	for _, entry := range list {
		if entry.Type().IsRegular() && backupFile.MatchString(entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	slices.Sort(names)
	for _, name := range names[:max(0, len(names)-keep)] {
		if removeErr := os.Remove(filepath.Join(directory, name)); removeErr != nil {
			err = errors.Join(err, fmt.Errorf("delete an old backup: %w", removeErr))
			continue
		}
		removed++
	}
	return removed, err
}
