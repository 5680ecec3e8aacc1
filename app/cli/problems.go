package cli

import (
	"fmt"
	"strings"
)

// problems are the errors of one call. Each is written in a line of its own.
type problems []string

// Error returns the lines.
func (p problems) Error() string { return strings.Join(p, "\n") }

// add adds a problem.
func (p *problems) add(format string, args ...any) { *p = append(*p, fmt.Sprintf(format, args...)) }

// err returns the problems as an error, nil for none.
func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}
