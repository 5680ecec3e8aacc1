package backup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// checkTarget refuses a file that exists, and one that is part of the installation, under any name.
func checkTarget(o CreateOptions) error {
	info, err := os.Stat(o.Path)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return err
	}
	for _, used := range o.Used {
		if isSame(o.Path, info, used) {
			return fmt.Errorf("%s belongs to the installation: name another file for the backup", o.Path)
		}
	}
	switch {
	case missing:
		return nil
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file: name a file for the backup", o.Path)
	case !o.Overwrite:
		return fmt.Errorf("%s exists: name another file, or replace it with --force", o.Path)
	}
	return nil
}

// isSame reports whether path, with its info unless it is missing, names the file used: also by a link,
// and also before that file exists.
func isSame(path string, info fs.FileInfo, used string) bool {
	if have, err := os.Stat(used); err == nil && info != nil && os.SameFile(have, info) {
		return true
	}
	return realPath(path) == realPath(used)
}

// realPath returns the absolute path of a file whose directory has no links in its path.
func realPath(path string) string {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(absolute))
	if err != nil {
		return absolute
	}
	return filepath.Join(dir, filepath.Base(absolute))
}
