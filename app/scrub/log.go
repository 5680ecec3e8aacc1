package scrub

import (
	"fmt"
	"log/slog"
)

// Attr is a ReplaceAttr of slog: it hides the values of sensitive names, and secrets in messages, errors and
// texts.
func Attr(_ []string, a slog.Attr) slog.Attr {
	switch v := a.Value.Resolve(); v.Kind() {
	case slog.KindString:
		if strengthOf(a.Key) >= strong {
			return slog.String(a.Key, Mask)
		}
		return slog.String(a.Key, Text(v.String()))
	case slog.KindAny:
		switch value := v.Any().(type) {
		case *slog.Source, slog.Level: // of slog itself
			return a
		case error:
			return slog.String(a.Key, Text(value.Error()))
		default:
			return slog.String(a.Key, Text(fmt.Sprint(value)))
		}
	default:
		return a
	}
}
