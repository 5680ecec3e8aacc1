package ingest

import "testing"

func TestSubjectOf(t *testing.T) {
	digest := "sha256:7144f7bab3d4c2648d7e59409f15ec52a18006a128c733fcff20d3a4a54ba44a"
	for name, want := range map[string][2]string{
		"shop":                                    {"shop", ""},
		"\tshop:1.2\n":                            {"shop", "1.2"},
		"registry.example:5000/lark/shop":         {"registry.example:5000/lark/shop", ""},
		"registry.example:5000/lark/shop:v1":      {"registry.example:5000/lark/shop", "v1"},
		"lark/shop@" + digest:                     {"lark/shop", digest},
		"lark/shop:v1@" + digest:                  {"lark/shop", "v1"},
		"registry.example:5000/shop@" + digest:    {"registry.example:5000/shop", digest},
		digest:                                    {"", digest},
		digest[7:]:                                {"", digest[7:]},
		"docker:lark/shop:v1":                     {"docker:lark/shop", "v1"},
		"https://git.example:8443":                {"https://git.example:8443", ""},
		"https://me:secret@git.example/lark/shop": {"https://git.example/lark/shop", ""},
		"git@git.example:shop.git":                {"git@git.example:shop.git", ""},
		"web/shop":                                {"web/shop", ""},
		"./web":                                   {"./web", ""},
		"template/shop:1":                         {"template/shop", "1"},
		"tmpfs":                                   {"tmpfs", ""},
		"cluster.local":                           {"cluster.local", ""},
		"c:latest":                                {"c", "latest"},
		"":                                        {},
		".":                                       {},
		"./":                                      {},
		"..":                                      {},
		"dir:.":                                   {},
		"/":                                       {},
		"/builds/lark/shop":                       {},
		"/builds/lark/shop:v1":                    {},
		"~/shop":                                  {},
		`C:\builds\shop`:                          {},
		"d:/builds/shop":                          {},
		`\\server\builds`:                         {},
		"//server/builds":                         {},
		"file:///builds/shop":                     {},
		"FILE://server/shop":                      {},
		"dir:/builds/shop":                        {},
		"docker-archive:/builds/shop.tar":         {},
		"tmp/shop":                                {},
		"../../tmp/shop":                          {},
		`Temp\shop`:                               {},
		"var/folders/zz/T/shop":                   {},
		"tmp.Zk2hX1":                              {},
		"tmp.Zk2hX1/shop":                         {},
	} {
		subject, reference := subjectOf(name)
		if got := [2]string{subject, reference}; got != want {
			t.Errorf("subjectOf(%q) = %q, want %q", name, got, want)
		}
	}
}
