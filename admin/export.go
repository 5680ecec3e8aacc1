package admin

import (
	"encoding/csv"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/visible"
)

// The bounds of an export.
const (
	maxExported = 100_000 // rows of a file
	exportPart  = 500     // rows that are read at once
)

// cutNote is the last line of a file that is cut.
const cutNote = "This file has the first 100,000 rows. Narrow the filters of the list to export the others."

// formatCSV is the value of the parameter format that asks for a file in place of a page.
const formatCSV = "csv"

func isExport(c *gin.Context) bool { return c.Query("format") == formatCSV }

// export is a list as a file.
type export struct {
	name    string // in the name of the file
	columns []string
	// next returns the next part of the rows, and whether there are more.
	next func() (rows [][]string, more bool, err error)
}

// sendExport writes a list as CSV (RFC 4180) with a row of names, part by part. Each part is a read of
// its own, so that no transaction lasts as long as the client reads.
func (a *Admin) sendExport(c *gin.Context, e export) error {
	rows, more, err := e.next()
	if err != nil {
		return err
	}
	h := c.Writer.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition",
		`attachment; filename="gatecrier-`+e.name+"-"+a.Store.Now().Format(time.DateOnly)+`.csv"`)
	c.Status(http.StatusOK)
	w := csv.NewWriter(c.Writer)
	write := func(cells []string) {
		for i, text := range cells {
			cells[i] = csvCell(text)
		}
		_ = w.Write(cells) //nolint:errcheck // w.Error returns it
	}
	write(e.columns)
	for written := 0; ; {
		if rest := maxExported - written; len(rows) > rest {
			rows, more = rows[:rest], true
		}
		for _, row := range rows {
			write(row)
		}
		written += len(rows)
		if !more || written == maxExported {
			break
		}
		w.Flush()
		if w.Error() != nil { // the client is gone
			return nil
		}
		c.Writer.Flush()
		if rows, more, err = e.next(); err != nil {
			a.Log.ErrorContext(c, "export a list", "list", e.name, "rows", written, "error", err)
			write([]string{"This file is incomplete: reading the list failed. Export it again."})
			more = false
			break
		}
	}
	if more {
		write([]string{cutNote})
	}
	w.Flush()
	return nil
}

// csvCell returns a text as a cell: spreadsheets would take one that begins like a formula for one.
func csvCell(text string) string {
	text = visible.Escape(strings.ToValidUTF8(text, "?"))
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// timeCell writes a time in UTC, "" for none.
func timeCell(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// boolCell writes a bool.
func boolCell(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// exportRows returns the rows of an export from a list that is read with one row more than a part:
// cells writes a row, and follow sets the keyset that follows one.
func exportRows[T any](
	read func() ([]T, error), cells func(T) []string, follow func(last T),
) func() ([][]string, bool, error) {
	return func() ([][]string, bool, error) {
		list, err := read()
		if err != nil {
			return nil, false, err
		}
		more := len(list) > exportPart
		list = list[:min(len(list), exportPart)]
		rows := make([][]string, 0, len(list))
		for _, v := range list {
			rows = append(rows, cells(v))
		}
		if more {
			follow(list[len(list)-1])
		}
		return rows, more, nil
	}
}

// exportLink returns the URL of a page's list as a file: its filters, without its place in the list.
func exportLink(c *gin.Context) string {
	q := url.Values{}
	u, _ := c.Value(listURLKey).(listURL)
	maps.Copy(q, u.rest)
	for _, name := range []string{afterField, beforeField, rowField, sizeField, backField} {
		q.Del(name)
	}
	q.Set("format", formatCSV)
	return c.Request.URL.Path + "?" + q.Encode()
}
