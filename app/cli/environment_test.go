package cli

import (
	"slices"
	"testing"
)

func TestUnknownVariables_NameTheNearest(t *testing.T) {
	got := unknownVariables([]string{
		"PATH=/bin", "GATECRIER_LISTEN=x", "GATECRIER_TOKEN=x", "GATECRIER_BASEURL=https://x", "GATECRIER_DATADIR=x",
		"GATECRIER_SECRETKEY=x", "GATECRIER_SERVICE_HOST=10.0.0.1", "GATECRIER_PORT_8080_TCP=tcp://10.0.0.1:8080",
	})
	want := []unknownVariable{
		{"GATECRIER_BASEURL", "GATECRIER_BASE_URL"},
		{"GATECRIER_DATADIR", "GATECRIER_DATA_DIR"},
		{"GATECRIER_SECRETKEY", "GATECRIER_SECRET_KEY"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
