package cli

import (
	"strings"
	"testing"
)

func TestFormatGitLab(t *testing.T) {
	r := formatted(t, "gitlab", warns("Half"), imports(failedAnswer))
	const start = "\x1b[0Ksection_start:1777636800:"
	wantOutput(t, r.stdout, start+"gatecrier_reports[collapsed=true]\r\x1b[0KReports: 2 imported\n"+
		passedLine+"b.json: trivy, 2 new, 0 updated, 0 reopened, 0 resolved\n"+
		"\x1b[0Ksection_end:1777636800:gatecrier_reports\r\x1b[0K\n"+
		"\x1b[33mimg=a.json: warning: Half\x1b[0m\n"+
		"\x1b[31;1mSecurity gate failed\x1b[0m: 1 critical (threshold 0), 1 high (threshold 0)\n"+
		start+"gatecrier_failing\r\x1b[0KFailing observations: 2 of 2\n"+
		"  \x1b[31;1mcritical\x1b[0m  lodash 4.17.20  CVE-2026-1  fix: 4.17.21\n"+
		"  \x1b[31mhigh\x1b[0m      src/hash.go:12  G401\n"+
		"\x1b[0Ksection_end:1777636800:gatecrier_failing\r\x1b[0K\n"+
		"https://g.example/products/7?branch=main\n")
	if r.stderr != "" {
		t.Errorf("stderr: %s", r.stderr)
	}
	r = formatted(t, "gitlab", hostileAnswer(t))
	if n := strings.Count(r.stdout, "\x1b["); n != 2*4+4*2 || strings.Count(r.stdout, "\r") != 4 {
		t.Errorf("%d escape sequences: %q", n, r.stdout)
	}
	r = formatted(t, "gitlab", imports(passedAnswer), refuses(422, "No"))
	if r.code != 1 || !strings.HasSuffix(r.stdout, "\x1b[31;1mReport not imported\x1b[0m: b.json: No (422)\n") {
		t.Errorf("exit %d: %q", r.code, r.stdout)
	}
	r = formatted(t, "gitlab", imports(passedAnswer))
	if !strings.Contains(r.stdout, "\n\x1b[32;1mSecurity gate passed\x1b[0m: within all thresholds\nhttps://") {
		t.Errorf("passed: %q", r.stdout)
	}
}
