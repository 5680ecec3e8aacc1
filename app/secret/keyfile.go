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
)

// maxKeyFile is far more than a key needs, in bytes.
const maxKeyFile = 1 << 10

// ParseKey decodes a key: 32 bytes in standard base64. Its errors do not quote the input.
func ParseKey(text string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != keySize {
		return nil, errors.New("a key is 32 bytes in base64, as `openssl rand -base64 32` makes them")
	}
	return key, nil
}

// KeyFile reads a base64 key from a file. If the file does not exist, it generates a key and
// creates the file with mode 0600; created reports which. It refuses a file that others can read.
func KeyFile(path string) (key []byte, created bool, err error) {
	key, err = ReadKeyFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, false, err
	}
	key, err = makeKey(path)
	if errors.Is(err, fs.ErrExist) { // another process was faster
		key, err = ReadKeyFile(path)
		return key, false, err
	}
	return key, err == nil, err
}

// ReadKeyFile reads a base64 key from a file, which it refuses if others can read it. The error is
// fs.ErrNotExist if the file does not exist.
func ReadKeyFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	text, err := readPrivate(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("read key file %s: %w", path, err)
	}
	key, err := ParseKey(text)
	if err != nil {
		return nil, fmt.Errorf("read key file %s: %w", path, err)
	}
	return key, nil
}

func readPrivate(f *os.File) (string, error) {
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("it is not a regular file")
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("others may read it (mode %04o); run chmod 600 on it", info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	return string(text), err
}

func makeKey(path string) ([]byte, error) {
	key := make([]byte, keySize)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	if err := publish(path, base64.StdEncoding.EncodeToString(key)+"\n"); err != nil {
		return nil, fmt.Errorf("make key file: %w", err)
	}
	return key, nil
}

// publish gives a new file its name once its content is on the disk, so that neither a crash nor
// another process ever finds half of it. The error is fs.ErrExist if the name is taken.
func publish(path, content string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // of mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.WriteString(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
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
