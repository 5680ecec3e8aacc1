package outbound

import (
	"net/netip"
	"strings"
	"testing"
)

func allowed(t *testing.T, list string) Allow {
	t.Helper()
	a, err := ParseAllow(list)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestGuardRefusesSpecialAddresses(t *testing.T) {
	g := newGuard(Allow{})
	for _, text := range strings.Fields(`
		0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255
		127.0.0.1 127.1.2.3 127.255.255.255 169.254.0.1 169.254.169.254 169.254.170.2
		168.63.129.16 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1
		192.168.0.1 192.168.255.255 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255
		240.0.0.1 255.255.255.255
		:: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:8.8.8.8
		::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1 100::1
		2001::1 2001:db8::1 2002:7f00:1:: 2002:808:808::1 3fff::1 fc00::1 fd00:ec2::254 fdff::1
		fe80::1 fe80::1%eth0 febf::1 fec0::1 ff02::1 ff0e::1 4000::1 5f00::1`) {
		addr := netip.MustParseAddr(text)
		if g.allows("", netip.AddrPortFrom(addr, 443)) || g.allows("name.example", netip.AddrPortFrom(addr, 8080)) {
			t.Errorf("%s is let out", text)
		}
		if g.public(addr) {
			t.Errorf("%s is called public", text)
		}
	}
}

func TestGuardLetsPublicAddressesOut(t *testing.T) {
	g := newGuard(Allow{})
	for _, text := range strings.Fields(`
		1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
		169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.167.255.255 192.169.0.0
		198.17.255.255 198.20.0.0 223.255.255.255 2606:4700::1111 2a00:1450:4001::1 2001:4860:4860::8888`) {
		if !g.allows("", netip.AddrPortFrom(netip.MustParseAddr(text), 25)) {
			t.Errorf("%s is refused", text)
		}
	}
}

func TestGuardWithAllowList(t *testing.T) {
	tests := []struct {
		allow, host, to string
		want            bool
	}{
		{"10.0.0.0/8", "", "10.9.8.7:443", true},
		{"10.0.0.0/8", "", "11.0.0.1:443", true}, // public anyway
		{"10.0.0.0/8", "", "192.168.0.1:443", false},
		{"10.1.2.3/8", "", "10.200.0.1:443", true},
		{"10.0.0.0/8:8080", "", "10.0.0.1:8080", true},
		{"10.0.0.0/8:8080", "", "10.0.0.1:80", false},
		{"127.0.0.1", "", "127.0.0.1:1", true},
		{"127.0.0.1", "", "127.0.0.2:1", false},
		{"127.0.0.1", "", "[::ffff:127.0.0.1]:1", true},
		{"127.0.0.1", "", "[::1]:1", false},
		{"[::1]:80", "", "[::1]:80", true},
		{"[::1]:80", "", "[::1]:81", false},
		{"::1", "", "[::1]:81", true},
		{"fe80::/10", "", "[fe80::1%eth0]:81", true},
		{"fd00::/8", "", "[fd12::1]:25", true},
		{"[fd00::/8]:25", "", "[fd12::1]:26", false},
		{"::/0", "", "127.0.0.1:80", false},
		{"::/0", "", "[::ffff:127.0.0.1]:80", false},
		{"0.0.0.0/0", "", "127.0.0.1:80", true},
		{"0.0.0.0/0", "", "[::1]:80", false},
		{"chat.corp:8065", "chat.corp", "10.0.0.1:8065", true},
		{"chat.corp:8065", "CHAT.corp.", "10.0.0.1:8065", true},
		{"chat.corp:8065", "chat.corp", "10.0.0.1:22", false},
		{"chat.corp:8065", "evil.chat.corp", "10.0.0.1:8065", false},
		{"chat.corp:8065", "10.0.0.1", "10.0.0.1:8065", false},
		{"chat.corp", "", "10.0.0.1:8065", false},
		{"a.example, chat.corp ,10.0.0.0/8", "x", "10.0.0.1:1", true},
		{"bücher.corp", "xn--bcher-kva.corp", "10.0.0.1:1", true},
		{"64:ff9b::/96", "", "[64:ff9b::808:808]:443", true},
		{"64:ff9b::/96", "", "[64:ff9b::7f00:1]:443", false},
		{"64:ff9b::/96, 127.0.0.0/8", "", "[64:ff9b::7f00:1]:443", true},
	}
	for _, tt := range tests {
		g := newGuard(allowed(t, tt.allow))
		if got := g.allows(tt.host, netip.MustParseAddrPort(tt.to)); got != tt.want {
			t.Errorf("allow %q: %s as %q = %v, want %v", tt.allow, tt.to, tt.host, got, tt.want)
		}
	}
}

func TestParseAllowNamesTheInvalidEntry(t *testing.T) {
	for _, bad := range []string{
		"10.0.0.0/33", "10.0.0/8", "10.0.0.0/8:0", "10.0.0.0/8:65536", "10.0.0.0/8:http", "256.1.1.1", "0x7f000001",
		"2130706433",
		"127.1", "017700000001", "[::1", "::1]", "[::1]:", "[10.0.0.1]:80", "[chat.corp]:80", "::ffff:10.0.0.1",
		"::ffff:10.0.0.0/104",
		"*.corp", "*", "http://chat.corp", "chat.corp/", "chat corp", "chat.corp:", ":80", "-a.corp", "a..b",
		strings.Repeat("a", 64) + ".corp", "a@b",
	} {
		_, err := ParseAllow("10.0.0.0/8, " + bad + " ,fine.example")
		if err == nil || !strings.Contains(err.Error(), `"`+bad+`"`) {
			t.Errorf("ParseAllow(%q): %v", bad, err)
		}
	}
	for _, good := range []string{
		"", " , ,", "localhost", "my_host:1", "a.b.c.:65535", "2001:db8::/32", "2001:db8::/32:25",
		"[2001:db8::/32]:25",
	} {
		if _, err := ParseAllow(good); err != nil {
			t.Errorf("ParseAllow(%q): %v", good, err)
		}
	}
}

// FuzzParseAllow checks that the guard refuses what the list does not name.
func FuzzParseAllow(f *testing.F) {
	for _, seed := range []string{
		"10.0.0.0/8", "chat.corp:80", "[::1]:80", "::/0", "a,b:1,2.2.2.2", "/", "[]:1", "1.2.3.4/0:1",
	} {
		f.Add(seed)
	}
	hidden := netip.MustParseAddrPort("127.0.0.9:80")
	f.Fuzz(func(t *testing.T, list string) {
		a, err := ParseAllow(list)
		if err != nil {
			return
		}
		if a.allows("name.that.is.not.there", hidden) && !strings.ContainsAny(list, "1/") {
			t.Errorf("%q lets %s out", list, hidden)
		}
	})
}
