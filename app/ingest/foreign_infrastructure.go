package ingest

// foreignInfrastructure are scanners of infrastructure as code, clusters and clouds.
var foreignInfrastructure = []foreignTool{
	{
		"Checkov output", "Write SARIF: checkov -o sarif",
		"check_type results | [].check_type | checkov_version | results.failed_checks | text:Passed checks: & " +
			"Failed checks: | csv:check_id csv:resource csv:guideline",
	},
	{"KICS output", "Write SARIF: kics scan --report-formats sarif", "kics_version | queries severity_counters"},
	{
		"tfsec output", "Write SARIF: tfsec --format sarif",
		"results.[].long_id | results.[].rule_provider | text:tfsec.dev | text:github.io/tfsec",
	},
	{
		"Terrascan output", "Write SARIF: terrascan scan -o sarif",
		"results.scan_summary | results.violations | results.scan_errors",
	},
	{"TFLint output", "Write SARIF: tflint --format sarif", "issues.[].rule.name | issues.[].rule.severity"},
	{"Hadolint output", "Write SARIF: hadolint -f sarif", "[].code=DL* | [].code=SC* [].level"},
	{
		"cfn-lint output", "Write SARIF: cfn-lint --format sarif",
		"[].Filename [].Rule.ShortDescription | [].Filename [].Rule [].Level",
	},
	{"cfn_nag output", "Write SARIF: cfn_nag_scan --output-format sarif", "[].file_results"},
	{
		"Kubescape output", "Write SARIF: kubescape scan --format sarif (for files, not for a running cluster)",
		"summaryDetails | clusterAPIServerInfo | clusterName results resources",
	},
	{"Polaris output", "", "PolarisOutputVersion"},
	{"KubeLinter output", "Write SARIF: kube-linter lint --format sarif", "Reports Checks | Summary.ChecksStatus"},
	{"kube-score output", "Write SARIF: kube-score score --output-format sarif", "[].object_name [].checks"},
	{"kube-bench output", "", "Controls Totals | Controls.[].node_type"},
	{"kube-hunter output", "", "nodes services vulnerabilities"},
	{"Popeye output", "", "popeye"},
	{"Docker Bench output", "", "dockerbenchsecurity"},
	{
		"Prowler output", "Write OCSF: prowler PROVIDER --output-formats json-ocsf",
		"[].CheckID [].StatusExtended | [].CheckID [].Provider | csv:check_id csv:status_extended | csv:check_id " +
			"csv:check_title | Profile Control Account_Number | text:Prowler - The",
	},
	{"ScoutSuite output", "", "text:scoutsuite_results"},
	{"CloudSploit output", "", "[].plugin [].category [].region"},
	{"an answer of an AWS scan (ECR)", scanImage, "imageScanFindings | imageScanStatus | imageScanFindingsSummary"},
	{
		"an answer of AWS Inspector",
		"Export CycloneDX with the Inspector SBOM generator: inspector-sbomgen --scan-sbom",
		"findings.[].findingArn | findings.[].awsAccountId | findings.[].assetType | csv:finding_arn | " +
			"csv:aws_account_id csv:inspector_score",
	},
	{
		"a report of Microsoft Defender", "",
		"value.[].cveId value.[].machineId | @odata_context=*securitycenter* | value.[].properties.status.code | " +
			"[].properties.status.code | csv:recommendationname csv:subscriptionid",
	},
	{
		"a Wiz report", "",
		"scanOriginResource | result.osPackages | csv:wiz_url | csv:wizurl | csv:resource_external_id csv:control_id",
	},
	{"a report of Sysdig", "", "result.vulnTotalBySeverity | csv:vulnerability_id csv:image_id"},
}

// foreignWeb are scanners of running systems.
var foreignWeb = []foreignTool{
	{
		"a ZAP report", "Write the Traditional JSON Report (zap-baseline.py -J FILE), or SARIF (template sarif-json)",
		"<OWASPZAPReport | text:ZAP Scanning Report | text:ZAP by | text:Zed Attack Proxy",
	},
	{"Burp Suite output", "", "<issues@burpVersion | issue_events | text:Burp Scanner | <items@burpVersion"},
	{
		"Nuclei output", "Write SARIF: nuclei -sarif-export FILE",
		"template-id | [].template-id | templateID | [].templateID | template-path | csv:template-id",
	},
	{
		"Nessus output", "",
		"<NessusClientData_v2 | <NessusClientData | csv:plugin_id csv:risk | csv:plugin_id csv:cve | csv:plugin " +
			"csv:plugin_name csv:severity",
	},
	{
		"an OpenVAS (Greenbone) report", "",
		"<report@format_id | <report@content_type | <get_reports_response | <report>report>gmp | <report>gmp | " +
			"csv:nvt_name | csv:nvt_oid",
	},
	{
		"a Qualys report", "",
		"<ASSET_DATA_REPORT | <WAS_SCAN_REPORT | <WAS_WEBAPP_REPORT | <HOST_LIST_VM_DETECTION_OUTPUT | " +
			"<SCAN>HEADER | <SCAN>IP | csv:qid | text:QID & Vuln Status",
	},
	{
		"Nikto output", "",
		"<niktoscan | <niktoscans | vulnerabilities.[].OSVDB | [].vulnerabilities.[].OSVDB | host banner " +
			"vulnerabilities | [].host [].banner | text:Nikto v | text:Nikto - v | text:- Nikto",
	},
	{"a Nexpose (InsightVM) report", "", "<NexposeReport"},
	{"an Acunetix report", "", "<ScanGroup"},
	{"an Invicti, Netsparker or Acunetix 360 report", "", "Generated Target Vulnerabilities | <netsparker* | <invicti*"},
	{"a StackHawk report", "", "service=StackHawk"},
	{"WPScan output", "", "interesting_findings"},
	{"Wapiti output", "", "classifications infos | <report>report_infos | <report@type=security"},
	{"Arachni output", "", "seed sitemap | <report>sitemap"},
	{"w3af output", "", "<w3af-run"},
	{"testssl.sh output", "", "[].finding [].ip [].port | scanResult.[].targetHost | csv:fqdn/ip csv:finding"},
	{"SSLyze output", "", "server_scan_results | accepted_targets"},
	{"SSLScan output", "", "<document>ssltest"},
	{"Nmap output", "", "<nmaprun"},
}
