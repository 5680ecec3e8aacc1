// Package secret seals values at rest and keeps them out of logs, JSON and formatted text. A Ring
// of keys opens a sealed value only for the path that it was sealed for.
package secret

import (
	"database/sql/driver"
	"fmt"
	"io"
	"log/slog"
)

const hidden = "[sealed]"

// Text is a sealed value. The zero Text has none. Printed, logged or encoded it reads [sealed];
// only the database sees its (sealed) bytes.
type Text struct {
	sealed string
}

// Empty reports whether t has no value.
func (t Text) Empty() bool { return t.sealed == "" }

// String returns [sealed].
func (Text) String() string { return hidden }

// GoString returns [sealed].
func (Text) GoString() string { return hidden }

// Format writes [sealed], for every verb and flag.
func (Text) Format(s fmt.State, _ rune) {
	// A fmt.Formatter cannot return the error of its writer.
	_, _ = io.WriteString(s, hidden) //nolint:errcheck // see above
}

// MarshalJSON returns "[sealed]".
func (Text) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// MarshalText returns [sealed].
func (Text) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue returns [sealed].
func (Text) LogValue() slog.Value { return slog.StringValue(hidden) }

// GormDataType returns the type of its columns, bytes.
func (Text) GormDataType() string { return "bytes" }

// Value returns the sealed bytes, nil for the zero Text.
func (t Text) Value() (driver.Value, error) {
	if t.Empty() {
		return nil, nil
	}
	return []byte(t.sealed), nil
}

// Scan reads sealed bytes from the database; NULL gives the zero Text.
func (t *Text) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		t.sealed = ""
	case []byte:
		t.sealed = string(v)
	case string:
		t.sealed = v
	default:
		return fmt.Errorf("scan sealed text: cannot read %T", src)
	}
	return nil
}
