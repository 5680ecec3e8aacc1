package web

import (
	"net/netip"
	"strings"

	"github.com/gin-gonic/gin"
)

const forwardedFor = "X-Forwarded-For"

// plainForwarded writes the addresses of X-Forwarded-For as gin reads them: without a port, and IPv4 as
// such. Some proxies add the port of the client, and gin would take their own address instead. A header
// that a client sends and the proxy repeats becomes part of one list.
func plainForwarded(c *gin.Context) {
	values := c.Request.Header.Values(forwardedFor)
	if len(values) == 0 {
		return
	}
	list := strings.Split(strings.Join(values, ","), ",")
	for i, text := range list {
		list[i] = plainAddress(strings.TrimSpace(text))
	}
	c.Request.Header.Set(forwardedFor, strings.Join(list, ", "))
}

// plainAddress returns an IP address without port and brackets, and any other text as it is.
func plainAddress(text string) string {
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at.Addr().Unmap().String()
	}
	inner := text
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		inner = text[1 : len(text)-1]
	}
	if a, err := netip.ParseAddr(inner); err == nil {
		return a.Unmap().String()
	}
	return text
}
