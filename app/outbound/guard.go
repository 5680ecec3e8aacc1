package outbound

import (
	"errors"
	"net/netip"

	"code.dny.dev/ssrf"
)

// ErrRefused is in every error of a connection that the guard did not let
// through.
var ErrRefused = errors.New("address not allowed")

// azureWire is a public address that Azure gives to its metadata services.
var azureWire = netip.MustParsePrefix("168.63.129.16/32")

// guard decides on addresses. Without an entry in the allow-list it refuses all
// that the IANA registries of special purpose addresses list, multicast, and
// every IPv6 address outside of global unicast, with it all ways to write an
// IPv4 address in IPv6.
type guard struct {
	allow   Allow
	special *ssrf.Guardian
}

func newGuard(allow Allow) guard {
	return guard{allow: allow, special: ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(azureWire))}
}

// allows decides on an address that was dialed by the name of host.
func (g guard) allows(host string, to netip.AddrPort) bool {
	addr := to.Addr().WithZone("")
	if g.public(addr) {
		return true
	}
	if !g.allow.allows(host, netip.AddrPortFrom(addr.Unmap(), to.Port())) {
		return false
	}
	// Who allows the prefix of NAT64, because there is no other way to IPv4, has
	// not allowed the inside networks that it can spell.
	if inner, ok := nat64(addr); ok {
		return g.allows(host, netip.AddrPortFrom(inner, to.Port()))
	}
	return true
}

// public reports whether anybody's address may be told apart from ours by it.
func (g guard) public(addr netip.Addr) bool { return g.special.SafeAddr(addr) == nil }

// nat64 returns the IPv4 address inside of one with the well-known prefix of
// RFC 6052.
func nat64(addr netip.Addr) (netip.Addr, bool) {
	if !ssrf.IPv6NAT64Prefix.Contains(addr) {
		return netip.Addr{}, false
	}
	b := addr.As16()
	return netip.AddrFrom4([4]byte(b[12:])), true
}
