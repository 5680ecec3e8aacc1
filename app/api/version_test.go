package api

import (
	"testing"

	"gatecrier/app/fault"
)

func TestIfMatch_NamesVersion(t *testing.T) {
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
		{`"7-0d5f3a9c41e7b260"`, nil, &seven, ""},
		{`W/"7-0d5f"`, &seven, &seven, ""},
		{` "7" `, &seven, &seven, ""},
		{`W/"7"`, nil, &seven, ""},
		{"7", nil, &seven, ""},
		{`"7"`, &eight, nil, "version"},
		{`"seven"`, nil, nil, "If-Match"},
		{`"7", "8"`, nil, nil, "If-Match"},
		{`""`, nil, nil, "If-Match"},
	} {
		got, err := IfMatch{test.ifMatch}.version(test.body)
		if (got == nil) != (test.want == nil) || got != nil && *got != *test.want {
			t.Errorf("%q and %v: version %v, want %v", test.ifMatch, test.body, got, test.want)
		}
		if (err == nil) != (test.field == "") || err != nil && fault.FieldsOf(err)[0].Name != test.field {
			t.Errorf("%q: %v", test.ifMatch, err)
		}
	}
	if tag := etagOf(seven, nil); tag != `"7"` {
		t.Errorf("the tag without a body: %s", tag)
	}
	if one, other := etagOf(seven, "a"), etagOf(seven, "b"); one == other || one != etagOf(seven, "a") {
		t.Errorf("the tags of two bodies: %s, %s", one, other)
	}
	// Version 0 stands for any in the services: If-Match must not say that.
	if version, err := (IfMatch{`"0"`}).atLeastOne(0); err != nil || version != -1 {
		t.Errorf("version 0: %d, %v", version, err)
	}
}
