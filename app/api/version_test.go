package api

import (
	"testing"

	"gatecrier/app/fault"
)

func TestIfVersionOf(t *testing.T) {
	seven, eight := int64(7), int64(8)
	for _, test := range []struct {
		ifMatch string
		body    *int64
		want    *int64
		field   string
	}{
		{"", nil, nil, ""},
		{"*", nil, nil, ""},
		{"", &seven, &seven, ""},
		{"*", &seven, &seven, ""},
		{`"7"`, nil, &seven, ""},
		{` "7" `, &seven, &seven, ""},
		{`W/"7"`, nil, &seven, ""},
		{"7", nil, &seven, ""},
		{`"7"`, &eight, nil, "version"},
		{`"seven"`, nil, nil, "If-Match"},
		{`"7", "8"`, nil, nil, "If-Match"},
		{`""`, nil, nil, "If-Match"},
	} {
		got, err := ifVersionOf(test.ifMatch, test.body)
		if (got == nil) != (test.want == nil) || got != nil && *got != *test.want {
			t.Errorf("%q and %v: version %v, want %v", test.ifMatch, test.body, got, test.want)
		}
		if (err == nil) != (test.field == "") || err != nil && fault.FieldsOf(err)[0].Name != test.field {
			t.Errorf("%q: %v", test.ifMatch, err)
		}
	}
	if etagOf(seven) != `"7"` {
		t.Errorf("the tag: %s", etagOf(seven))
	}
}
