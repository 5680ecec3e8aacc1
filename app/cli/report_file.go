package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatecrier/app/visible"
)

// maxSource is the longest name of a source, in characters.
const maxSource = 255

// reportFile is a report to send.
type reportFile struct {
	path   string // "-" for stdin
	source string // the name of its source, "" for none
	named  bool   // the argument has the name of the source itself
	file   *os.File
	size   int64
	spool  string // the temporary file, "" for none
}

// label returns how the output names the file.
func (f *reportFile) label() string {
	path := f.path
	if path == "-" {
		path = "stdin"
	}
	if f.named {
		return lineStart(f.source + "=" + path)
	}
	return lineStart(path)
}

// body returns the report from its beginning.
func (f *reportFile) body() io.Reader { return io.NewSectionReader(f.file, 0, f.size) }

// close closes the file, and removes it if it is a temporary one.
func (f *reportFile) close() error {
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	if f.spool != "" {
		if e := os.Remove(f.spool); !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// parseFile reads an argument [SOURCE=]FILE. An existing file with that whole name wins, and what
// begins like a path ("./", "../", "/") has no source name.
func parseFile(arg, source string) *reportFile {
	if name, path, ok := strings.Cut(arg, "="); ok && !isPath(arg) {
		return &reportFile{path: path, source: strings.TrimSpace(name), named: true}
	}
	return &reportFile{path: arg, source: strings.TrimSpace(source)}
}

func isPath(arg string) bool {
	for _, begin := range []string{"./", "../", "/", "." + string(filepath.Separator), ".." + string(filepath.Separator)} {
		if strings.HasPrefix(arg, begin) {
			return true
		}
	}
	if filepath.IsAbs(arg) {
		return true
	}
	_, err := os.Lstat(arg)
	return err == nil
}

// parseFiles reads the arguments, and adds what is wrong with them to a list of problems. It opens
// nothing.
func parseFiles(args []string, source string, found *problems) []*reportFile {
	if len(args) == 0 {
		found.add("no report: name at least one file, or - for stdin")
	}
	var list []*reportFile
	stdin := 0
	for _, arg := range args {
		f := parseFile(arg, source)
		list = append(list, f)
		if f.path == "-" {
			stdin++
		} else if problem := pathProblem(f); problem != "" {
			found.add("%s", problem)
		}
		if problem := sourceProblem(f); problem != "" {
			found.add("%s", problem)
		}
	}
	if stdin > 1 {
		found.add("stdin (-) can be read only once: name files for the other reports")
	}
	addDoubled(list, found)
	return list
}

// pathProblem returns what is wrong with a file, "" for nothing.
func pathProblem(f *reportFile) string {
	if f.path == "" {
		if f.named {
			return fmt.Sprintf("%s=: name a file after the =", f.source)
		}
		return "a file name is empty"
	}
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(f.path, "*?["):
		return f.label() + ": no such file: the pattern matches nothing"
	case errors.Is(err, fs.ErrNotExist):
		return f.label() + ": no such file"
	case err != nil:
		return f.label() + ": " + fileError(err)
	case info.IsDir():
		return folderProblem(f)
	case info.Mode().IsRegular() && info.Size() == 0:
		return f.label() + ": the file is empty; check that the scanner ran"
	}
	return ""
}

// fileError returns the reason of an error of a file, without its path.
func fileError(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return "the file cannot be read: " + path.Err.Error()
	}
	return "the file cannot be read: " + err.Error()
}

// sourceProblem returns what is wrong with the name of a source, "" for nothing.
func sourceProblem(f *reportFile) string {
	switch {
	case f.named && f.source == "":
		return fmt.Sprintf("=%s: the name of the source before the = is empty; a path begins with ./", f.path)
	case !utf8.ValidString(f.source), strings.ContainsFunc(f.source, unicode.IsControl):
		return f.label() + ": the name of the source must be UTF-8 without control characters"
	case visible.Hidden(f.source) != "":
		return f.label() + ": the name of the source: " + visible.Hidden(f.source)
	case utf8.RuneCountInString(f.source) > maxSource:
		return fmt.Sprintf("%s: the name of the source has more than %d characters", short(f.label(), 40), maxSource)
	}
	return ""
}

// addDoubled adds the files that share a source. Of these, only the last would count.
func addDoubled(list []*reportFile, found *problems) {
	bySource := map[string][]*reportFile{}
	var order []string
	for _, f := range list {
		if bySource[f.source] == nil {
			order = append(order, f.source)
		}
		bySource[f.source] = append(bySource[f.source], f)
	}
	for _, source := range order {
		same := bySource[source]
		if len(same) < 2 {
			continue
		}
		what := fmt.Sprintf("have the same source %q", source)
		if source == "" {
			what = "have no source name"
		}
		labels, taken := make([]string, len(same)), map[string]bool{}
		for i, f := range same {
			labels[i] = f.label()
		}
		for _, other := range order {
			taken[other] = other != source
		}
		found.add("%s %s, so that one could replace the other; name them: %s",
			strings.Join(labels, " and "), what, strings.Join(named(same, taken), " "))
	}
}

// readable opens the files for reading, and keeps what is not a regular file, such as stdin, in a
// temporary one, so that each can be sent again. It adds what is wrong to a list of problems.
func readable(ctx context.Context, list []*reportFile, stdin io.Reader, found *problems) {
	for _, f := range list {
		err := f.open(ctx, stdin)
		switch {
		case ctx.Err() != nil:
			found.add("%s: interrupted", f.label())
			return
		case err != nil:
			found.add("%s: %s", f.label(), fileError(err))
		case f.size == 0:
			found.add("%s: nothing to read; check that the scanner ran", f.label())
		}
	}
}

func (f *reportFile) open(ctx context.Context, stdin io.Reader) error {
	if f.path == "-" {
		return f.keep(ctx, stdin)
	}
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil && info.Mode().IsRegular() {
		f.file, f.size = file, info.Size()
		return nil
	}
	if err == nil {
		err = f.keep(ctx, file)
	}
	return errors.Join(err, file.Close())
}

// keep copies a stream to a temporary file that only this user can read. A stream that never ends,
// such as a terminal, is left alone when ctx ends.
func (f *reportFile) keep(ctx context.Context, stream io.Reader) error {
	file, err := os.CreateTemp("", "gatecrier-*") // with mode 0600
	if err != nil {
		return err
	}
	f.file, f.spool = file, file.Name()
	copied := make(chan error, 1)
	var size int64
	go func() {
		var err error
		size, err = io.Copy(file, stream)
		copied <- err
	}()
	select {
	case err := <-copied:
		f.size = size
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// closeAll closes the files.
func closeAll(list []*reportFile) error {
	var err error
	for _, f := range list {
		err = errors.Join(err, f.close())
	}
	return err
}

// folderProblem returns the hint for a folder: which of its files can be reports.
func folderProblem(f *reportFile) string {
	const most = 5
	entries, err := os.ReadDir(f.path)
	var files []*reportFile
	for _, e := range entries {
		if e.Type().IsRegular() && slices.Contains(reportEndings, filepath.Ext(e.Name())) {
			files = append(files, &reportFile{path: filepath.Join(f.path, e.Name())})
		}
	}
	if err != nil || len(files) == 0 {
		return f.label() + ": a folder, not a report; name the files to send"
	}
	more := ""
	if len(files) > most {
		more = fmt.Sprintf(" and %d more", len(files)-most)
		files = files[:most]
	}
	args := strings.Join(named(files, map[string]bool{}), " ")
	return fmt.Sprintf("%s: a folder, not a report; name its files: %s%s", f.label(), args, more)
}

// reportEndings are the endings of the names of reports.
var reportEndings = []string{".json", ".jsonl", ".sarif", ".gz"}
