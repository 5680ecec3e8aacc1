// Package outboundtest provides a name server for tests of outgoing connections.
package outboundtest

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// Names is a name server of IPv4 addresses. A name with several lists answers with the first, then
// with the next, and stays with the last.
type Names struct {
	conn net.PacketConn
	mu   sync.Mutex
	all  map[string][][]string
}

// NewNames starts a name server that ends with the test.
func NewNames(t *testing.T) *Names {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &Names{conn: conn, all: map[string][][]string{}}
	var wg sync.WaitGroup
	wg.Go(n.serve)
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
	})
	return n
}

// Set adds a list of addresses to a name.
func (n *Names) Set(name string, addrs ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all[name] = append(n.all[name], addrs)
}

// Resolver returns a resolver that asks only this server.
func (n *Names) Resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", n.conn.LocalAddr().String())
	}}
}

func (n *Names) serve() {
	buf := make([]byte, 1500)
	for {
		size, from, err := n.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		if answer, err := n.answer(buf[:size]); err == nil {
			if _, err := n.conn.WriteTo(answer, from); err != nil {
				return
			}
		}
	}
}

func (n *Names) answer(query []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil {
		return nil, err
	}
	q := m.Questions[0]
	m = dnsmessage.Message{
		Header:    dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true},
		Questions: m.Questions,
	}
	addrs, known := n.lookup(q)
	if !known {
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, text := range addrs {
		m.Answers = append(m.Answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET, TTL: 1},
			Body:   &dnsmessage.AResource{A: netip.MustParseAddr(text).As4()},
		})
	}
	return m.Pack()
}

func (n *Names) lookup(q dnsmessage.Question) (addrs []string, known bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	name := strings.ToLower(q.Name.String())
	lists := n.all[name]
	if len(lists) == 0 {
		return nil, false
	}
	if q.Type != dnsmessage.TypeA {
		return nil, true
	}
	if len(lists) > 1 {
		n.all[name] = lists[1:]
	}
	return lists[0], true
}
