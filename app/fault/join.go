package fault

import "slices"

// Join returns one error with the fields of all errors, so that a user corrects them at once. The
// first error of a field counts. An error that is not about fields comes alone. It returns nil if all
// errors are nil.
func Join(errs ...error) error {
	var list Fields
	for _, err := range errs {
		if err == nil {
			continue
		}
		fields := FieldsOf(err)
		if !Is(err, Invalid) || len(fields) == 0 {
			return err
		}
		for _, f := range fields {
			list.Add(f.Name, f.Message)
		}
	}
	return list.Err()
}

// Has reports whether a field has an error.
func (f Fields) Has(name string) bool {
	return slices.ContainsFunc(f, func(one Field) bool { return one.Name == name })
}
