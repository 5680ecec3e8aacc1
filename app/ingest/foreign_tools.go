package ingest

import "slices"

// foreignTools are the known documents that are not read. The first one that matches counts: one
// whose marks are more common comes later.
var foreignTools = slices.Concat(foreignCode, foreignComponents, foreignInfrastructure, foreignWeb, foreignGeneral)

// The ways out that several tools have.
const (
	scanImage    = "Scan the image with trivy image --format json, or with grype -o json"
	scanLockfile = "Scan the lock file with trivy fs --format sarif, or with osv-scanner --format sarif"
	scanSBOM     = "An SBOM lists components, not findings. Scan it: trivy sbom --format json FILE, or " +
		"grype sbom:FILE -o json"
)

// foreignGeneral are formats that many tools write.
var foreignGeneral = []foreignTool{
	{
		"an SPDX document", scanSBOM,
		"spdxVersion | SPDXID | @context=*spdx_org* | text:SPDXVersion: SPDX- | text:spdxVersion: | " +
			"<Document>spdxVersion | <Document>specVersion | <RDF>SpdxDocument",
	},
	{"Syft output", scanSBOM, "artifacts artifactRelationships | descriptor.name=syft"},
	{
		"an ASFF list of AWS Security Hub", "",
		"Findings.[].ProductArn | [].ProductArn | ProductArn AwsAccountId | Findings.[].AwsAccountId",
	},
	{
		"a signed attestation", "Take the report out of it: the predicate in its payload",
		"payloadType payload signatures | _type=*in-toto* | predicateType predicate",
	},
	{"a JUnit test report", "Let the scanner write SARIF or another JSON format", "<testsuites | <testsuite"},
	{
		"a Checkstyle report",
		"Write SARIF. Checkstyle: -f sarif. detekt: --report sarif:FILE. phpcs and others: see their formatters",
		"<checkstyle",
	},
	{
		"a Code Climate report (code quality)", "Let the tool write SARIF, such as ansible-lint -f sarif",
		"[].check_name [].fingerprint | [].fingerprint [].description [].location.path | type=issue check_name",
	},
	{
		"a generic issue list for SonarQube", "Let the tool write SARIF",
		"issues.[].engineId | issues.[].ruleId issues.[].primaryLocation | rules.[].engineId",
	},
	{"output of OpenSCAP", "", "<asset-report-collection | <TestResult | <Benchmark | <data-stream-collection"},
	{"output of Chef InSpec", "", "profiles statistics platform"},
	{
		"an error answer of a server", "Check the address and the sign-in of the download",
		"message documentation_url | error error_description | error message statusCode | title status detail | " +
			"message=*nauthorized*",
	},
}
