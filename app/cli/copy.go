package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"gatecrier/app"
	"gatecrier/app/number"
	"gatecrier/models"
)

type copyCmd struct {
	From           string `arg:"" help:"The database to read: sqlite:PATH or postgres://..."`
	To             string `arg:"" help:"An empty database of the other kind."`
	ReplaceInvalid bool   `help:"Replace what PostgreSQL cannot store in a text (U+0000, invalid UTF-8) by U+FFFD."`
}

// Help says how to use it, and what happens when it is interrupted.
func (copyCmd) Help() string {
	return "Copies all data from SQLite to PostgreSQL or back, while no server runs, and verifies the copy. It only " +
		"reads FROM.\nIf it is interrupted, run it again with the same addresses: it continues. Until it has finished, " +
		"no program uses TO.\nSecrets stay encrypted: use the copy with the same key. PGPASSWORD can hold the password of " +
		"PostgreSQL."
}

// Run copies a database.
func (c copyCmd) Run(in *invocation) error {
	show := &steps{in: in}
	r, err := app.Copy(in.ctx, app.CopyParams{
		From: c.From, To: c.To, Replace: c.ReplaceInvalid, Log: in.quiet(), Now: in.now, Progress: show.rows,
	})
	show.clear()
	if len(r.Tables) > 0 {
		if _, err := fmt.Fprint(in.stdout, copiedText(r)); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	said := "Copied and verified: the rows and checksums of all tables are equal.\n"
	if r.Resumed {
		said = "Finished the interrupted copy, and verified it: the rows and checksums of all tables are equal.\n"
	}
	if r.Replaced > 0 {
		said += number.Of(r.Replaced, "text", "texts") +
			" had characters that PostgreSQL cannot store: they were replaced by U+FFFD.\n"
	}
	_, err = fmt.Fprint(in.stdout, said+"The secrets are encrypted with the key of the source: start the server with the "+
		"same key file or GATECRIER_SECRET_KEY,\nand with GATECRIER_DATABASE_URL set to the copy. Do not start the old "+
		"installation again: both would send the waiting messages.\n")
	return err
}

// copiedText lists the tables with their rows and checksums, of both databases where they differ.
func copiedText(r models.CopyResult) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(name, rows, targetRows, sum, targetSum any) {
		//nolint:errcheck // a Builder returns no errors
		fmt.Fprintf(w, "%v\t%v\t%v\t%v\t%v\n", name, rows, targetRows, sum, targetSum)
	}
	row("TABLE", "ROWS FROM", "ROWS TO", "CHECKSUM FROM", "CHECKSUM TO")
	for _, t := range r.Tables {
		row(t.Name, t.Rows, t.TargetRows, t.Sum[:sumDigits], t.TargetSum[:sumDigits])
	}
	w.Flush() //nolint:errcheck,gosec // a Builder returns no errors
	return b.String()
}

// sumDigits are the digits of a checksum that are shown; all are compared.
const sumDigits = 16

// rows shows the progress of a copy.
func (s *steps) rows(step, table string, done, total int64) {
	text := copyTexts[step]
	if total > 0 {
		text += fmt.Sprintf(": %d%% of %d rows, table %s", done*100/total, total, table)
	}
	s.show(text)
}

// copyTexts are what the steps of a copy do.
var copyTexts = map[string]string{
	"check":  "check the source",
	"copy":   "copy",
	"verify": "verify the copy",
	"finish": "make the foreign keys and indexes ready",
}
