package scrub

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

func TestAttr_HidesSecretsInTheLog(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: Attr}))
	log.Error("open password=hunter2",
		"error", errors.New("dial postgres://app:hunter2@db/shop"),
		"text", "token=hunter2",
		"api_key", "hunter2",
		"list", []string{"secret=hunter2"},
		"count", 4,
		slog.Group("request", "header", "Authorization: Bearer hunter2"))
	got := out.String()
	if strings.Contains(got, "hunter2") || strings.Count(got, Mask) != 6 || !strings.Contains(got, `"count":4`) {
		t.Error(got)
	}
}
