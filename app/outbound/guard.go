package outbound

import (
	"errors"
	"net/netip"

	"code.dny.dev/ssrf"
)

// ErrRefused is in every error of a connection that the guard refused.
var ErrRefused = errors.New("address not allowed")

// azureWire is the public address of Azure's metadata services.
var azureWire = netip.MustParsePrefix("168.63.129.16/32")

// guard decides about addresses. Without an entry in the allow-list it refuses all addresses in
// the IANA registries of special purpose addresses, multicast, and every IPv6 address outside of
// global unicast, including all ways to write an IPv4 address in IPv6.
type guard struct {
	allow   Allow
	special *ssrf.Guardian
}

func newGuard(allow Allow) guard {
	return guard{allow: allow, special: ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(azureWire))}
}

// allows reports whether an address can be dialed by the name of host.
func (g guard) allows(host string, to netip.AddrPort) bool {
	addr := to.Addr().WithZone("")
	if g.public(addr) {
		return true
	}
	if !g.allow.allows(host, netip.AddrPortFrom(addr.Unmap(), to.Port())) {
		return false
	}
	// An entry for the NAT64 prefix, which some networks need to reach IPv4, does not allow the
	// internal networks that it can spell.
	if inner, ok := nat64(addr); ok {
		return g.allows(host, netip.AddrPortFrom(inner, to.Port()))
	}
	return true
}

// public reports whether an address is public, by the IANA registries.
func (g guard) public(addr netip.Addr) bool { return g.special.SafeAddr(addr) == nil }

// nat64 returns the IPv4 address inside an address with the well-known prefix of RFC 6052.
func nat64(addr netip.Addr) (netip.Addr, bool) {
	if !ssrf.IPv6NAT64Prefix.Contains(addr) {
		return netip.Addr{}, false
	}
	b := addr.As16()
	return netip.AddrFrom4([4]byte(b[12:])), true
}
