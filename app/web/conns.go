package web

import (
	"container/list"
	"net"
	"net/http"
	"sync"
)

// Conns bounds the open connections of a server. When a bound is reached it closes the connection that has
// been idle for the longest time. When none is idle, the next client waits.
type Conns struct {
	maxIdle int
	room    chan struct{} // a value for each open connection

	mu    sync.Mutex
	idle  *list.List // of net.Conn, the one that is idle for the longest time first
	at    map[net.Conn]*list.Element
	waits bool // a client waits for the next connection that becomes idle
}

// NewConns returns a bound of all and of idle connections.
func NewConns(maxOpen, maxIdle int) *Conns {
	return &Conns{
		maxIdle: maxIdle,
		room:    make(chan struct{}, maxOpen),
		idle:    list.New(),
		at:      map[net.Conn]*list.Element{},
	}
}

// State is http.Server.ConnState.
func (c *Conns) State(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.at[conn]; e != nil {
		c.idle.Remove(e)
		delete(c.at, conn)
	}
	if state != http.StateIdle {
		return
	}
	c.at[conn] = c.idle.PushBack(conn)
	if c.waits || c.idle.Len() > c.maxIdle {
		c.waits = false
		c.closeOldest()
	}
}

// makeRoom closes the connection that is idle for the longest time, or else the next one that becomes
// idle.
func (c *Conns) makeRoom() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waits = c.idle.Len() == 0
	c.closeOldest()
}

// stopWaiting keeps connections that become idle: a client has got its room.
func (c *Conns) stopWaiting() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waits = false
}

// closeOldest closes the connection that is idle for the longest time. Its caller holds the lock.
func (c *Conns) closeOldest() {
	if e := c.idle.Front(); e != nil {
		conn, _ := c.idle.Remove(e).(net.Conn)
		delete(c.at, conn)
		_ = conn.Close() //nolint:errcheck // it carries no request
	}
}

// Listener returns a listener whose connections count.
func (c *Conns) Listener(l net.Listener) net.Listener {
	return &boundListener{Listener: l, conns: c, closed: make(chan struct{})}
}

type boundListener struct {
	net.Listener

	conns  *Conns
	once   sync.Once
	closed chan struct{}
}

// Accept waits until there is room for a connection, then for one.
func (l *boundListener) Accept() (net.Conn, error) {
	select {
	case l.conns.room <- struct{}{}:
	default:
		l.conns.makeRoom()
		select {
		case l.conns.room <- struct{}{}:
			l.conns.stopWaiting()
		case <-l.closed:
			return nil, net.ErrClosed
		}
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.conns.room
		return nil, err
	}
	return &boundConn{Conn: conn, room: l.conns.room}, nil
}

// Close ends a waiting Accept, too.
func (l *boundListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type boundConn struct {
	net.Conn

	once sync.Once
	room chan struct{}
}

// Close makes room for another connection.
func (c *boundConn) Close() error {
	c.once.Do(func() { <-c.room })
	return c.Conn.Close()
}
