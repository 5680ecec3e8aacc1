package web

import "fmt"

// panicked is a panic of a handler as an error.
type panicked struct{ value any }

func (p *panicked) Error() string {
	if err, ok := p.value.(error); ok {
		return "panic: " + err.Error()
	}
	return fmt.Sprintf("panic: %v", p.value)
}
