package outbound

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// CheckURL returns an error unless a URL can be saved: http or https, with a host that is a name
// or an address that is not forbidden, written in the usual way. It does not resolve names. The
// error is a phrase for the user that quotes nothing of the URL.
func (c *Client) CheckURL(raw string) error {
	u, err := parseURL(raw)
	if err != nil {
		return err
	}
	return c.checkAddress(u.Hostname(), portOf(u))
}

// CheckHost is like CheckURL for a server without a URL, such as a mail server.
func (c *Client) CheckHost(host string, port uint16) error {
	if err := checkHost(host); err != nil {
		return err
	}
	return c.checkAddress(host, port)
}

func (c *Client) checkAddress(host string, port uint16) error {
	addr, err := netip.ParseAddr(normalHost(host))
	if err != nil {
		return nil // a name: checked when it is dialed
	}
	if !c.state.Load().guard.allows("", netip.AddrPortFrom(addr, port)) {
		return errors.New("this address is not allowed for outgoing messages; an administrator can allow it")
	}
	return nil
}

// CheckWarning resolves the name in a URL that can be saved. It returns a sentence on what will
// keep messages from arriving, without addresses; "" for nothing.
func (c *Client) CheckWarning(ctx context.Context, raw string) string {
	u, err := parseURL(raw)
	if err != nil {
		return ""
	}
	return c.CheckHostWarning(ctx, u.Hostname(), portOf(u))
}

// CheckHostWarning is like CheckWarning for a server without a URL.
func (c *Client) CheckHostWarning(ctx context.Context, host string, port uint16) string {
	ctx, cancel := context.WithTimeout(ctx, c.limits.resolve)
	defer cancel()
	resolver := c.resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	addrs, err := resolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(addrs) == 0 {
		return host + " does not resolve at the moment; messages will wait and be tried again"
	}
	g := c.state.Load().guard
	for _, addr := range addrs {
		if !g.allows(host, netip.AddrPortFrom(addr.Unmap(), port)) {
			return host + " resolves to an address that is not allowed for outgoing messages; " +
				"they will fail until an administrator allows it"
		}
	}
	return ""
}

// parseURL parses a URL, and refuses one that two parsers could read in two ways.
func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil: // err quotes the URL
		return nil, errors.New("this is not a valid URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("the URL must start with https:// or http://")
	case u.Hostname() == "":
		return nil, errors.New("the URL has no host")
	case strings.Count(authority(raw), "@") > 1:
		return nil, errors.New("the URL has a user name that could be mistaken for a host")
	case strings.HasSuffix(u.Host, ":") || u.Port() != "" && portOf(u) == 0:
		return nil, errors.New("the port must be a number from 1 to 65535")
	}
	return u, checkHost(u.Hostname())
}

func checkHost(host string) error {
	host = normalHost(host)
	if _, err := netip.ParseAddr(host); err == nil || isName(host) {
		return nil
	}
	if endsInNumber(host) {
		return errors.New("an address must be written as four decimal numbers, such as 192.0.2.1")
	}
	return errors.New("the host is not a valid name")
}

// authority returns the part of a URL between the double slash and the path.
func authority(raw string) string {
	_, rest, _ := strings.Cut(raw, "//")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		return rest
	}
	return rest[:end]
}

// portOf returns the port of a URL, 0 if it is not valid.
func portOf(u *url.URL) uint16 {
	switch {
	case u.Port() != "":
		port, ok := parsePort(u.Port())
		if !ok {
			return 0
		}
		return port
	case u.Scheme == "http":
		return 80
	}
	return 443
}
