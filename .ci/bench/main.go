// Command bench measures the built program as its users meet it: over HTTP, on its database, with a
// webhook receiver. Each figure is a ratio to the limit, a server that does the least that a durable
// notifier can do, measured in turns on the same machine. It fails if a count is wrong or a webhook
// got lost or came twice, never because of a time. docs/performance.md describes the scenarios.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

func main() {
	var err error
	if len(os.Args) > 1 && os.Args[1] == "limit" {
		err = serveLimit(os.Args[2:], os.Stdout)
	} else {
		err = run(os.Args[1:])
	}
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	binary   string
	postgres string
	only     map[string]bool // empty for all
	rounds   int
	length   time.Duration // of one measurement of a round
	rows     int           // notifications in the database
	products int           // of each kind: with and without a target
	reports  int           // in the storm: reports of one exception
	json     string
}

func parse(args []string) (options, error) {
	o := options{only: map[string]bool{}}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.binary, "binary", "bin/gatecrier", "the program to measure")
	postgres := flags.Bool("postgres", false,
		"run on PostgreSQL, in a new database of the server that GATECRIER_TEST_POSTGRES names")
	only := flags.String("only", "", "scenarios to run, such as S2,S9; default: all")
	flags.IntVar(&o.rounds, "rounds", 5, "rounds per scenario")
	seconds := flags.Float64("seconds", 2, "length of one measurement of a round")
	flags.IntVar(&o.rows, "rows", 1_000_000, "notifications in the database")
	flags.StringVar(&o.json, "json", "bin/bench.json", "file for all figures")
	short := flags.Bool("short", false, "a few requests per scenario, to see that nothing gets lost")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.length, o.products, o.reports = time.Duration(*seconds*float64(time.Second)), 1024, 100_000
	if *short {
		o.rounds, o.length, o.rows, o.products, o.reports = 1, 200*time.Millisecond, 10_000, 64, 2000
	}
	if o.rounds < 1 || o.length <= 0 || o.rows < 1 {
		return o, errors.New("-rounds, -seconds and -rows must be positive")
	}
	if *postgres {
		if o.postgres = os.Getenv("GATECRIER_TEST_POSTGRES"); o.postgres == "" {
			return o, errors.New("-postgres needs GATECRIER_TEST_POSTGRES, an administrator's URL of a server")
		}
	}
	for _, name := range strings.Split(*only, ",") {
		if name = strings.ToUpper(strings.TrimSpace(name)); name == "" {
			continue
		}
		if !known(name) {
			return o, fmt.Errorf("-only: no scenario %s", name)
		}
		o.only[name] = true
	}
	return o, nil
}

// run measures, prints the table and writes the figures.
func run(args []string) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	report := &report{Date: time.Now().UTC(), Machine: thisMachine(), Rows: o.rows, Database: "SQLite"}
	if o.postgres != "" {
		report.Database = "PostgreSQL"
	}
	w, err := newWorld(o, report)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	for _, s := range scenarios {
		if !s.wanted(o.only) {
			continue
		}
		fmt.Fprintln(os.Stderr, "running", strings.Join(s.names, ", "))
		if err := s.run(w); err != nil {
			return fmt.Errorf("%s: %w", s.names[0], err)
		}
	}
	for _, f := range report.Figures {
		f.settle()
	}
	if err := errors.Join(report.print(os.Stdout), report.save(o.json)); err != nil {
		return err
	}
	if len(report.Problems) > 0 {
		return fmt.Errorf("%d wrong counts or losses:\n%s", len(report.Problems), strings.Join(report.Problems, "\n"))
	}
	return nil
}
