package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"
)

// CopyOptions are the parameters of Copy.
type CopyOptions struct {
	From, To   string // database URLs of two kinds
	Migrations fs.FS  // as in Options
	// Replace replaces what PostgreSQL cannot store in a text by U+FFFD, instead of an error.
	Replace  bool
	Log      *slog.Logger
	Now      func() time.Time
	Progress func(step, table string, done, total int64) // rows; nil: none
}

// CopiedTable is what a copy did with a table.
type CopiedTable struct {
	Name       string
	Rows       int64  // of the source
	Sum        string // a checksum of them
	TargetRows int64
	TargetSum  string
}

// CopyResult is what a copy did.
type CopyResult struct {
	Tables   []CopiedTable // sorted by name
	Resumed  bool          // an interrupted copy was finished
	Replaced int64         // texts with replaced characters
}

// copying is a copy in progress.
type copying struct {
	CopyOptions
	source   *copySource
	target   copyTarget
	tables   []copyTable
	sums     map[string]tableSum // of the source
	total    int64               // rows
	replaced int64
}

// Copy copies all rows of a database to an empty one of the other kind, or finishes such a copy. It
// only reads the source. Until the copy is finished and verified, the target has a mark, and no
// program migrates or serves it.
func Copy(ctx context.Context, o CopyOptions) (r CopyResult, err error) {
	if o.Progress == nil {
		o.Progress = func(string, string, int64, int64) {}
	}
	c := &copying{CopyOptions: o, sums: map[string]tableSum{}}
	if c.source, err = openCopySource(ctx, o); err != nil {
		return r, fmt.Errorf("the source: %w", err)
	}
	defer func() { err = errors.Join(err, c.source.close()) }()
	if c.tables, err = readCopyTables(ctx, c.source.dialect, c.source.tx); err != nil {
		return r, fmt.Errorf("the source: %w", err)
	}
	if c.target, err = openCopyTarget(ctx, o); err != nil {
		return r, fmt.Errorf("the target: %w", err)
	}
	defer func() { err = errors.Join(err, c.target.close()) }()
	fingerprint, err := c.target.mark(ctx) // an unusable target is refused before the long part
	if err != nil {
		return r, fmt.Errorf("the target: %w", err)
	}
	if err := c.checkSource(ctx); err != nil {
		return r, err
	}
	if r.Resumed = fingerprint != ""; r.Resumed && fingerprint != c.fingerprint() {
		return r, errors.New("the target has a part of another database, or the source was changed since: " +
			"copy into an empty database")
	}
	return c.run(ctx, r)
}

// run copies, verifies and finishes.
func (c *copying) run(ctx context.Context, r CopyResult) (CopyResult, error) {
	r.Replaced = c.replaced
	if err := c.prepareTarget(ctx, r.Resumed); err != nil {
		return r, fmt.Errorf("prepare the target: %w", err)
	}
	done := int64(0)
	for _, t := range c.tables {
		n, err := c.copyTable(ctx, t, done)
		if err != nil {
			return r, fmt.Errorf("copy the table %s: %w", t.name, err)
		}
		done += n
	}
	var err error
	if r.Tables, err = c.verify(ctx); err != nil {
		return r, err
	}
	sequences, err := c.source.sequences(ctx, c.tables)
	if err != nil {
		return r, fmt.Errorf("read the highest ids: %w", err)
	}
	if err := c.source.checkUnused(ctx); err != nil {
		return r, fmt.Errorf("the source: %w", err)
	}
	c.Progress("finish", "", 0, 0)
	if err := c.target.finish(ctx, c.tables, sequences); err != nil {
		return r, fmt.Errorf("finish the target: %w", err)
	}
	return r, nil
}

// maxUnfit bounds the values that a refused copy names.
const maxUnfit = 10

// checkSource computes the sums of the source. It names values that the target cannot store, so that
// nothing is written before they are known.
func (c *copying) checkSource(ctx context.Context) error {
	if err := c.source.check(ctx); err != nil {
		return fmt.Errorf("the source: %w", err)
	}
	for _, t := range c.tables {
		var n int64
		if err := c.source.tx.QueryRowContext(ctx, "SELECT count(*) FROM "+quote(t.name)).Scan(&n); err != nil {
			return fmt.Errorf("count the rows of %s: %w", t.name, err)
		}
		c.total += n
	}
	var unfit []string
	done := int64(0)
	for _, t := range c.tables {
		var sum tableSum
		err := scanCopyRows(ctx, c.source.tx, c.source.dialect, t, nil, func(row []any) error {
			if done++; done%progressRows == 0 {
				c.Progress("check", t.name, done, c.total)
			}
			replaced, err := t.normalize(row, c.Replace)
			c.replaced += replaced
			if err == nil {
				sum.add(t, row)
				return nil
			}
			if unfit = append(unfit, fmt.Sprintf("table %s, %s, %v", t.name, t.keyText(row), err)); len(unfit) < maxUnfit {
				return nil
			}
			return errUnfit
		})
		if err != nil && !errors.Is(err, errUnfit) {
			return fmt.Errorf("read the table %s of the source: %w", t.name, err)
		}
		c.sums[t.name] = sum
	}
	if len(unfit) > 0 {
		return fmt.Errorf("the target cannot store these values: %s. Nothing was copied. To copy with U+FFFD in place of "+
			"each character that cannot be stored, add --replace-invalid", strings.Join(unfit, "; "))
	}
	return nil
}

var errUnfit = errors.New("enough values are known")

// fingerprint identifies the content of the source.
func (c *copying) fingerprint() string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(c.sums)) {
		//nolint:errcheck // a hash returns no errors
		fmt.Fprintln(h, name, c.sums[name].rows, c.sums[name].text())
	}
	return hex.EncodeToString(h.Sum(nil))
}

// prepareTarget marks the target, gives it the schema, and checks that both have the same tables.
func (c *copying) prepareTarget(ctx context.Context, resumed bool) error {
	if !resumed {
		if err := c.target.setMark(ctx, c.fingerprint()); err != nil {
			return err
		}
	}
	d, err := Open(ctx, Options{URL: c.To, Log: c.Log, Now: c.Now, Migrations: c.Migrations, Restoring: true})
	if err != nil {
		return err
	}
	if err := errors.Join(d.Migrate(ctx), d.Close()); err != nil {
		return err
	}
	tables, err := readCopyTables(ctx, c.target.dialect(), c.target.reader())
	if err != nil {
		return err
	}
	if err := sameCopyTables(c.tables, tables); err != nil {
		return err
	}
	return c.target.loosen(ctx)
}

// copyTable copies what the target does not have yet of a table. It returns the number of rows of the
// table.
func (c *copying) copyTable(ctx context.Context, t copyTable, before int64) (int64, error) {
	rows := c.sums[t.name].rows
	p, err := c.target.progress(ctx, t)
	if err != nil || p.rows == rows {
		return rows, err
	}
	b := copyBatch{table: t, progress: p}
	flush := func() error {
		if len(b.rows) == 0 {
			return nil
		}
		b.progress.rows += int64(len(b.rows))
		b.progress.after = t.keyOf(b.rows[len(b.rows)-1])
		if err := c.target.write(ctx, b); err != nil {
			return err
		}
		c.Progress("copy", t.name, before+b.progress.rows, c.total)
		b.rows, b.size = nil, 0
		return nil
	}
	err = scanCopyRows(ctx, c.source.tx, c.source.dialect, t, p.after, func(row []any) error {
		if _, err := t.normalize(row, c.Replace); err != nil {
			return err
		}
		b.rows, b.size = append(b.rows, row), b.size+rowSize(row)
		if len(b.rows) < maxCopyRows && b.size < maxCopyBytes {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	return rows, err
}

// verify compares the sums of the target with those of the source.
func (c *copying) verify(ctx context.Context) (list []CopiedTable, err error) {
	var different []string
	done := int64(0)
	for _, t := range c.tables {
		var sum tableSum
		err := scanCopyRows(ctx, c.target.reader(), c.target.dialect(), t, nil, func(row []any) error {
			if done++; done%progressRows == 0 {
				c.Progress("verify", t.name, done, c.total)
			}
			if _, err := t.normalize(row, false); err != nil {
				return err
			}
			sum.add(t, row)
			return nil
		})
		if err != nil {
			return list, fmt.Errorf("verify the table %s: %w", t.name, err)
		}
		want := c.sums[t.name]
		list = append(list, CopiedTable{
			Name: t.name, Rows: want.rows, Sum: want.text(), TargetRows: sum.rows, TargetSum: sum.text(),
		})
		if sum != want {
			different = append(different, fmt.Sprintf("%s (%d rows, the source has %d)", t.name, sum.rows, want.rows))
		}
	}
	if len(different) > 0 {
		return list, fmt.Errorf("the copy differs from the source in %s: copy again into an empty database",
			strings.Join(different, ", "))
	}
	return list, nil
}
