package delivery

import (
	"gatecrier/app/module"
	"gatecrier/models"
)

const (
	maxInFlight    = 512 // sends at once, on all endpoints
	maxTroubled    = 256 // of them on endpoints that fail, so that others have capacity
	maxPerEndpoint = 64  // of them on one endpoint
	minWindow      = 4   // of them on an endpoint that has not delivered yet
)

// capacity counts the sends in flight and decides whether another can start. The number allowed on
// one endpoint grows with each message that it accepts, so that a receiver that hangs holds few
// sends, and a fast one is used up to its module's limit. Its user locks it.
type capacity struct {
	endpoints map[int64]*endpointLoad // those with sends in flight
	troubled  map[int64]struct{}      // those that failed and have not answered since
	total     int
	refused   bool // a message found no room since saturated was called
}

// room is a question to capacity: whether a message can be sent on an endpoint.
type room struct {
	endpoint  int64
	rank      models.DeliveryRank
	parallel  int // that the module of the endpoint allows
	taken     int // sends already promised to the endpoint
	promised  int // sends already promised to all endpoints
	delivered int // messages that it has accepted, and that end still has to count
}

// endpointLoad is what is in flight on one endpoint.
type endpointLoad struct {
	inFlight int
	window   int // how many are allowed, within the limit of its module
}

func newCapacity() capacity {
	return capacity{endpoints: map[int64]*endpointLoad{}, troubled: map[int64]struct{}{}}
}

// allows reports whether a send can start. An endpoint that failed last gets one at a time, and all
// that fail get only a part of the total: whatever their number, the others have capacity. Exceptions
// leave one send to the other messages, where several can run.
func (c *capacity) allows(r room) bool {
	inFlight, limit := 0, minWindow
	if load := c.endpoints[r.endpoint]; load != nil {
		inFlight, limit = load.inFlight, load.window
	}
	limit = min(max(1, r.parallel), limit+r.delivered, maxPerEndpoint)
	if r.rank == models.RankException {
		limit = max(1, limit-1)
	}
	_, fails := c.troubled[r.endpoint]
	if fails {
		limit = 1
	}
	allowed := c.total+r.promised < maxInFlight && inFlight+r.taken < limit &&
		!(fails && c.troubledInFlight() >= maxTroubled)
	c.refused = c.refused || !allowed
	return allowed
}

// troubledInFlight returns the number of sends on endpoints that fail.
func (c *capacity) troubledInFlight() int {
	n := 0
	for endpoint := range c.troubled {
		if load := c.endpoints[endpoint]; load != nil {
			n += load.inFlight
		}
	}
	return n
}

// saturated returns the endpoints that have no room for another send. A module can allow fewer sends
// at once: allows applies its limit.
func (c *capacity) saturated() []int64 {
	var full []int64
	for endpoint, load := range c.endpoints {
		if _, fails := c.troubled[endpoint]; load.inFlight >= load.window || fails {
			full = append(full, endpoint)
		}
	}
	c.refused = len(full) > 0
	return full
}

// begin counts a send.
func (c *capacity) begin(endpoint int64) {
	load := c.endpoints[endpoint]
	if load == nil {
		load = &endpointLoad{window: minWindow}
		c.endpoints[endpoint] = load
	}
	load.inFlight++
	c.total++
}

// end ends a send, and remembers whether its endpoint fails.
func (c *capacity) end(endpoint int64, kind module.Kind) {
	c.total--
	load := c.endpoints[endpoint]
	if load.inFlight--; load.inFlight == 0 {
		delete(c.endpoints, endpoint)
	}
	switch kind {
	case module.KindTransient, module.KindRetryAfter:
		c.troubled[endpoint] = struct{}{}
		load.window = minWindow
	case module.KindDelivered:
		load.window = min(load.window+1, maxPerEndpoint)
		delete(c.troubled, endpoint)
	case module.KindRejected, module.KindGone:
		delete(c.troubled, endpoint)
	case module.KindPermanent, module.KindBlocked, module.KindSkipped: // these say nothing about the endpoint
	}
}
