package secret

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestKeyFileIsMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret.key")
	first, made, err := oneKey(path)
	if err != nil || !made || len(first) != keySize {
		t.Fatalf("first: %d bytes, made %v, %v", len(first), made, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v", info.Mode(), err)
	}
	again, made, err := oneKey(path)
	if err != nil || made || !bytes.Equal(again, first) {
		t.Errorf("again: same %v, made %v, %v", bytes.Equal(again, first), made, err)
	}
	other, _, err := oneKey(filepath.Join(t.TempDir(), "secret.key"))
	if err != nil || bytes.Equal(other, first) {
		t.Errorf("two files have the same key: %v, %v", bytes.Equal(other, first), err)
	}
}

// One of several processes makes the key, and the others read all of it.
func TestKeyFileIsMadeOnceByManyProcesses(t *testing.T) {
	for range 50 {
		path := filepath.Join(t.TempDir(), "secret.key")
		var activated atomic.Int32
		var keys [8][]byte
		ready, done := make(chan struct{}), sync.WaitGroup{}
		for i := range keys {
			done.Go(func() {
				<-ready
				key, made, err := oneKey(path)
				if err != nil {
					t.Error(err)
				}
				if made {
					activated.Add(1)
				}
				keys[i] = key
			})
		}
		close(ready)
		done.Wait()
		for _, key := range keys {
			if activated.Load() != 1 || !bytes.Equal(key, keys[0]) {
				t.Fatalf("%d keys made, all the same: %v", activated.Load(), bytes.Equal(key, keys[0]))
			}
		}
		if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
			t.Fatalf("beside the key: %v, %v", left, err)
		}
	}
}

func TestKeyFileRefuses(t *testing.T) {
	good := base64.StdEncoding.EncodeToString(key(7))
	tests := []struct {
		name, content string
		mode          os.FileMode
		want          string
	}{
		{"readable by all", good, 0o644, "other users can read it"},
		{"readable by the group", good, 0o640, "other users can read it"},
		{"empty", "", 0o600, "32 bytes in base64"},
		{"short", base64.StdEncoding.EncodeToString(key(7)[:16]), 0o600, "32 bytes in base64"},
		{"not base64", "!" + good, 0o600, "32 bytes in base64"},
		{"a sentence", "this file holds no key at all", 0o600, "no key in the expected form: a key is 32 bytes"},
		{"five keys", strings.Repeat(good+"\n", 5), 0o600, "at most 4 keys"},
		{"a key and a word", good + "\nold", 0o600, "a key is 32 bytes in base64"},
		{"huge", strings.Repeat(good, 1000), 0o600, "32 bytes in base64"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "secret.key")
			if err := os.WriteFile(path, []byte(tt.content), tt.mode); err != nil {
				t.Fatal(err)
			}
			_, made, err := oneKey(path)
			if err == nil || made || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), good) {
				t.Errorf("made %v, %v, want %q", made, err, tt.want)
			}
		})
	}
	if _, _, err := oneKey(t.TempDir()); err == nil {
		t.Error("a directory is taken for a key")
	}
	if _, made, err := oneKey(filepath.Join(t.TempDir(), "no", "key")); err == nil || made {
		t.Error("a directory is made up")
	}
}

func TestParseKey(t *testing.T) {
	want := key(9)
	got, err := ParseKey(" " + base64.StdEncoding.EncodeToString(want) + "\n")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("ParseKey = %x, %v", got, err)
	}
	const wrong = "c2VjcmV0LWJ1dC1zaG9ydA=="
	if _, err := ParseKey(wrong); err == nil || strings.Contains(err.Error(), wrong) {
		t.Errorf("error = %v", err)
	}
}

// oneKey is KeyFile for a file of one key.
func oneKey(path string) (key []byte, created bool, err error) {
	keys, created, err := KeyFile(path)
	if len(keys) == 1 {
		key = keys[0]
	}
	return key, created, err
}

func TestKeyFile_SeveralKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret.key")
	want := [][]byte{bytes.Repeat([]byte{1}, keySize), bytes.Repeat([]byte{2}, keySize)}
	if err := WriteKeyFile(path, want[1:]); err != nil {
		t.Fatal(err)
	}
	if err := WriteKeyFile(path, want); err != nil { // replaces it
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	keys, err := ReadKeyFile(path)
	if err != nil || len(keys) != 2 || !bytes.Equal(keys[0], want[0]) || !bytes.Equal(keys[1], want[1]) {
		t.Errorf("it reads %d keys: %v", len(keys), err)
	}
	many := FormatKeys(append(want, want[0], want[0], want[0]))
	for _, text := range []string{"", "abc", FormatKeys(want) + "abc", many} {
		if _, err := ParseKeys(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
	old, err := NewRing(want[1])
	if err != nil {
		t.Fatal(err)
	}
	both, err := NewRing(want...)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := old.Seal("a/1/b", "value")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := both.Open("a/1/b", sealed); text != "value" || err != nil {
		t.Errorf("both keys open %q, %v", text, err)
	}
	if both.Current(sealed) || !old.Current(sealed) {
		t.Error("the old key is the current one of the old ring alone")
	}
}
