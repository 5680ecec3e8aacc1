package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// server is a running Gatecrier that a command calls.
type server struct {
	URL   string `required:"" env:"GATECRIER_URL" help:"Where Gatecrier is: https://gatecrier.example"`
	Token string `required:"" env:"GATECRIER_TOKEN" help:"An API token."`
}

// requestTime bounds one request; the upload of a large report can take minutes.
const requestTime = 10 * time.Minute

// check returns an error if the address of the server is not an http or https URL.
func (s server) check() error {
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("--url: %q is no address of a server: begin with http:// or https://", s.URL)
	}
	return nil
}

// call sends a request to the API and decodes the answer into out.
func (s server) call(ctx context.Context, method, path string, query url.Values, body io.Reader, out any) error {
	if err := s.check(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	target := strings.TrimSuffix(s.URL, "/") + "/api/v1" + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return fmt.Errorf("--url: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+s.Token)
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := new(http.Client).Do(req)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if res.StatusCode/100 != 2 {
		return refusal(res.StatusCode, text)
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("this is no answer of Gatecrier: is --url right? (%w)", err)
	}
	return nil
}

// refusal returns the error of a problem, in one line.
func refusal(status int, text []byte) error {
	var p struct {
		Detail string `json:"detail"`
		Errors []struct{ Name, Message string }
	}
	if err := json.Unmarshal(text, &p); err != nil || p.Detail == "" {
		return fmt.Errorf("the server answered %d %s", status, http.StatusText(status))
	}
	line := fmt.Sprintf("%s (%d)", p.Detail, status)
	for _, e := range p.Errors {
		line += fmt.Sprintf("; %s: %s", e.Name, e.Message)
	}
	return errors.New(line)
}

// product finds a product's id by its exact name.
func (s server) product(ctx context.Context, name string) (int64, error) {
	var list struct {
		Items []struct{ ID int64 }
	}
	if err := s.call(ctx, http.MethodGet, "/products", url.Values{"name": {name}}, nil, &list); err != nil {
		return 0, err
	}
	if len(list.Items) == 0 {
		return 0, fmt.Errorf("there is no product %q that this token may use", name)
	}
	return list.Items[0].ID, nil
}
