package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"errors"
	"fmt"
)

// A sealed value is: version (1 byte), key ID (4 bytes), nonce (12 bytes), AES-256-GCM ciphertext
// with its tag. The associated data (AAD) is version and key ID followed by the path.
const (
	version    = 1
	keySize    = 32
	headerSize = 1 + 4
)

type keyID [4]byte

// Ring holds the keys that open sealed values, by ID. The current key seals.
type Ring struct {
	current keyID
	keys    map[keyID]cipher.AEAD
}

// NewRing returns a ring of keys of 32 bytes each. The first is the current one; the others only
// open older values.
func NewRing(keys ...[]byte) (*Ring, error) {
	if len(keys) == 0 {
		return nil, errors.New("make key ring: no key given")
	}
	r := &Ring{current: idOf(keys[0]), keys: make(map[keyID]cipher.AEAD, len(keys))}
	for i, key := range keys {
		aead, err := newAEAD(key)
		if err != nil {
			return nil, fmt.Errorf("make key ring: key %d: %w", i+1, err)
		}
		r.keys[idOf(key)] = aead
	}
	return r, nil
}

// Seal seals a value for a path ("connections/12/config"), which is its associated data: it opens
// only with the same path. An empty value gives the zero Text.
func (r *Ring) Seal(path, plain string) (Text, error) {
	if path == "" {
		return Text{}, errors.New("seal secret: no path given")
	}
	if plain == "" {
		return Text{}, nil
	}
	header := append([]byte{version}, r.current[:]...)
	//nolint:gosec // G407: this mode makes a random nonce itself
	sealed := r.keys[r.current].Seal(header, nil, []byte(plain), associatedData(header, path))
	return Text{sealed: string(sealed)}, nil
}

// Current reports whether a value is sealed with the current key. The zero Text is.
func (r *Ring) Current(t Text) bool {
	return t.Empty() || len(t.sealed) >= headerSize && keyID([]byte(t.sealed[1:headerSize])) == r.current
}

// Open returns the value that was sealed for this path; the zero Text gives an empty one. An error
// names the path, never any of the content.
func (r *Ring) Open(path string, t Text) (string, error) {
	if t.Empty() {
		return "", nil
	}
	sealed := []byte(t.sealed)
	if len(sealed) < headerSize || sealed[0] != version {
		return "", fmt.Errorf("open secret of %s: unknown format", path)
	}
	header, body := sealed[:headerSize], sealed[headerSize:]
	aead, ok := r.keys[keyID(header[1:])]
	if !ok {
		return "", fmt.Errorf("open secret of %s: it was sealed with a key that is not configured", path)
	}
	plain, err := aead.Open(nil, nil, body, associatedData(header, path))
	if err != nil {
		return "", fmt.Errorf("open secret of %s: it is damaged or was sealed for another path", path)
	}
	return string(plain), nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	if len(key) != keySize {
		return nil, fmt.Errorf("it has %d bytes, not %d", len(key), keySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// idOf returns a short hash that reveals nothing about the key: it only selects the right one.
func idOf(key []byte) keyID {
	sum := sha256.Sum256(append([]byte("gatecrier key id\x00"), key...))
	return keyID(sum[:4])
}

func associatedData(header []byte, path string) []byte {
	return append(append([]byte(nil), header...), path...)
}
