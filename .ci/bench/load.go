package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A call is one request of a load, as a caller builds it: caller is who sends it, n counts the
// calls of that caller.
type call func(caller, n int) request

// A request is what a load sends. Its header has complete lines.
type request struct {
	method, path, header string
	body                 []byte
	before               func() // runs just before the request is sent, nil for nothing
}

// A load sends requests to one server, each caller on a connection of its own.
type load struct {
	address string
	callers int
	length  time.Duration
	count   int     // calls per caller, 0 for as many as fit into length
	rate    float64 // calls per second of all callers, 0 for the next when the last was answered
	call    call
}

// An outcome is what a load measured. Times are sorted; with a rate they begin when a call was due,
// so that a server that stalls is charged for all calls that it delays.
type outcome struct {
	times   []time.Duration
	took    time.Duration
	refused int // answers other than 2xx
	broken  int // calls without an answer
	first   string
}

func (o *outcome) perSecond() float64 { return float64(len(o.times)) / o.took.Seconds() }

func (o *outcome) fail(err error) {
	o.broken++
	if o.first == "" {
		o.first = err.Error()
	}
}

func (o *outcome) add(other *outcome) {
	o.times = append(o.times, other.times...)
	o.refused += other.refused
	o.broken += other.broken
	if o.first == "" {
		o.first = other.first
	}
}

// run sends the load and waits for the last answer.
func (l load) run() *outcome {
	var all outcome
	var mu sync.Mutex
	var callers sync.WaitGroup
	start := time.Now()
	for caller := range l.callers {
		callers.Go(func() {
			own := l.send(caller, start)
			mu.Lock()
			defer mu.Unlock()
			all.add(own)
		})
	}
	callers.Wait()
	all.took = time.Since(start)
	slices.Sort(all.times)
	return &all
}

// send is one caller.
func (l load) send(caller int, start time.Time) *outcome {
	var o outcome
	c := &connection{address: l.address}
	defer c.close()
	for n := 0; l.count == 0 || n < l.count; n++ {
		began := time.Now()
		if l.rate > 0 {
			due := start.Add(time.Duration(float64(n*l.callers+caller) / l.rate * float64(time.Second)))
			<-time.After(time.Until(due))
			began = due
		}
		if l.count == 0 && began.Sub(start) >= l.length {
			break
		}
		r := l.call(caller, n)
		if r.before != nil {
			r.before()
		}
		status, err := c.do(r)
		switch {
		case err != nil:
			o.fail(err)
		case status/100 != 2:
			o.refused++
			if o.first == "" {
				o.first = fmt.Sprintf("%s %s: status %d", r.method, r.path, status)
			}
		default:
			o.times = append(o.times, time.Since(began))
		}
	}
	return &o
}

// A connection is one keep-alive connection. It costs far less CPU than http.Client: client and
// server share the machine, and what the client takes would hide how fast the server is.
type connection struct {
	address string
	net     net.Conn
	read    *bufio.Reader
	out     []byte
}

func (c *connection) close() {
	if c.net != nil {
		_ = c.net.Close() //nolint:errcheck // the connection is of no more use
		c.net = nil
	}
}

// do sends a request and reads its answer. It repeats nothing.
func (c *connection) do(r request) (status int, err error) {
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if c.net == nil {
		if c.net, err = net.DialTimeout("tcp", c.address, 10*time.Second); err != nil {
			return 0, err
		}
		c.read = bufio.NewReaderSize(c.net, 64<<10)
	}
	b := fmt.Appendf(c.out[:0], "%s %s HTTP/1.1\r\nHost: ", r.method, r.path)
	b = append(append(b, c.address...), "\r\n"...)
	b = append(b, r.header...)
	if r.body != nil {
		b = append(b, "Content-Type: application/json\r\nContent-Length: "...)
		b = append(strconv.AppendInt(b, int64(len(r.body)), 10), "\r\n"...)
	}
	b = append(append(b, "\r\n"...), r.body...)
	c.out = b
	if err := c.net.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return 0, err
	}
	if _, err := c.net.Write(b); err != nil {
		return 0, err
	}
	res, err := http.ReadResponse(c.read, nil)
	if err != nil {
		return 0, err
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return 0, err
	}
	if err := res.Body.Close(); err != nil {
		return 0, err
	}
	if res.Close {
		c.close()
	}
	return res.StatusCode, nil
}
