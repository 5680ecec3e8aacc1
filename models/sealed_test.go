package models

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// A column that a migration marks as sealed is known to the rotation of the key.
func TestSealedColumns_AreComplete(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"sqlite", "postgres"} {
		files, err := fs.Glob(migrations, "migrations/"+dialect+"/*.sql")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d migrations, %v", dialect, len(files), err)
		}
		found := 0
		for _, file := range files {
			text, err := fs.ReadFile(migrations, file)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range sealedIn(string(text)) {
				found++
				if !isSealedColumn(name) {
					t.Errorf("%s: %s is sealed, and sealedColumns lacks it", file, name)
				}
			}
		}
		if found != len(sealedColumns) {
			t.Errorf("%s marks %d columns as sealed, and sealedColumns has %d", dialect, found, len(sealedColumns))
		}
	}
}

var (
	tableLine  = regexp.MustCompile(`^(?:CREATE|ALTER) TABLE (\w+)`)
	sealedLine = regexp.MustCompile(`^\s+(\w+)\s+(?:BLOB|BYTEA)\b(?:.*-- sealed$|\s+NOT NULL$)`)
)

// sealedIn lists the columns that hold sealed values: those with the comment "sealed", and the check of
// the key.
func sealedIn(text string) []string {
	var list []string
	table := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if m := tableLine.FindStringSubmatch(line); m != nil {
			table = m[1]
		}
		m := sealedLine.FindStringSubmatch(line)
		if len(m) > 0 && (strings.HasSuffix(line, "-- sealed") || m[1] == "sealed") {
			list = append(list, table+"."+m[1])
		}
	}
	return list
}

func isSealedColumn(name string) bool {
	for _, c := range sealedColumns {
		if c.table+"."+c.column == name {
			return true
		}
	}
	return false
}
