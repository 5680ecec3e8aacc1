package fault_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/fault"
)

func TestJoin(t *testing.T) {
	name, again := fault.BadField("name", "Enter a name"), fault.BadField("name", "Too short")
	email, conflict := fault.BadField("email", "Enter an address"), fault.New(fault.Conflict, "Another user changed it")
	plain := errors.New("disk full")
	for _, test := range []struct {
		what string
		errs []error
		want []fault.Field
		same error // the error itself, nil if it is joined
	}{
		{"nothing", []error{nil, nil}, nil, nil},
		{"the fields of all", []error{name, nil, email}, []fault.Field{name.Fields[0], email.Fields[0]}, nil},
		{"the first of a field", []error{name, again}, []fault.Field{name.Fields[0]}, nil},
		{"a conflict comes alone", []error{name, conflict, email}, nil, conflict},
		{"an error of the program, too", []error{name, plain}, nil, plain},
	} {
		err := fault.Join(test.errs...)
		if test.same != nil {
			if !errors.Is(err, test.same) || len(fault.FieldsOf(err)) > 0 {
				t.Errorf("%s: %v, want %v", test.what, err, test.same)
			}
			continue
		}
		if diff := cmp.Diff(test.want, fault.FieldsOf(err)); diff != "" {
			t.Errorf("%s: %s", test.what, diff)
		}
	}
}
