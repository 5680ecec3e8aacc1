package cli

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

type gateCmd struct {
	server
	Branch string `placeholder:"NAME" help:"The branch. Default: the default branch."`
}

// Run shows the state of a gate. It returns errGateFailed for a failed one.
func (c gateCmd) Run(in *invocation) error {
	var found problems
	if c.check(&found); len(found) > 0 {
		return found
	}
	api := client{server: c.server, in: in}
	id, err := api.product(in.ctx)
	if err != nil {
		return err
	}
	query := url.Values{}
	if c.Branch != "" {
		query.Set("branch", c.Branch)
	}
	var gate struct{ State, Why string }
	r := request{method: http.MethodGet, path: "/products/" + strconv.FormatInt(id, 10) + "/gate", query: query}
	if err := api.call(in.ctx, "read the gate", r, &gate); err != nil {
		return gateUnreadable(err)
	}
	if !isGateState(gate.State) {
		return errNoAnswer
	}
	if _, err := fmt.Fprintf(in.stdout, "gate %s: %s\n", plain(gate.State), plain(gate.Why)); err != nil {
		return err
	}
	if gate.State == "failed" {
		return errGateFailed
	}
	return nil
}

// gateUnreadable adds to an error that the token cannot read a product, which it can find by its name.
func gateUnreadable(err error) error {
	var e *callError
	if !errors.As(err, &e) || e.status != http.StatusNotFound {
		return err
	}
	if strings.Contains(e.detail, "product") || strings.Contains(e.detail, "branch") {
		return fmt.Errorf("%w; the role upload can only push: use a token with the role reader", err)
	}
	return err
}
