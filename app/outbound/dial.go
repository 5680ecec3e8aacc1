package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
)

// Dial opens a TCP connection to "host:port" within 10 s, if the guard allows it. Its errors name
// the host and a reason; ErrRefused is in those of the guard.
func (c *Client) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, errors.New("the address is not a host and a port")
	}
	conn, err := c.dial(ctx, c.state.Load().guard, network, addr)
	if err != nil {
		return nil, newFailure(host, false, err)
	}
	return conn, nil
}

// dial checks every address that a name resolves to right before connecting to it, so that a name
// which resolves to another address meanwhile gains nothing.
func (c *Client) dial(ctx context.Context, g guard, network, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	dialer := net.Dialer{
		Timeout:  c.limits.connect,
		Resolver: c.resolver,
		Control: func(network, address string, _ syscall.RawConn) error {
			return c.control(g, host, network, address)
		},
	}
	return dialer.DialContext(ctx, network, addr)
}

func (c *Client) control(g guard, host, network, address string) error {
	if !strings.HasPrefix(network, "tcp") {
		return ErrRefused
	}
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return ErrRefused
	}
	if g.allows(host, to) {
		return nil
	}
	c.log.Warn("refuse outgoing connection", "host", host, "address", address)
	return ErrRefused
}

// errHandshake marks errors after TCP and before TLS was established.
var errHandshake = errors.New("tls handshake")

// dialTLS shares the time to connect between TCP and TLS.
func (c *Client) dialTLS(ctx context.Context, g guard, network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.limits.connect)
	defer cancel()
	raw, err := c.dial(ctx, g, network, addr)
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	conn := tls.Client(raw, &tls.Config{ServerName: host, RootCAs: c.roots, MinVersion: tls.VersionTLS12})
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", errHandshake, err), raw.Close())
	}
	return conn, nil
}
