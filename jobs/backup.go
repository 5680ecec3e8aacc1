package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gatecrier/app/number"
	"gatecrier/models"
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

// backupFile matches the names of scheduled backups, which sort by time: with the name of the
// installation that made them, or without one by an older version. No other file is deleted.
var backupFile = regexp.MustCompile(`^gatecrier-\d{8}T\d{6}Z(?:-([0-9a-f]{8}))?\.backup$`)

// makeBackup makes a backup, and then deletes the oldest ones beyond the number that is kept.
func makeBackup(ctx context.Context, w *Work) error {
	s := w.Backups()
	if s.Directory == "" {
		w.message = "No backup: the directory is \"off\" in the settings"
		return nil
	}
	owner, err := readBackupOwner(ctx, w.store)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("gatecrier-%s-%s.backup", w.store.Now().Format("20060102T150405Z"), owner.id)
	if err := w.MakeBackup(ctx, filepath.Join(s.Directory, name)); err != nil {
		return err
	}
	removed, err := owner.removeOld(s.Directory, s.Keep)
	w.affected, w.message = 1, name+" was created, "+
		number.Of(removed, "older backup was deleted", "older backups were deleted")
	return err
}

// backupOwner knows which backups an installation has made.
type backupOwner struct {
	id       string // in the names of its backups
	messages string // of its runs, which name the backups of older versions
}

// maxBackupRuns bounds the runs that name backups. It is more than the number that can be kept.
const maxBackupRuns = 1000

func readBackupOwner(ctx context.Context, store *models.Store) (o backupOwner, err error) {
	facts, since, err := store.Installation(ctx)
	if err != nil {
		return o, fmt.Errorf("find the name of the installation: %w", err)
	}
	sum := sha256.Sum256([]byte(facts))
	o.id = hex.EncodeToString(sum[:4])
	runs, err := store.JobRuns(ctx, models.RunFilter{Job: "backup", Limit: maxBackupRuns})
	for _, run := range runs {
		if run.StartedAt.After(since) { // earlier ones can be those of the installation that was restored
			o.messages += run.Message + "\n"
		}
	}
	return o, err
}

// owns reports whether the installation has made a file. Others can use the same directory.
func (o backupOwner) owns(name string) bool {
	match := backupFile.FindStringSubmatch(name)
	if match == nil {
		return false
	}
	return match[1] == o.id || match[1] == "" && strings.Contains(o.messages, name+" ")
}

// removeOld deletes the oldest backups of the installation beyond keep, and returns how many.
func (o backupOwner) removeOld(directory string, keep int) (removed int, err error) {
	list, err := os.ReadDir(directory)
	if err != nil {
		return 0, fmt.Errorf("list the backups: %w", err)
	}
	var names []string
	for _, entry := range list {
		if entry.Type().IsRegular() && o.owns(entry.Name()) {
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
