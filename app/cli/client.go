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

	"gatecrier/app"
)

// server is a running Gatecrier that a command calls. check reports what is missing: kong would
// report it alone, without the other problems of the call.
type server struct {
	URL     string `env:"GATECRIER_URL" placeholder:"URL" help:"The URL of the server: https://gatecrier.example. Required."`
	Token   string `env:"GATECRIER_TOKEN" placeholder:"TOKEN" help:"An API token. Required."`
	Product string `env:"GATECRIER_PRODUCT" placeholder:"NAME" help:"The exact name of the product. Required."`
}

const (
	uploadTime = 10 * time.Minute // for one try to send a report, which can be large
	askTime    = time.Minute      // for other requests
	maxAnswer  = 4 << 20          // bytes
)

// check adds what is missing to a list of problems.
func (s server) check(found *problems) {
	if s.URL == "" {
		found.add("--url is missing: pass it, or set GATECRIER_URL")
	} else if err := checkAddress(s.URL); err != nil {
		found.add("%s", err.Error())
	}
	if strings.TrimSpace(s.Token) == "" {
		found.add("--token is missing: pass it, or set GATECRIER_TOKEN")
	} else if strings.ContainsFunc(s.Token, notASCII) {
		found.add("--token contains a character that tokens cannot have: check GATECRIER_TOKEN")
	}
	if s.Product == "" {
		found.add("--product is missing: pass it, or set GATECRIER_PRODUCT")
	}
}

// notASCII reports whether a header of HTTP can have trouble with a character.
func notASCII(r rune) bool { return r <= ' ' || r > '~' }

// checkAddress returns an error unless an address is an http or https URL.
func checkAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("--url: %q is not a URL of a server: it must begin with http:// or https://", address)
	}
	return nil
}

// request is a call of the API.
type request struct {
	method, path string
	query        url.Values
	key          string // the Idempotency-Key, "" for none
	size         int64  // of the body
	// body begins a try and returns its body. done ends the try. nil for a request without a body.
	body func() (body io.Reader, done func())
}

// client calls the API of a server.
type client struct {
	server
	in    *invocation
	retry time.Duration // how long to repeat what can succeed later
}

// noRedirect answers with a redirection itself: a redirected POST would lose its body.
var noRedirect = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// call sends a request and decodes the answer into out. It repeats the request as long as the
// client's time allows. about names the request in the line about a repeat.
func (c client) call(ctx context.Context, about string, r request, out any) error {
	wait := backoff{in: c.in, budget: c.retry, about: about}
	for {
		err := c.try(ctx, r, out)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		if err := wait.after(ctx, err); err != nil {
			return err
		}
	}
}

// try sends a request once.
func (c client) try(ctx context.Context, r request, out any) *callError {
	limit := askTime
	if r.body != nil {
		limit = uploadTime
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	req, err := c.newRequest(ctx, r)
	if err != nil {
		return &callError{text: "--url: the URL is invalid"}
	}
	if r.body != nil {
		body, done := r.body()
		defer done()
		req.Body, req.ContentLength = io.NopCloser(body), r.size
	}
	res, err := noRedirect.Do(req)
	if err != nil {
		return networkError(err, req.URL, limit)
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return networkError(err, req.URL, limit)
	}
	if res.StatusCode/100 != 2 {
		return refusal(res, text, c.in.now())
	}
	if err := json.Unmarshal(text, out); err != nil {
		return notGatecrier(res, text)
	}
	return nil
}

func (c client) newRequest(ctx context.Context, r request) (*http.Request, error) {
	const api = "/api/v1"
	target := strings.TrimSuffix(strings.TrimSuffix(c.URL, "/"), api) + api + r.path // also of an address of the API
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "gatecrier/"+app.Version)
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	return req, nil
}

// product finds the id of the product by its exact name.
func (c client) product(ctx context.Context) (int64, error) {
	var list struct {
		Items []struct{ ID int64 }
	}
	query := url.Values{"name": {c.Product}}
	r := request{method: http.MethodGet, path: "/products", query: query}
	if err := c.call(ctx, "find the product", r, &list); err != nil {
		return 0, err
	}
	if len(list.Items) == 0 {
		return 0, fmt.Errorf("product %q not found, or the token has no access to it: "+
			"check --product (the exact name), and which product the token in --token or GATECRIER_TOKEN is for", c.Product)
	}
	return list.Items[0].ID, nil
}
