package outbound

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"gatecrier/app/outbound/outboundtest"
)

func TestCheckURL(t *testing.T) {
	c := newTest(t, "10.1.0.0/16:8065, chat.corp")
	good := []string{
		"https://example.com",
		"http://example.com:8080/a?b=c#d",
		"https://user:p%40ss@example.com/",
		"https://EXAMPLE.com./x",
		"https://bücher.example/",
		"https://my_host/x",
		"https://8.8.8.8/",
		"https://[2606:4700::1111]:8443/",
		"http://10.1.2.3:8065/hooks",
		"http://localhost/",
		"https://chat.corp/x",
		"https://0x.example/",
		"https://127.0.0.1.example/",
		"https://:token@example.com/",
	}
	for _, raw := range good {
		if err := c.CheckURL(raw); err != nil {
			t.Errorf("CheckURL(%q) = %v", raw, err)
		}
	}
	bad := map[string][]string{
		"not a valid URL": {
			"https://a b/",
			"https://exa%31mple.com/",
			"https://[::1/",
			"https://example.com:http/",
			"https://e\x7f.com/",
			"https://1\\2/",
			"://x",
		},
		"must start with": {
			"",
			"example.com",
			"ftp://example.com/",
			"file:///etc/passwd",
			"javascript:alert(1)",
			"//example.com/",
			"gopher://127.0.0.1/",
		},
		"no host":    {"https://", "https:///path", "https:example.com", "https://:443/", "https://user@/"},
		"mistaken":   {"https://a@b@example.com/", "https://8.8.8.8@example.com@127.0.0.1/"},
		"1 to 65535": {"https://example.com:0/", "https://example.com:65536/", "https://example.com:/"},
		"four decimal": {
			"http://0x7f000001/",
			"http://2130706433/",
			"http://017700000001/",
			"http://127.1/",
			"http://0177.0.0.1/",
			"http://0x7f.1/",
			"http://127.0.0.01/",
			"http://256.1.1.1/",
			"http://1.2.3.4.5/",
			"http://0x/",
			"http://8.8.2056/",
		},
		"not a valid name": {
			"https://a..b/",
			"https://a*b/",
			"https://-a/",
			"https://" + strings.Repeat("a", 64) + ".com/",
			"https://a$b/",
		},
		"is not allowed": {
			"http://127.0.0.1/",
			"http://127.0.0.1./",
			"http://[::1]/",
			"http://[::ffff:127.0.0.1]/",
			"http://[::ffff:7f00:1]/",
			"http://[0:0:0:0:0:ffff:10.0.0.1]/",
			"http://0.0.0.0/",
			"http://169.254.169.254/latest/meta-data",
			"http://[fe80::1%25eth0]/",
			"http://[64:ff9b::10.0.0.1]/",
			"http://[2002:7f00:1::]/",
			"http://10.1.2.3/",
			"http://10.1.2.3:80/",
			"http://10.2.0.1:8065/",
			"http://１２７.０.０.１/",
			"http://127。0。0。1/",
			"http://x:y@192.168.1.1/",
		},
	}
	for want, list := range bad {
		for _, raw := range list {
			err := c.CheckURL(raw)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("CheckURL(%q) = %v, want %q", raw, err, want)
			}
		}
	}
}

func TestCheckURLQuotesNoPartOfTheURL(t *testing.T) {
	c := newTest(t, "")
	for _, raw := range []string{
		"https://h0st/T0KEN path%zz", "ftp://h0st/T0KEN", "http://127.0.0.1/T0KEN", "https://u:T0KEN@a@b/",
		"https://T0KEN..x/",
	} {
		err := c.CheckURL(raw)
		if err == nil || strings.Contains(err.Error(), "T0KEN") {
			t.Errorf("CheckURL(%q) = %v", raw, err)
		}
	}
}

// FuzzCheckURL checks that an address which can be saved can be dialed.
func FuzzCheckURL(f *testing.F) {
	for _, seed := range []string{
		"http://127.0.0.1/", "https://[::1]", "http://0x7f.1", "http://a:b@c:1/d", "http://１/",
	} {
		f.Add(seed)
	}
	c := newTest(f, "")
	f.Fuzz(func(t *testing.T, raw string) {
		if c.CheckURL(raw) != nil {
			return
		}
		u, err := parseURL(raw)
		if err != nil {
			t.Fatalf("%q is checked but not read: %v", raw, err)
		}
		if addr, err := netip.ParseAddr(normalHost(u.Hostname())); err == nil && !c.state.Load().guard.public(addr) {
			t.Errorf("%q can be saved", raw)
		}
	})
}

func TestCheckWarning(t *testing.T) {
	c := newTest(t, "chat.corp, 10.7.0.0/16")
	names := outboundtest.NewNames(t)
	c.resolver = names.Resolver()
	names.Set("good.example.", "8.8.8.8")
	names.Set("inside.example.", "10.0.0.5")
	names.Set("both.example.", "8.8.8.8", "127.0.0.1")
	names.Set("chat.corp.", "10.0.0.5")
	names.Set("seven.example.", "10.7.0.1")
	tests := []struct{ url, want string }{
		{"https://good.example/T0KEN", ""},
		{"https://chat.corp/T0KEN", ""},
		{"https://seven.example/T0KEN", ""},
		{"https://8.8.8.8/T0KEN", ""},
		{"nonsense", ""},
		{"https://inside.example/T0KEN", "inside.example resolves to an address that is not allowed"},
		{"https://both.example/T0KEN", "both.example resolves to an address that is not allowed"},
		{"https://missing.example/T0KEN", "missing.example does not resolve"},
	}
	for _, tt := range tests {
		got := c.CheckWarning(context.Background(), tt.url)
		if !strings.HasPrefix(got, tt.want) || (tt.want == "") != (got == "") || strings.Contains(got, "T0KEN") ||
			strings.Contains(got, "10.0.0.5") {
			t.Errorf("Warn(%q) = %q, want %q", tt.url, got, tt.want)
		}
	}
}
