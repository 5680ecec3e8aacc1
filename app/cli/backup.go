package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"gatecrier/app"
	"gatecrier/app/backup"
	"gatecrier/app/number"
)

type backupCmd struct {
	File    string `arg:"" help:"The file to write."`
	WithKey bool   `help:"Include the key. Anyone who has the file can then read the secrets of targets."`
	Force   bool   `help:"Replace an existing file."`
}

// Help says what a backup has.
func (backupCmd) Help() string {
	return "Makes a backup of the database while the server runs, and verifies it. It reads GATECRIER_DATA_DIR or " +
		"GATECRIER_DATABASE_URL of the server. A backup of PostgreSQL needs pg_dump."
}

// Run makes a backup.
func (c backupCmd) Run(in *invocation) error {
	if c.File == "-" {
		return errors.New("a backup is verified after it is written, so it cannot go to standard output: name a file")
	}
	o, err := in.appOptions()
	if err != nil {
		return err
	}
	show := &steps{in: in}
	m, err := app.Backup(in.ctx, o, app.BackupParams{
		Path: c.File, Overwrite: c.Force, WithKey: c.WithKey, Progress: show.progress,
	})
	show.clear()
	if err != nil {
		return err
	}
	info, err := os.Stat(c.File)
	if err != nil {
		return err
	}
	key := "The key is not in it: keep a copy of the key elsewhere."
	if m.HasKey {
		key = "The key is in it: keep the file secret."
	}
	_, err = fmt.Fprintf(in.stdout, "%s: %s, %s, %s; verified.\n%s\n", plain(c.File), sizeText(info.Size()),
		rowsText(m.Rows), number.Of(m.Rows["deliveries"], "delivery", "deliveries"), key)
	return err
}

type restoreCmd struct {
	File           string `arg:"" help:"The backup." type:"existingfile"`
	Force          bool   `help:"Replace an existing database, and keep it under another name."`
	DiscardSecrets bool   `help:"If the key is lost: restore without all that it has encrypted: connections of targets with their delivery log, secrets of the settings, emails that wait."`
}

// Help says what a restore does.
func (restoreCmd) Help() string {
	return "Verifies a backup and restores it into GATECRIER_DATA_DIR or GATECRIER_DATABASE_URL, while no server runs " +
		"there. PostgreSQL: into an empty database, by pg_restore.\nUsers sign in again. Messages that waited in the " +
		"backup are held until an administrator sends or cancels them: gatecrier held."
}

// Run restores a backup.
func (c restoreCmd) Run(in *invocation) error {
	o, err := in.appOptions()
	if err != nil {
		return err
	}
	show := &steps{in: in}
	r, err := app.Restore(in.ctx, o, app.RestoreParams{
		Path: c.File, Replace: c.Force, DiscardSecrets: c.DiscardSecrets, Progress: show.progress,
	})
	show.clear()
	if err != nil {
		return err
	}
	_, err = io.WriteString(in.stdout, restoredText(r))
	return err
}

// restoredText says what a restore did, and what the administrator must do.
func restoredText(r backup.Restored) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("Restored the backup of %s: %s.", r.CreatedAt.Format(time.RFC3339), rowsText(r.Rows))
	for _, path := range r.Kept {
		line("Kept: %s", plain(path))
	}
	switch {
	case r.KeyWritten != "":
		line("The key of the backup is in %s.", plain(r.KeyWritten))
	case r.Discarded:
		line("Without the key, this was removed: %s. Enter the targets and the secrets again.", backup.LostText(r.Lost))
	}
	if r.Held > 0 {
		line("%s: see gatecrier held, or the page Health.",
			number.Of(r.Held, "message that waited in the backup is held", "messages that waited in the backup are held"))
	}
	if r.DroppedMails > 0 {
		line("%s, because links end with a restore: send invitations again from the page Users.", number.Of(r.DroppedMails,
			"email with a link about an account that waited was removed",
			"emails with links about accounts that waited were removed"))
	}
	line("All sessions have ended. API tokens that were revoked after the backup work again: check them.")
	return b.String()
}

// rowsText says how much a backup contains.
func rowsText(rows map[string]int64) string {
	return number.Of(rows["products"], "product", "products") + ", " +
		number.Of(rows["observations"], "observation", "observations") + ", " +
		number.Of(rows["users"], "user", "users")
}

// appOptions returns the options of a command that works on the installation.
func (in *invocation) appOptions() (app.Options, error) {
	config, err := app.ReadConfig()
	return app.Options{Config: config, Log: in.quiet(), Now: in.now, Stderr: in.stderr, Terminal: in.terminal}, err
}

// steps shows the progress of a backup or a restore on a terminal.
type steps struct {
	in    *invocation
	shown string
}

// stepTexts are what the steps do.
var stepTexts = map[string]string{
	"copy":    "copy the database",
	"check":   "check the database",
	"write":   "write the file",
	"verify":  "verify the file",
	"prepare": "prepare the database",
	"restore": "restore the database",
}

// progress shows a step.
func (s *steps) progress(what string, done, total int64) {
	text := stepTexts[what]
	if total > 0 {
		text += fmt.Sprintf(": %d%% of %s", done*100/total, sizeText(total))
	}
	s.show(text)
}

// show replaces the line on a terminal.
func (s *steps) show(text string) {
	if !s.in.terminal || text == s.shown {
		return
	}
	s.shown = text
	io.WriteString(s.in.stderr, "\r\x1b[K"+text) //nolint:errcheck,gosec // nothing else can show the error
}

// clear removes the line.
func (s *steps) clear() {
	if s.shown != "" {
		io.WriteString(s.in.stderr, "\r\x1b[K") //nolint:errcheck,gosec // nothing else can show the error
	}
}

// sizeText returns a size in words: "12 KiB", "3.4 MiB".
func sizeText(bytes int64) string {
	switch {
	case bytes >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
	case bytes >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
	}
	return fmt.Sprintf("%d KiB", (bytes+1023)>>10)
}
