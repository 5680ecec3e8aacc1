package ingest

// foreignComponents are scanners of dependencies and of images.
var foreignComponents = []foreignTool{
	{
		"Snyk output", "Write SARIF: snyk test --sarif (snyk container, iac and code have it too)",
		"vulnerabilities packageManager | vulnerabilities dependencyCount | [].vulnerabilities [].packageManager | " +
			"[].vulnerabilities [].dependencyCount | infrastructureAsCodeIssues | [].infrastructureAsCodeIssues | " +
			"ok=false error path | [].ok [].error [].path | text:severity vulnerability found in | text:Snyk test " +
			"report | text:Introduced through:",
	},
	{
		"OWASP Dependency-Check output", "Write SARIF: dependency-check --format SARIF",
		"reportSchema dependencies | scanInfo.engineVersion projectInfo | <analysis@xmlns=*dependency-check* | " +
			"<analysis>scanInfo>engineVersion | csv:dependencyname csv:dependencypath | text:Dependency-Check Report",
	},
	{
		"Dependency-Track output",
		"Export the vulnerabilities of the project as CycloneDX: /api/v1/bom/cyclonedx/project/UUID?variant=vdr",
		"meta.application=Dependency-Track | [].vulnerability.source [].component.project",
	},
	{
		"pip-audit output", "Write CycloneDX: pip-audit -f cyclonedx-json",
		"dependencies fixes | dependencies.[].vulns | [].vulns [].version | text:Fix Versions",
	},
	{
		"Safety output", "",
		"report_meta scanned_packages | report_meta affected_packages | scan_results.projects | text:pyup.io | " +
			"text:safetycli.com",
	},
	{
		"cargo-audit output", "Write SARIF: cargo audit --format sarif (0.22 or later)",
		"lockfile.dependency-count | vulnerabilities.found vulnerabilities.list | text:RUSTSEC- & Crate:",
	},
	{"cargo-deny output", "Write SARIF: cargo deny --format sarif check", "type=diagnostic fields"},
	{"bundler-audit output", "", "results.[].gem results.[].advisory | text:Criticality: & Solution:"},
	{
		"yarn audit output", scanLockfile,
		"type=audit* data | type=warning data=*license_field | type=error data=*yarn* | type=info data=*yarn* | " +
			"value children.Severity | value children.Issue | text:yarn audit v",
	},
	{"npm audit output", "Write JSON: npm audit --json", "text:# npm audit report"},
	{
		"composer audit output", "Scan composer.lock with trivy fs --format sarif",
		"advisories abandoned | advisories.*.[].advisoryId",
	},
	{
		"dotnet list package output", "Scan packages.lock.json with trivy fs --format sarif",
		"parameters projects | text:has the following vulnerable packages",
	},
	{
		"Retire.js output", "Write CycloneDX: retire --outputformat cyclonedxJSON1_6_VEX (5.3 or later)",
		"data.[].results.[].component | [].file [].results.[].component | start data messages errors time",
	},
	{"Nancy output", "", "num_vulnerable audited"},
	{"AuditJS output", scanLockfile, "[].coordinates [].vulnerabilities"},
	{"an answer of the OSV API", "Scan with osv-scanner --format json", "vulns.[].affected | results.[].vulns"},
	{
		"OSV-Scanner output", "Write JSON: osv-scanner --format json, or SARIF: --format sarif",
		"text:OSV URL & ECOSYSTEM",
	},
	{
		"Trivy output", "Write JSON: trivy --format json",
		"text:Total:  & UNKNOWN:  | text:Report Summary & Vulnerabilities | text:Trivy Report | " +
			"scanner.uri=*trivy* | detector.name=trivy",
	},
	{
		"a resource of the Trivy Operator",
		"Scan with the command line: trivy k8s --format json --report all, or trivy image --format json",
		"apiVersion=aquasecurity_* | items.[].apiVersion=aquasecurity_* | text:apiVersion: aquasecurity.github.io",
	},
	{"Grype output", "Write JSON: grype -o json", "text:INSTALLED & VULNERABILITY & SEVERITY"},
	{
		"Clair output", scanImage,
		"manifest_hash | LayerCount | image unapproved | vulnerabilities.*.normalized_severity | Layer.Features | " +
			"data.Layer.Features | Layer.NamespaceName",
	},
	{"a Harbor report", scanImage, "application/vnd_*vulnerability*"},
	{
		"Docker Scout output", "Write SARIF: docker scout cves --format sarif",
		"descriptor.name=docker-scout* | text:docker scout cves | text:Analyzed Image & Overview",
	},
	{
		"JFrog Xray output", "Write SARIF: jf scan --format=sarif",
		"total_rows rows | rows.[].impacted_artifact | [].scan_id [].vulnerabilities | data.[].component_versions " +
			"| artifacts.[].general artifacts.[].issues | vulnerabilities.[].impactedPackageName",
	},
	{
		"Anchore output", "Scan the image with grype -o json",
		"imageDigest vulnerability_type | vulnerabilities.[].vuln | imageDigest evaluations | [].vuln " +
			"[].packageName | [].vuln [].package",
	},
	{
		"a Prisma Cloud (Twistlock) report", "",
		"results.[].vulnerabilityDistribution | results.[].complianceDistribution | consoleURL results | " +
			"csv:cve_id csv:compliance_id",
	},
	{"Xeol output", "", "matches.[].Cycle | descriptor.name=xeol"},
	{"Aqua output", scanImage, "image vulnerability_summary | resources.[].resource resources.[].vulnerabilities"},
	{"Dockle output", "Write SARIF: dockle -f sarif", "summary.fatal details"},
	{
		"a Mend (WhiteSource) report", "",
		"vulnerabilities.[].topFix | vulnerabilities.[].cvss3_severity | libraries.[].vulnerabilities | " +
			"supportToken response | response.[].topFix | csv:library csv:vulnerability_id",
	},
	{"a Black Duck report", "", "csv:vulnerability_id csv:remediation_status | items.[].vulnerabilityWithRemediation"},
	{"a report of Sonatype", "", "matchSummary components | components.[].securityData"},
	{"Vuls output", "", "scannedCves"},
	{"cve-bin-tool output", "", "[].cve_number [].product | csv:cve_number csv:product"},
}
