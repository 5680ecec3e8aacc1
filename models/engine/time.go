package engine

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"gorm.io/gorm/schema"
)

// Micro is how a time is stored: microseconds since 1970 in UTC, NULL for the
// zero time.
func Micro(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// TimeTo scans a stored time into t.
func TimeTo(t *time.Time) any { return microTime{t} }

// microTime is a sql.Scanner.
type microTime struct{ t *time.Time }

// Scan reads what micro wrote.
func (m microTime) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*m.t = time.Time{}
	case int64:
		*m.t = time.UnixMicro(v).UTC()
	default:
		return fmt.Errorf("a stored time is an integer, not a %T", v)
	}
	return nil
}

// microSerializer is the same for gorm: `gorm:"serializer:micro;autoCreateTime:false;autoUpdateTime:false"` on a field
// of type time.Time.
type microSerializer struct{}

// Scan reads a field from the database.
func (microSerializer) Scan(ctx context.Context, field *schema.Field, dst reflect.Value, v any) error {
	var t time.Time
	if err := (microTime{&t}).Scan(v); err != nil {
		return fmt.Errorf("%s: %w", field.Name, err)
	}
	field.ReflectValueOf(ctx, dst).Set(reflect.ValueOf(t))
	return nil
}

// Value gives a field to the database.
func (microSerializer) Value(_ context.Context, field *schema.Field, _ reflect.Value, v any) (any, error) {
	t, ok := v.(time.Time)
	if !ok {
		return nil, fmt.Errorf("%s: a stored time is a time.Time, not a %T", field.Name, v)
	}
	return Micro(t), nil
}
