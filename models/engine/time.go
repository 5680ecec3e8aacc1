package engine

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"gorm.io/gorm/schema"
)

// Micro returns the stored value of a time: microseconds since 1970 in UTC, or NULL for the zero time.
func Micro(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// TimeTo returns a scan destination that reads a stored time into t.
func TimeTo(t *time.Time) any { return microTime{t} }

// microTime is the sql.Scanner of TimeTo.
type microTime struct{ t *time.Time }

// Scan reads a value of Micro.
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

// microSerializer stores times in the same way for gorm. A field of type time.Time has the tag
// `gorm:"serializer:micro;autoCreateTime:false;autoUpdateTime:false"`.
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

// Value returns the stored value of a field.
func (microSerializer) Value(_ context.Context, field *schema.Field, _ reflect.Value, v any) (any, error) {
	t, ok := v.(time.Time)
	if !ok {
		return nil, fmt.Errorf("%s: a stored time is a time.Time, not a %T", field.Name, v)
	}
	return Micro(t), nil
}
