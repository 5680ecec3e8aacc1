package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"gatecrier/app"
	"gatecrier/app/doctor"
	"gatecrier/app/number"
)

type doctorCmd struct {
	JSON bool `name:"json" help:"Write the result as JSON."`
}

// Help says what is checked, and what the exit codes mean.
func (doctorCmd) Help() string {
	return "Checks the database, its integrity, the key, disk space, the clock, email, jobs, addresses of connections, " +
		"held messages and instances, with or without a running server. It connects to the mail server and to " +
		"the addresses, and sends no message.\nIt reads the environment of the server. Exit codes: 0 if no check fails, " +
		"also with warnings, 1 with problems."
}

// errProblems makes the program exit with exitError, without an error message.
var errProblems = errors.New("there are problems")

// Run checks the installation.
func (c doctorCmd) Run(in *invocation) error {
	o, err := in.appOptions()
	if err != nil {
		return err
	}
	show := &steps{in: in}
	r, err := app.Diagnose(in.ctx, o, func(name string) { show.show("check: " + name) })
	show.clear()
	if err != nil {
		return err
	}
	text := reportText(r)
	if c.JSON {
		encoded, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		text = string(encoded) + "\n"
	}
	if _, err := fmt.Fprint(in.stdout, text); err != nil {
		return err
	}
	if r.Count(doctor.Problem) > 0 {
		return errProblems
	}
	return nil
}

// reportText has a line for each check, and a last one that adds up.
func reportText(r doctor.Report) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, c := range r.Checks {
		line := c.Text
		if c.Advice != "" {
			line += " " + c.Advice
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", c.State, c.Name, plain(line)) //nolint:errcheck // a Builder returns no errors
	}
	w.Flush() //nolint:errcheck,gosec // a Builder returns no errors
	fmt.Fprintf(&b, "%s, %s.\n", number.Of(r.Count(doctor.Problem), "problem", "problems"),
		number.Of(r.Count(doctor.Warning), "warning", "warnings"))
	if r.Count(doctor.Problem) > 0 {
		b.WriteString("These checks used the environment of this command. If the server has another one, " +
			"run them on the page Installation checks.\n")
	}
	return b.String()
}
