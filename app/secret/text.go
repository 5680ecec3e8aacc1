// Package secret seals values at rest and keeps them out of logs, JSON and
// formatted text. A sealed value is opened by a Ring of keys, and only for the
// place that it was sealed for.
package secret

import (
	"database/sql/driver"
	"fmt"
	"io"
	"log/slog"
)

const hidden = "[sealed]"

// Text is a sealed value. The zero Text is none. However it is printed, logged
// or encoded, it reads [sealed]; only the database sees its (sealed) bytes.
type Text struct {
	sealed string
}

// Empty reports whether there is no value.
func (t Text) Empty() bool { return t.sealed == "" }

// String is [sealed].
func (Text) String() string { return hidden }

// GoString is [sealed].
func (Text) GoString() string { return hidden }

// Format writes [sealed], whatever the verb and its flags.
func (Text) Format(s fmt.State, _ rune) {
	// A fmt.Formatter has no way to tell that its writer failed.
	_, _ = io.WriteString(s, hidden) //nolint:errcheck // see above
}

// MarshalJSON gives "[sealed]".
func (Text) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// MarshalText gives [sealed].
func (Text) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue is [sealed].
func (Text) LogValue() slog.Value { return slog.StringValue(hidden) }

// GormDataType says that a column of it holds bytes.
func (Text) GormDataType() string { return "bytes" }

// Value is the sealed bytes, or nil when there is none.
func (t Text) Value() (driver.Value, error) {
	if t.Empty() {
		return nil, nil
	}
	return []byte(t.sealed), nil
}

// Scan reads sealed bytes from the database; NULL is none.
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
