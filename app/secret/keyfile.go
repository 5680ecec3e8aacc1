package secret

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

const (
	maxKeyFile = 1 << 10 // bytes, far more than keys need
	maxKeys    = 4

	keyForm = "a key is 32 bytes in base64, as `openssl rand -base64 32` makes them"
)

// ParseKey decodes a key: 32 bytes in standard base64. Its errors do not quote the input.
func ParseKey(text string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != keySize {
		return nil, errors.New(keyForm)
	}
	return key, nil
}

// ParseKeys decodes one or more keys, separated by spaces, lines or commas. The first is the current
// one. Its errors do not quote the input.
func ParseKeys(text string) ([][]byte, error) {
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	var keys [][]byte
	err := errors.New("it is empty: " + keyForm)
	for _, word := range words {
		var key []byte
		if key, err = ParseKey(word); err != nil {
			break
		}
		keys = append(keys, key)
	}
	switch {
	case err != nil && len(keys) == 0:
		return nil, fmt.Errorf("no key in the expected form: %w", err)
	case err != nil:
		return nil, err
	case len(keys) > maxKeys:
		return nil, fmt.Errorf("at most %d keys: the current one, and older ones that a rotation replaces", maxKeys)
	}
	return keys, nil
}

// FormatKeys encodes keys as ParseKeys reads them, one a line.
func FormatKeys(keys [][]byte) string {
	var b strings.Builder
	for _, key := range keys {
		b.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	}
	return b.String()
}

// NewKey returns a random key.
func NewKey() ([]byte, error) {
	key := make([]byte, keySize)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	return key, nil
}

// KeyFile reads keys from a file, the current one first. If the file does not exist, it generates a
// key and creates the file with mode 0600; created reports which. It refuses a file that others can
// read.
func KeyFile(path string) (keys [][]byte, created bool, err error) {
	keys, err = ReadKeyFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, false, err
	}
	key, err := makeKey(path)
	if errors.Is(err, fs.ErrExist) { // another process was faster
		keys, err = ReadKeyFile(path)
		return keys, false, err
	}
	return [][]byte{key}, err == nil, err
}

// ReadKeyFile reads keys from a file, the current one first. It refuses a file that others can read.
// The error is fs.ErrNotExist if the file does not exist.
func ReadKeyFile(path string) ([][]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	text, err := readPrivate(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("read key file %s: %w", path, err)
	}
	keys, err := ParseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("read key file %s: %w", path, err)
	}
	return keys, nil
}

func readPrivate(f *os.File) (string, error) {
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("it is not a regular file")
	}
	if isShared(info) {
		return "", fmt.Errorf("other users can read it (mode %04o); run chmod 600 on it", info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	return string(text), err
}

func isShared(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }

// Shared reports whether other users of the machine can read a file, and its mode. A missing file has none.
func Shared(path string) (mode string, shared bool) {
	info, err := os.Stat(path)
	if err != nil {
		return "", false
	}
	return fmt.Sprintf("%04o", info.Mode().Perm()), isShared(info)
}

func makeKey(path string) ([]byte, error) {
	key, err := NewKey()
	if err != nil {
		return nil, err
	}
	if err := publish(path, FormatKeys([][]byte{key}), os.Link); err != nil {
		return nil, fmt.Errorf("make key file: %w", err)
	}
	return key, nil
}

// WriteKeyFile replaces the keys of a file, or creates it with mode 0600. It replaces the file that a
// symbolic link names, not the link. A crash leaves the old keys or the new ones.
func WriteKeyFile(path string, keys [][]byte) error {
	file, err := filepath.EvalSymlinks(path)
	if err == nil {
		path = file
	} else if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("write key file: %s is a symbolic link to no file: remove the link, or create the file", path)
	}
	if err := publish(path, FormatKeys(keys), os.Rename); err != nil {
		return fmt.Errorf("write key file: %w", err)
	}
	return nil
}

// publish gives a new file its name once its content is on the disk, so that neither a crash nor
// another process ever finds half of it. With os.Link as name, the error is fs.ErrExist if the name is
// taken; os.Rename replaces the file.
func publish(path, content string, name func(from, to string) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // of mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if removeErr := os.Remove(f.Name()); !errors.Is(removeErr, fs.ErrNotExist) {
			err = errors.Join(err, removeErr)
		}
	}()
	_, err = f.WriteString(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := name(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a new name in a directory survive a crash.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
