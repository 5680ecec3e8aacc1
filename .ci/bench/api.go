package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// An api is a client of Gatecrier's REST API, for what is done once and not measured.
type api struct {
	address, token string
}

var plainClient = &http.Client{
	Timeout:       30 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// do sends a body as JSON and decodes the answer into out, if it is not nil.
func (a api) do(method, path string, body, out any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if body == nil {
		text = nil
	}
	req, err := http.NewRequestWithContext(context.Background(), method, "http://"+a.address+"/api/v1"+path,
		bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := plainClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // the answer has been read
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: status %d: %s", method, path, res.StatusCode, answer)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

// create sends a POST, and returns the id in the answer.
func (a api) create(path string, body any) (int64, error) {
	var made struct{ ID int64 }
	err := a.do(http.MethodPost, path, body, &made)
	return made.ID, err
}

// signIn signs a user in to the pages, and returns the header with their cookies.
func signIn(address, name, password string) (string, error) {
	form := url.Values{"name": {name}, "password": {password}}.Encode()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+address+"/login",
		strings.NewReader(form))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := plainClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close() //nolint:errcheck // only the header is of interest
	if res.StatusCode != http.StatusSeeOther {
		return "", fmt.Errorf("sign in as %s: status %d", name, res.StatusCode)
	}
	var cookies []string
	for _, c := range res.Cookies() {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	return "Cookie: " + strings.Join(cookies, "; ") + "\r\n", nil
}
