package outbound

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	maxBody       = 4 << 10  // bytes kept of an answer, unless the request has another bound
	maxDrain      = 64 << 10 // bytes read beyond it, to keep the connection
	maxRetryAfter = 6 * time.Hour
)

// Request is what to send. Method and Header are as in net/http; the URL can have a user and a
// password.
type Request struct {
	Method string
	URL    string
	Header http.Header
	Body   []byte
	// MaxBody is how many bytes of the answer are kept; 0 is 4 KiB.
	MaxBody int64
	// Whole makes it an error if the body breaks off or is larger than MaxBody. It can take as long
	// as the exchange.
	Whole bool
}

// Answer is what the server sent. With an error only Private and Duration are set, and Status if
// the body is not whole.
type Answer struct {
	Status     int
	Header     http.Header
	Body       []byte        // its start, as long as MaxBody says, unchanged
	RetryAfter time.Duration // 0 to 6 h, with any status
	Private    bool          // it came from an address that is not public
	Duration   time.Duration
}

// Do makes one exchange within 20 s. Redirects are answers like any other. Once the status has
// arrived it counts: a body that breaks off or takes longer than 2 s is cut, without an error, unless
// the request wants it whole.
// Errors name the host and a reason, nothing else of the URL; errors.Is finds ErrRefused,
// context.Canceled and context.DeadlineExceeded in them.
func (c *Client) Do(ctx context.Context, r Request) (Answer, error) {
	start := time.Now() // a duration, so not the injected time
	ctx, cancel := context.WithTimeout(ctx, c.limits.total)
	defer cancel()
	s := c.state.Load()
	var peer remoteAddr
	req, err := newRequest(httptrace.WithClientTrace(ctx, peer.trace(s.guard)), r)
	if err != nil {
		return Answer{}, err
	}
	res, err := s.transport.RoundTrip(req)
	if err != nil {
		return Answer{Private: peer.private.Load(), Duration: time.Since(start)},
			newFailure(req.URL.Hostname(), peer.connected.Load(), err)
	}
	limit := cmp.Or(r.MaxBody, maxBody)
	var body []byte
	if r.Whole {
		if body, err = readWhole(res, limit); err != nil {
			return Answer{Status: res.StatusCode, Private: peer.private.Load(), Duration: time.Since(start)}, err
		}
	} else {
		body = c.read(res, limit, cancel)
	}
	return Answer{
		Status: res.StatusCode, Header: res.Header, Body: body,
		RetryAfter: c.retryAfter(res.Header.Get("Retry-After")),
		Private:    peer.private.Load(), Duration: time.Since(start),
	}, nil
}

func newRequest(ctx context.Context, r Request) (*http.Request, error) {
	u, err := parseURL(r.URL)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), bytes.NewReader(r.Body))
	if err != nil {
		return nil, &failure{host: u.Hostname(), reason: "the request could not be made"}
	}
	if r.Header != nil {
		req.Header = r.Header.Clone()
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "Gatecrier")
	}
	if u.User != nil && req.Header.Get("Authorization") == "" {
		password, _ := u.User.Password()
		req.SetBasicAuth(u.User.Username(), password)
	}
	return req, nil
}

// read returns the start of the body, and drains some of the rest, so that the connection can be
// used again. It always closes the body.
func (c *Client) read(res *http.Response, limit int64, stop context.CancelFunc) []byte {
	timer := time.AfterFunc(c.limits.body, stop)
	defer timer.Stop()
	body, err := io.ReadAll(io.LimitReader(res.Body, limit))
	if err == nil {
		_, err = io.CopyN(io.Discard, res.Body, maxDrain)
	}
	if closeErr := res.Body.Close(); closeErr != nil || err != nil && !errors.Is(err, io.EOF) {
		c.log.Debug("cut answer short", "host", res.Request.URL.Hostname(), "status", res.StatusCode)
	}
	return body
}

// readWhole returns the body, or why it is not whole. It always closes the body.
func readWhole(res *http.Response, limit int64) ([]byte, error) {
	defer res.Body.Close() //nolint:errcheck // the body is read to its end, or of no use
	host := res.Request.URL.Hostname()
	body, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err != nil && (isTimeout(err) || errors.Is(err, context.Canceled)) {
		return nil, newFailure(host, true, err)
	}
	if err != nil {
		return nil, &failure{host: host, reason: "its response broke off", unsure: true}
	}
	if int64(len(body)) > limit {
		return nil, &failure{host: host, reason: fmt.Sprintf("its response has more than %d bytes", limit), unsure: true}
	}
	return body, nil
}

// retryAfter parses seconds or a date (RFC 9110, 10.2.3). It returns 0 for any other text and for
// a past date.
func (c *Client) retryAfter(value string) time.Duration {
	value = strings.TrimSpace(value)
	seconds, err := strconv.ParseUint(value, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, min(at.Sub(c.now()), maxRetryAfter))
	}
	return 0
}

// remoteAddr records the other end of a connection.
type remoteAddr struct {
	connected, private atomic.Bool
}

func (p *remoteAddr) trace(g guard) *httptrace.ClientTrace {
	return &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		p.connected.Store(true)
		p.private.Store(!g.public(addrOf(info.Conn.RemoteAddr())))
	}}
}

// addrOf returns the IP address of a TCP address. Otherwise it returns the zero address, which is
// not public.
func addrOf(a net.Addr) netip.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}
