package scrub

import "testing"

// BenchmarkShort scrubs texts as reports have them: a short one, and sentences without a secret.
func BenchmarkShort(b *testing.B) {
	for name, text := range map[string]string{
		"word": "m123456",
		"sentence": "Potential SQL injection: the value of `name` flows from the request into a query without a check. " +
			"Use a prepared statement (see rule python.sqli.4, CWE-89), or check the value before.",
		"location": "services/checkout/internal/handlers/payment_handler_test.go line 1204 calls exec.Command with input",
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Text(text)
			}
		})
	}
}
