package settings

import (
	"context"
	"os"
	"path/filepath"

	"gatecrier/app/fault"
)

// backupOff is the directory of no scheduled backups.
const backupOff = "off"

func backupSection() Section {
	return Section{
		Name:     SectionBackup,
		Title:    "Backups",
		validate: validateBackup,
		Summary: "Backups that the job Backup creates, at the time set in the section Jobs. They do not contain " +
			"the encryption key: keep a copy of the key elsewhere.",
		Fields: []Field{
			{
				Name:        "directory",
				Label:       "Directory",
				Kind:        KindText,
				Default:     backupOff,
				MaxLength:   1000,
				Placeholder: "/var/backups/gatecrier",
				Help: "An existing directory of the server, preferably on another disk, that the program can write to. " +
					"\"off\": no backups.",
				check: checkBackupDirectory,
			},
			{
				Name:    "keep",
				Label:   "Backups kept",
				Kind:    KindInt,
				Default: int64(7),
				Min:     1,
				Max:     1000,
				Unit:    "backups",
				Help:    "After each new backup, the oldest ones beyond this number are deleted.",
			},
		},
	}
}

// checkBackupDirectory returns the reason why a directory is not allowed, "" if it is.
func checkBackupDirectory(path string) string {
	if path == "" || path == backupOff || filepath.IsAbs(path) {
		return ""
	}
	return "Enter \"off\", or a path that begins with /"
}

// validateBackup warns of a directory that does not exist: another instance can have it.
func validateBackup(_ context.Context, _, next lookup, _ *fault.Fields) []string {
	path, _ := next("directory").(string)
	if path == "" || path == backupOff {
		return nil
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return []string{path + " is not a directory on this server. Backups fail until it exists."}
	}
	return nil
}
