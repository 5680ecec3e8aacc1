package ingest

import "testing"

func TestCVSSScore(t *testing.T) {
	for vector, want := range map[string]float64{
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H":                    9.8,
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/":                   9.8,
		"cvss:3.1/av:n/ac:l/pr:n/ui:n/s:u/c:h/i:h/a:h":                    9.8,
		"AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H":                             9.8,
		"CVSS:3.1/C:H/I:H/A:H/AV:N/AC:L/PR:N/UI:N/S:U":                    9.8,
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O/RC:U":      9.8,
		"CVSS:3.0/AV:N/AC:H/PR:L/UI:R/S:C/C:L/I:L/A:N":                    4.4,
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N":                    0,
		"AV:N/AC:L/Au:N/C:P/I:P/A:P":                                      7.5,
		"(AV:N/AC:L/Au:N/C:P/I:P/A:P)":                                    7.5,
		"CVSS:2.0/AV:N/AC:L/Au:N/C:C/I:C/A:C":                             10,
		"AV:N/AC:L/Au:N/C:P/I:P/A:P/E:U/RL:OF/RC:C":                       7.5,
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N": 9.3,
		"AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N":          9.3,
		// The threat metric lowers the score of version 4.0.
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U": 8.1,
	} {
		if got, ok := cvssScore(vector); !ok || got != want {
			t.Errorf("cvssScore(%q) = %v, %t, want %v", vector, got, ok, want)
		}
	}
	for _, text := range []string{
		"", "/", "high", "9.8", "CVSS:3.1", "CVSS:3.1/", "CVSS:3.1/AV:N/AC:L", "CVSS:5.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
		"CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS:3.1/AV:N/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
		"AV:N/AC:L/Au:N/C:P/I:P", "SSVCv2/E:N/A:Y/T:T",
	} {
		if got, ok := cvssScore(text); ok {
			t.Errorf("cvssScore(%q) = %v, want none", text, got)
		}
	}
}
