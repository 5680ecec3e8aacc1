package secret

import (
	"bytes"
	"strings"
	"testing"
)

func key(b byte) []byte { return bytes.Repeat([]byte{b}, keySize) }

func newRing(t *testing.T, keys ...byte) *Ring {
	t.Helper()
	var all [][]byte
	for _, b := range keys {
		all = append(all, key(b))
	}
	ring, err := NewRing(all...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func TestSealAndOpen(t *testing.T) {
	ring := newRing(t, 1)
	for _, value := range []string{"x", plain, strings.Repeat("ä\x00\xff", 5000)} {
		text, err := ring.Seal("a/1/b", value)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ring.Open("a/1/b", text); err != nil || got != value {
			t.Errorf("Open = %d bytes, %v, want %d", len(got), err, len(value))
		}
	}
	if none, err := ring.Seal("a/1/b", ""); err != nil || !none.Empty() {
		t.Errorf("Seal of nothing: %v, empty %v", err, none.Empty())
	}
	if got, err := ring.Open("a/1/b", Text{}); err != nil || got != "" {
		t.Errorf("Open of none = %q, %v", got, err)
	}
	if _, err := ring.Seal("", plain); err == nil {
		t.Error("Seal without a place succeeds")
	}
}

func TestSealUsesANewNonce(t *testing.T) {
	ring := newRing(t, 1)
	seen := map[Text]bool{}
	for range 100 {
		text, err := ring.Seal("a", plain)
		if err != nil || seen[text] {
			t.Fatalf("repeated %v, %v", seen[text], err)
		}
		seen[text] = true
	}
}

func TestOpen_OtherPath(t *testing.T) {
	ring := newRing(t, 1)
	text, err := ring.Seal("connections/12/config", plain)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"connections/13/config", "connections/12/confi", "", "connections/12/config "} {
		if got, err := ring.Open(path, text); err == nil || got != "" {
			t.Errorf("Open at %q = %q, %v", path, got, err)
		}
	}
}

func TestOpen_Damaged(t *testing.T) {
	ring := newRing(t, 1)
	text := sealed(t)
	for i := range text.sealed {
		bad := []byte(text.sealed)
		bad[i] ^= 1
		checkRefused(t, ring, Text{sealed: string(bad)})
		checkRefused(t, ring, Text{sealed: text.sealed[:max(i, 1)]})
	}
	checkRefused(t, ring, Text{sealed: text.sealed + "x"})
}

func checkRefused(t *testing.T, ring *Ring, text Text) {
	t.Helper()
	got, err := ring.Open("connections/1/config", text)
	if err == nil || got != "" {
		t.Fatalf("Open of damaged %x = %q, %v", text.sealed, got, err)
	}
	if !strings.Contains(err.Error(), "connections/1/config") || strings.Contains(err.Error(), plain) {
		t.Fatalf("error = %v", err)
	}
}

func TestKeysRotate(t *testing.T) {
	old, err := newRing(t, 1).Seal("a", plain)
	if err != nil {
		t.Fatal(err)
	}
	both := newRing(t, 2, 1)
	if got, err := both.Open("a", old); err != nil || got != plain {
		t.Errorf("old value with both keys = %q, %v", got, err)
	}
	activated, err := both.Seal("a", plain)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := newRing(t, 2).Open("a", activated); err != nil || got != plain {
		t.Errorf("new value with the new key = %q, %v", got, err)
	}
	if _, err := newRing(t, 2).Open("a", old); err == nil || !strings.Contains(err.Error(), "not configured") {
		t.Errorf("old value with the new key alone: %v", err)
	}
}

func TestNewRingRefuses(t *testing.T) {
	for _, keys := range [][][]byte{nil, {nil}, {key(1)[:31]}, {key(1), append(key(2), 0)}} {
		if _, err := NewRing(keys...); err == nil {
			t.Errorf("NewRing takes %d keys that are wrong", len(keys))
		}
	}
}
