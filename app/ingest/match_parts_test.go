package ingest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestImageName(t *testing.T) {
	for text, want := range map[string]string{
		"till":                                  "till",
		"till:1":                                "till",
		"shop.example:5000/till":                "shop.example:5000/till",
		"shop.example:5000/a_b/till:v1.2-x":     "shop.example:5000/a_b/till",
		"till@sha256:ab12":                      "till",
		"shop.example:5000/till:v1@sha256:ab12": "shop.example:5000/till",
		"till:1:2":                              "till:1",
		"ClusterRole/system:node":               "ClusterRole/system:node",
		"/etc/a:b":                              "/etc/a:b",
		`C:\a`:                                  `C:\a`,
		"a b:1":                                 "a b:1",
		"":                                      "",
		":1":                                    ":1",
	} {
		if got := imageName(text); got != want {
			t.Errorf("imageName(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestPackageURL(t *testing.T) {
	for text, want := range map[string]string{
		"pkg:npm/a@1":            "pkg:npm/a@1",
		"pkg:deb/a@1?arch=x&b=c": "pkg:deb/a@1",
		"pkg:deb/a@1?arch=x#b/c": "pkg:deb/a@1#b/c",
		"pkg:deb/a@1#b?c":        "pkg:deb/a@1#b?c",
		"":                       "",
	} {
		if got := packageURL(text); got != want {
			t.Errorf("packageURL(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestAliasesOf(t *testing.T) {
	shared := []string{
		"CWE-79", "OWASP-A1", "DSA-1-1", "DLA-1", "USN-1-1", "RHSA-2031:1", "ALSA-2031:1", "RLSA-1", "ELSA-1",
		"SUSE-SU-2031:1-1",
		"openSUSE-RU-1", "ALAS2-2031-1", "FEDORA-EPEL-2031-1", " ", "cve-2031-1",
	}
	own := []string{"GHSA-1", "OSV-2031-1", "GO-2031-1", "PYSEC-1", "RUSTSEC-1", "CVE-2031-2", "HERON-7"}
	if diff := cmp.Diff(own, aliasesOf("CVE-2031-1", append(shared, own...))); diff != "" {
		t.Errorf("aliases (-want +got):\n%s", diff)
	}
}

func TestIDIn(t *testing.T) {
	for title, want := range map[string]bool{
		"CVE-2031-1": true, "GHSA-pond-lake": true, "ghsa-x": true, "Denial of service 2": false, "ReDoS": false, "": false,
	} {
		if got := idIn(title) == title && title != ""; got != want {
			t.Errorf("idIn(%q) is an ID: %t, want %t", title, got, want)
		}
	}
}
