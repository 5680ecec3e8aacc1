package backup

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"gatecrier/models"
)

// A backup is a tar archive: the manifest first, then the key if it has one, then the database, then
// the SHA-256 of all bytes before. The end is the same for the same sum, byte by byte, so that no
// changed byte of the file goes unnoticed.
const (
	manifestName = "gatecrier-backup.json"
	keyName      = "secret.key"
	sqliteName   = "gatecrier.db"
	postgresName = "gatecrier.dump"
	sumName      = "sha256"

	endSize     = 2048    // bytes of the last entry and of the end of a tar archive
	maxManifest = 1 << 20 // bytes
	maxKeyText  = 1 << 10 // bytes

	// formatVersion is the version of this format. Programs refuse later ones.
	formatVersion = 1
)

// Manifest describes a backup.
type Manifest struct {
	Format    int              `json:"format"`
	Program   string           `json:"program"`  // the version of the program that made it
	Database  string           `json:"database"` // sqlite, postgres
	Schema    int64            `json:"schema"`   // the version of the newest migration
	CreatedAt time.Time        `json:"created_at"`
	Rows      map[string]int64 `json:"rows"` // by table
	HasKey    bool             `json:"has_key"`

	orphans []string // of a database that was just copied: rows that refer to missing rows
}

// databaseName returns the name of the entry with the database.
func (m Manifest) databaseName() string {
	if m.Database == models.Postgres.String() {
		return postgresName
	}
	return sqliteName
}

// writeArchive writes a backup of the database in a file. key is the text of a key file, "" for none.
// progress gets the bytes of the database that are written.
func writeArchive(out io.Writer, m Manifest, key, database string, progress func(done int64)) error {
	sum := sha256.New()
	w := tar.NewWriter(io.MultiWriter(out, sum))
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := writeEntry(w, manifestName, m.CreatedAt, append(text, '\n')); err != nil {
		return err
	}
	if key != "" {
		if err := writeEntry(w, keyName, m.CreatedAt, []byte(key)); err != nil {
			return err
		}
	}
	if err := writeFileEntry(w, m.databaseName(), m.CreatedAt, database, progress); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	end, err := archiveEnd(sum.Sum(nil))
	if err != nil {
		return err
	}
	_, err = out.Write(end)
	return err
}

func writeEntry(w *tar.Writer, name string, at time.Time, content []byte) error {
	h := &tar.Header{Name: name, Mode: 0o600, Size: int64(len(content)), ModTime: at.Truncate(time.Second)}
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	_, err := w.Write(content)
	return err
}

func writeFileEntry(w *tar.Writer, name string, at time.Time, path string, progress func(int64)) (err error) {
	f, err := os.Open(path) // #nosec G304 -- a file that this program made
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	h := &tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: at.Truncate(time.Second)}
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	_, err = io.Copy(w, io.TeeReader(f, &counter{report: progress}))
	return err
}

// counter reports how many bytes were written to it.
type counter struct {
	done   int64
	report func(done int64)
}

// Write counts bytes.
func (c *counter) Write(b []byte) (int, error) {
	c.done += int64(len(b))
	c.report(c.done)
	return len(b), nil
}

// archiveEnd returns the last bytes of an archive: the sum as an entry, and the end of tar.
func archiveEnd(sum []byte) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	err := writeEntry(w, sumName, time.Unix(0, 0), []byte(hex.EncodeToString(sum)+"\n"))
	if err := errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	if b.Len() != endSize {
		return nil, fmt.Errorf("the end of a backup has %d bytes", b.Len())
	}
	return b.Bytes(), nil
}

// archive is a backup that is read. Its content was verified.
type archive struct {
	Manifest
	key  string // the text of its key file, "" for none
	file *os.File
	body int64 // bytes before the end
}

// openArchive opens a backup and verifies all of it. The caller closes it.
func openArchive(path string, progress func(done, total int64)) (a *archive, err error) {
	f, err := os.Open(path) // #nosec G304 -- the operator names the file
	if err != nil {
		return nil, err
	}
	a = &archive{file: f}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", path, errors.Join(err, f.Close()))
			a = nil
		}
	}()
	if err := a.verify(progress); err != nil {
		return a, err
	}
	err = a.readHead()
	return a, err
}

var (
	errNoBackup = errors.New("it is not a backup made by gatecrier backup")
	errDamaged  = errors.New("it is incomplete, or was changed after it was made: use another backup")
)

// verify compares the sum of the file with its end.
func (a *archive) verify(progress func(done, total int64)) error {
	info, err := a.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	if !a.looksLikeBackup() {
		return errNoBackup
	}
	if a.body = info.Size() - endSize; a.body <= 0 || info.Size()%512 != 0 {
		return errDamaged
	}
	sum := sha256.New()
	count := &counter{report: func(done int64) { progress(done, a.body) }}
	if _, err := io.Copy(io.MultiWriter(sum, count), io.NewSectionReader(a.file, 0, a.body)); err != nil {
		return err
	}
	want, err := archiveEnd(sum.Sum(nil))
	if err != nil {
		return err
	}
	got := make([]byte, endSize)
	if _, err := a.file.ReadAt(got, a.body); err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return errDamaged
	}
	return nil
}

// looksLikeBackup reports whether the file begins as a backup does, or nearly: a damaged one is named
// as such.
func (a *archive) looksLikeBackup() bool {
	head := make([]byte, 512)
	n, err := a.file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return false
	}
	return n == len(head) && (bytes.HasPrefix(head, []byte(manifestName)) || string(head[257:262]) == "ustar")
}

// readHead reads the entries before the database.
func (a *archive) readHead() error {
	r := a.entries()
	text, err := readEntry(r, manifestName, maxManifest)
	if err != nil {
		return err
	}
	var version struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return fmt.Errorf("read its manifest: %w", err)
	}
	if version.Format != formatVersion {
		return fmt.Errorf("it has format %d, and this program knows only %d: restore it with the program that made it",
			version.Format, formatVersion)
	}
	if err := json.Unmarshal(text, &a.Manifest); err != nil {
		return fmt.Errorf("read its manifest: %w", err)
	}
	if !a.HasKey {
		return nil
	}
	key, err := readEntry(r, keyName, maxKeyText)
	a.key = string(key)
	return err
}

func (a *archive) entries() *tar.Reader { return tar.NewReader(io.NewSectionReader(a.file, 0, a.body)) }

func readEntry(r *tar.Reader, name string, limit int64) ([]byte, error) {
	h, err := r.Next()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if h.Name != name || h.Size > limit {
		return nil, errNoBackup
	}
	return io.ReadAll(r)
}

// extract writes the database to a new file of mode 0600.
func (a *archive) extract(path string) (err error) {
	r := a.entries()
	for {
		h, err := r.Next()
		if err != nil {
			return fmt.Errorf("find its database: %w", err)
		}
		if h.Name == a.databaseName() {
			break
		}
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // #nosec G304 -- a new file of ours
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Sync(), f.Close())
}

func (a *archive) close() error { return a.file.Close() }

// Verify returns an error unless a file is a whole backup that this program can read. It changes
// nothing.
func Verify(path string, progress Progress) error {
	a, err := openArchive(path, func(done, total int64) {
		if progress != nil {
			progress("verify", done, total)
		}
	})
	if err != nil {
		return err
	}
	return a.close()
}
