package ingest

// foreignCode are scanners and linters of source code, and of secrets in it.
var foreignCode = []foreignTool{
	{
		"gosec output", "Write SARIF: gosec -fmt sarif",
		"Issues GosecVersion | Golang_errors | Issues.[].rule_id Issues.[].confidence | text:[gosec] | " +
			"issues.[].engineId=gosec",
	},
	{
		"golangci-lint output", "Write SARIF: golangci-lint run --output.sarif.path=FILE",
		"Issues.[].FromLinter | Issues Report.Linters",
	},
	{"Staticcheck output", "Write SARIF: staticcheck -f sarif", "code location.file end.file"},
	{
		"govulncheck output", "Write SARIF: govulncheck -format sarif",
		"config.scanner_name=govulncheck* | config.protocol_version | finding.osv | Vulns Imports Calls | text:=== " +
			"Symbol Results === | text:Vulnerability #1: GO-",
	},
	{
		"Bandit output", "Write SARIF: bandit -f sarif (pip install bandit[sarif])",
		"results metrics generated_at | results.[].test_id results.[].issue_severity | csv:test_id " +
			"csv:issue_severity | <testsuite@name=bandit | text:Run started: & Test results: | text:Bandit Report",
	},
	{
		"Brakeman output", "Write SARIF: brakeman -f sarif",
		"scan_info warnings | scan_info.brakeman_version | text:Brakeman Report | text:BRAKEMAN REPORT",
	},
	{"Semgrep output", "Write SARIF: semgrep scan --sarif", "text:Semgrep CLI | text:Code Finding"},
	{
		"ESLint output",
		"Write SARIF: eslint -f @microsoft/eslint-formatter-sarif (an npm package)",
		"[].filePath [].messages | [].filePath [].errorCount | results.[].filePath results.[].messages | " +
			"<checkstyle*@source=eslint*",
	},
	{
		"Ruff output", "Write SARIF: ruff check --output-format sarif",
		"[].code [].noqa_row | [].code [].filename [].end_location",
	},
	{"Pylint output", "", "[].message-id [].symbol | messages.[].messageId statistics"},
	{
		"Flawfinder output", "Write SARIF: flawfinder --sarif",
		"csv:defaultlevel csv:category | text:Flawfinder version | text:Flawfinder Results",
	},
	{
		"Cppcheck output", "Write SARIF: cppcheck --output-format=sarif (2.16 or later; it writes to stderr)",
		"<results>cppcheck",
	},
	{"SpotBugs output", "Write SARIF: spotbugs -sarif", "<BugCollection"},
	{"PMD output", "Write SARIF: pmd check -f sarif", "<pmd | pmdVersion | csv:rule_set csv:priority | <pmd-cpd"},
	{"detekt output", "Write SARIF: detekt --report sarif:FILE", "<checkstyle*@source=detekt* | text:detekt report"},
	{"Infer output", "Write SARIF: infer run --sarif", "[].bug_type [].qualifier"},
	{"SwiftLint output", "Write SARIF: swiftlint --reporter sarif", "[].rule_id [].reason [].character"},
	{"Psalm output", "Write SARIF: psalm --report=psalm.sarif", "[].line_from [].line_to | <report>item>line_from"},
	{"PHPStan output", "", "totals.file_errors"},
	{"PHP_CodeSniffer output", "", "totals.fixable | <phpcs"},
	{
		"RuboCop output",
		"Write SARIF with the gem code-scanning-rubocop: rubocop --require code_scanning --format " +
			"CodeScanning::SarifFormatter",
		"metadata.rubocop_version | files.[].offenses",
	},
	{"Sobelow output", "Write SARIF: mix sobelow --format sarif", "sobelow_version"},
	{"njsscan output", "Write SARIF: njsscan --sarif", "njsscan_version"},
	{"mobsfscan output", "Write SARIF: mobsfscan --sarif", "mobsfscan_version"},
	{"MobSF output", "", "app_name manifest_analysis | app_name code_analysis | appsec app_name"},
	{"Bearer output", "Write SARIF: bearer scan --format sarif", "*.[].cwe_ids *.[].fingerprint"},
	{"Slither output", "Write SARIF: slither --sarif FILE", "results.detectors"},
	{"zizmor output", "Write SARIF: zizmor --format sarif", "[].ident [].determinations"},
	{"Horusec output", "Write SARIF: horusec start -o sarif -O FILE", "analysisVulnerabilities"},
	{"Clippy output", "Write SARIF: pipe it into clippy-sarif", "reason=compiler-* | reason package_id"},
	{"ShellCheck output", "", "[].code [].endLine [].fix | comments.[].endLine"},
	{
		"OpenSSF Scorecard output", "Write SARIF: scorecard --format sarif, with ENABLE_SARIF=1",
		"scorecard checks | scorecard.version",
	},
	{
		"Nosey Parker output", "Write SARIF: noseyparker report --format sarif",
		"rule_name matches | [].rule_name [].matches | finding_id matches",
	},
	{
		"GitGuardian output", "Write SARIF: ggshield secret scan --format sarif",
		"secrets_engine_version | entities_with_incidents | scans.[].entities_with_incidents",
	},
	{"detect-secrets output", "", "plugins_used"},
	{"Talisman output", "", "results.[].failure_list"},
	{
		"Gitleaks output", "Write JSON: gitleaks git --report-format json --report-path FILE (version 8)",
		"csv:ruleid csv:commit csv:secret | [].offender | text:Finding: & RuleID: & Entropy:",
	},
	{
		"TruffleHog output", "Write JSON: trufflehog --json",
		"stringsFound | text:Found verified result | text:Found unverified result",
	},
	{
		"a list of GitHub alerts",
		"Download the analysis as SARIF: GET /repos/OWNER/REPO/code-scanning/analyses/ID with Accept: " +
			"application/sarif+json",
		"[].most_recent_instance",
	},
	{
		"a list of GitHub alerts", "",
		"[].security_advisory | [].secret_type [].locations_url | data.repository.vulnerabilityAlerts",
	},
	{
		"output of SonarQube", "",
		"paging issues | paging hotspots | total p ps issues | issues.[].component issues.[].rule",
	},
	{
		"a Checkmarx report", "Write SARIF: cx scan create --report-format sarif (Checkmarx One)",
		"<CxXMLResults | results.[].similarityId | scanID totalCount | scanResults vulnerabilityDetails | " +
			"reportHeader scanResults | scanResults.resultsList | csv:query csv:querypath",
	},
	{
		"a Veracode report", "",
		"<detailedreport | <summaryreport | pipeline_scan | findings.[].finding_details | _embedded.findings | " +
			"records.[].libraries",
	},
	{
		"a Fortify report", "Write SARIF: fcli ssc action run sarif-sast-report",
		"<ReportDefinition | <FVDL | text:audit.fvdl",
	},
	{"Coverity output", "", "type=Coverity_issues | viewContentsV1 | issues.[].mergeKey | issues.[].checkerName"},
	{"a report of HCL AppScan", "", "<xml-report | <XmlReport"},
	{"a report of Contrast", "", "csv:vulnerability_name csv:rule_name"},
}
