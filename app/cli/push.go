package cli

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
)

type pushCmd struct {
	server
	Product       string   `required:"" help:"The product's exact name."`
	Branch        string   `help:"The branch that was scanned; absent: the default branch."`
	DefaultBranch bool     `help:"Let --branch name the default branch, while that is still empty."`
	Scanner       string   `help:"The scanner's name; absent: as the report says."`
	Source        string   `help:"Tells several reports of one scanner apart."`
	Clean         bool     `help:"The scan ran and found nothing: accept a report that does not say so itself."`
	FailOnGate    bool     `help:"Exit with 2 where the gate has failed."`
	Files         []string `arg:"" name:"file" type:"existingfile" help:"The reports."`
}

// imported is the API's answer to a report.
type imported struct {
	Format       string
	Observations struct{ New, Updated, Reopened, Resolved int }
	Gate         struct{ Before, After, Why string }
	Warnings     []string
}

// Run sends the files one after the other. It shows the gate after the last one.
func (c pushCmd) Run(in *invocation) error {
	id, err := c.product(in.ctx, c.Product)
	if err != nil {
		return err
	}
	var last imported
	for _, path := range c.Files {
		if last, err = c.push(in, id, path); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		o := last.Observations
		if _, err := fmt.Fprintf(in.stdout, "%s: %s, %d new, %d updated, %d reopened, %d resolved\n",
			filepath.Base(path), last.Format, o.New, o.Updated, o.Reopened, o.Resolved); err != nil {
			return err
		}
		for _, text := range last.Warnings {
			if _, err := fmt.Fprintf(in.stderr, "%s: warning: %s\n", filepath.Base(path), text); err != nil {
				return err
			}
		}
	}
	if err := showGate(in, last.Gate.After, last.Gate.Why); err != nil {
		return err
	}
	if c.FailOnGate && last.Gate.After == "failed" {
		return errGateFailed
	}
	return nil
}

func (c pushCmd) push(in *invocation, id int64, path string) (answer imported, err error) {
	f, err := os.Open(path)
	if err != nil {
		return answer, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	query := url.Values{}
	for name, value := range map[string]string{"branch": c.Branch, "scanner": c.Scanner, "source": c.Source} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if c.DefaultBranch {
		query.Set("default", "true")
	}
	if c.Clean {
		query.Set("clean", "true")
	}
	info, err := f.Stat()
	if err != nil {
		return answer, err
	}
	p := &progress{
		server:    c.server,
		productID: id,
		name:      filepath.Base(path),
		size:      info.Size(),
		out:       in.stderr,
		terminal:  in.terminal,
	}
	defer p.begin(in.ctx)()
	target := "/products/" + strconv.FormatInt(id, 10) + "/reports"
	err = c.call(in.ctx, http.MethodPost, target, query, p.counted(f), &answer)
	return answer, err
}

func showGate(in *invocation, state, why string) error {
	_, err := fmt.Fprintf(in.stdout, "gate %s: %s\n", state, why)
	return err
}

type gateCmd struct {
	server
	Product string `required:"" help:"The product's exact name."`
	Branch  string `help:"Absent: the default branch."`
}

// Run shows the state of a gate. It returns errGateFailed for a failed one.
func (c gateCmd) Run(in *invocation) error {
	id, err := c.product(in.ctx, c.Product)
	if err != nil {
		return err
	}
	query := url.Values{}
	if c.Branch != "" {
		query.Set("branch", c.Branch)
	}
	var gate struct{ State, Why string }
	target := "/products/" + strconv.FormatInt(id, 10) + "/gate"
	if err := c.call(in.ctx, http.MethodGet, target, query, nil, &gate); err != nil {
		return err
	}
	if err := showGate(in, gate.State, gate.Why); err != nil {
		return err
	}
	if gate.State == "failed" {
		return errGateFailed
	}
	return nil
}
