package outbound

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// Allow lists networks, addresses and hosts that can be dialed although the guard would refuse
// them. The zero Allow lists none.
type Allow struct {
	entries []entry
}

// entry is a network or a host, for one port or, with port 0, for all.
type entry struct {
	network netip.Prefix
	host    string
	port    uint16
}

// ParseAllow parses a comma separated list of networks, addresses and hosts, each with :port to
// allow only that port: "10.0.0.0/8, chat.corp:8065, [::1]:80, 2001:db8::/32". A host allows
// whatever its name resolves to, but only when it is dialed by that name. The error names the
// entry that is not valid.
func ParseAllow(list string) (Allow, error) {
	var a Allow
	for _, text := range strings.Split(list, ",") {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		e, ok := parseEntry(text)
		if !ok {
			return Allow{}, fmt.Errorf("%q is not a network, an address or a host, with or without a port", text)
		}
		a.entries = append(a.entries, e)
	}
	return a, nil
}

func (a Allow) allows(host string, to netip.AddrPort) bool {
	host = normalHost(host)
	for _, e := range a.entries {
		if e.port != 0 && e.port != to.Port() {
			continue
		}
		if e.host != "" && e.host == host || e.network.Contains(to.Addr()) {
			return true
		}
	}
	return false
}

func parseEntry(text string) (entry, bool) {
	if e, ok := parseTarget(text); ok { // before the port: an IPv6 address has colons too
		return e, true
	}
	i := strings.LastIndexByte(text, ':')
	if i < 0 {
		return entry{}, false
	}
	port, ok := parsePort(text[i+1:])
	if !ok {
		return entry{}, false
	}
	e, ok := parseTarget(text[:i])
	// "2001:db8::1:80" was an address above; without brackets no other IPv6
	// address has a port.
	if !ok || e.network.IsValid() && e.network.IsSingleIP() && e.network.Addr().Is6() && text[0] != '[' {
		return entry{}, false
	}
	e.port = port
	return e, true
}

func parseTarget(text string) (entry, bool) {
	if inner, ok := strings.CutPrefix(text, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		if !ok || !strings.Contains(inner, ":") {
			return entry{}, false
		}
		text = inner
	}
	if network, ok := parseNetwork(text); ok {
		return entry{network: network}, true
	}
	host := normalHost(text)
	return entry{host: host}, isName(host)
}

// parseNetwork parses a network or an address. It refuses IPv4 written in IPv6: addresses are
// compared as IPv4, so it would never match.
func parseNetwork(text string) (netip.Prefix, bool) {
	if network, err := netip.ParsePrefix(text); err == nil {
		return network.Masked(), !network.Addr().Is4In6()
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Is4In6() {
		return netip.Prefix{}, false
	}
	addr = addr.WithZone("")
	return netip.PrefixFrom(addr, addr.BitLen()), true
}

func parsePort(text string) (uint16, bool) {
	port, err := strconv.ParseUint(text, 10, 16)
	return uint16(port), err == nil && port > 0
}

// normalHost returns the spelling of a name that is compared and resolved. It returns a text that
// cannot be a name unchanged.
func normalHost(host string) string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, r := range host {
		if r >= 0x80 {
			if ascii, err := idna.Lookup.ToASCII(host); err == nil {
				return ascii
			}
			return host
		}
	}
	return host
}

// isName reports whether a normal host is a name, and is not an address in any spelling.
func isName(host string) bool {
	if host == "" || len(host) > 253 || endsInNumber(host) {
		return false
	}
	for _, label := range strings.Split(host, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, nameChars) != "" || strings.HasPrefix(label, "-") {
			return false
		}
	}
	return true
}

const nameChars = "abcdefghijklmnopqrstuvwxyz0123456789-_"

// endsInNumber reports whether a host is an IPv4 address in any spelling (127.1, 0x7f000001,
// 017700000001), by the rule of https://url.spec.whatwg.org.
func endsInNumber(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}
