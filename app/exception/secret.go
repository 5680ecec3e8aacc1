package exception

import "gatecrier/app/scrub"

// HideSecrets returns arguments with Hidden in place of the values of secret names, nil for nil.
func HideSecrets(arguments map[string]string) map[string]string {
	if arguments == nil {
		return nil
	}
	safe := make(map[string]string, len(arguments))
	for name, value := range arguments {
		if scrub.Sensitive(name) {
			value = Hidden
		}
		safe[name] = value
	}
	return safe
}
