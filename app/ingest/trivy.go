package ingest

import (
	"slices"
	"strings"

	"gatecrier/models"
)

// trivy reads Aqua Trivy's JSON: an object with a list of results; of old versions a bare
// list; of a cluster a list of resources with results each.
type trivy struct {
	doc          *document
	typeErrs     typeErrors
	keys         map[string]bool // top-level keys that mark a clean scan
	hasResources bool
	hasResults   bool   // it has a list of results, perhaps an empty one
	targets      bool   // a result has a target
	foreignAt    string // the place of a result without a target: another tool wrote it; "" = none
	artifact     trivyArtifact
	failedAt     string   // the place that says that a scan failed; "" = none did
	countAt      string   // the place that counts failures; "" = none
	classes      []string // of the results, each once
	findings     *Findings
	resource     trivyResource // of the current results, in a cluster
	unsettled    chunks[trivyFinding]
	target       trivyTarget // of the current result
	unfinished   chunks[trivyFinding]
}

// trivyArtifact is what a report is of.
type trivyArtifact struct {
	name, kind, cluster, createdAt string
	digests                        []string
}

// trivyFinding is a finding that lacks its resource, or its target and its resource. Its extra has
// what its match key has so far.
type trivyFinding struct {
	compactFinding
	line int32 // 0 = none
}

func newTrivy(d *document, t *texts) *trivy {
	return &trivy{doc: d, keys: map[string]bool{}, findings: newFindings(t)}
}

func (t *trivy) typeErrors() *typeErrors { return &t.typeErrs }

// recognized reports whether the document is a Trivy report: each result has a target. A
// clean scan has no results: its other keys mark it.
func (t *trivy) recognized() bool {
	named := t.keys["ArtifactName"] || t.keys["ClusterName"]
	cleanScan := named && (t.keys["SchemaVersion"] || t.hasResults)
	return t.foreignAt == "" && (t.targets || cleanScan || t.keys["ClusterName"] && t.hasResources)
}

// check refuses a report without findings that says of a resource that its scan failed, or that counts
// failures.
func (t *trivy) check(bool) error {
	switch {
	case t.typeErrs.first != nil:
		return t.typeErrs.first
	case t.findings.Len() > 0:
		return nil
	case t.failedAt != "":
		return &refusal{t.failedAt, "the scan of the resource failed, and nothing was found. Repeat it, and send its report"}
	case t.countAt != "":
		return &refusal{t.countAt, "Trivy counts failed checks that the report does not have. Send its complete report"}
	}
	return nil
}

func (t *trivy) report() Report {
	r := Report{Tool: "Trivy", Findings: t.findings, Classes: t.classes, MadeAt: timeOf(t.artifact.createdAt)}
	r.Subject, r.Reference = t.artifact.subject()
	r.Digests = t.artifact.digests
	if t.failedAt != "" {
		r.Partial, r.Warnings = true, []string{brokeOff(t.failedAt)}
	}
	return r
}

// subject returns the name of the cluster, or of the artifact with its kind, such as
// "lark/shop (container image)".
func (a trivyArtifact) subject() (subject, reference string) {
	if a.cluster != "" {
		return a.cluster, ""
	}
	subject, reference = subjectOf(a.name)
	if kind := strings.ReplaceAll(a.kind, "_", " "); subject != "" && kind != "" {
		subject += " (" + kind + ")"
	}
	return subject, reference
}

func (t *trivy) member(key string) func() error {
	switch key {
	case "Results":
		return t.topResults
	case "Resources", "Findings", "Vulnerabilities", "Misconfigurations":
		t.hasResources = true
		return func() error { return t.doc.array(t.readResource) }
	case "SchemaVersion":
		t.keys[key] = true
	case "ArtifactName":
		return t.readName(key, &t.artifact.name)
	case "ArtifactType":
		return t.readText(&t.artifact.kind)
	case "ClusterName":
		return t.readName(key, &t.artifact.cluster)
	case "CreatedAt":
		return t.readText(&t.artifact.createdAt)
	case "Metadata":
		return t.metadata
	}
	return nil
}

// readName notes a key that marks a report, and reads its value.
func (t *trivy) readName(key string, to *string) func() error {
	t.keys[key] = true
	return t.readText(to)
}

// readText reads a value of any type. No finding depends on it.
func (t *trivy) readText(to *string) func() error {
	return func() error {
		text, err := t.doc.textOrEmpty()
		*to = clean(text, maxLocation)
		return err
	}
}

// metadata reads the digests of the image. It accepts any type.
func (t *trivy) metadata() error {
	t.doc.typeErrs = nil
	return t.doc.either(func(key string) error {
		if key != "RepoDigests" {
			return t.doc.skip()
		}
		return t.doc.digestsInto(&t.artifact.digests)
	}, t.doc.skip)
}

func (t *trivy) topResults() error {
	given, err := t.doc.given(nil, t.result)
	t.hasResults = t.hasResults || given
	return err
}

// trivyTarget is what a result is of: a file, or an image with its distribution.
type trivyTarget struct {
	name   string
	stable string // without the tag of the image and the version of the distribution
	known  bool
}

func newTrivyTarget(name string) trivyTarget {
	image, distribution, found := strings.Cut(name, " (")
	stable := imageName(image)
	if found {
		family, _, versioned := strings.Cut(distribution, " ")
		if versioned && strings.HasSuffix(distribution, ")") {
			distribution = family + ")"
		}
		stable += " (" + distribution
	}
	return trivyTarget{name: name, stable: stable, known: true}
}

// result reads the findings in one target.
func (t *trivy) result() error {
	t.startElement()
	err := t.doc.object(func(key string) error {
		if read := t.element(key); read != nil {
			return read()
		}
		return t.doc.skip()
	})
	t.endElement()
	return err
}

// startElement begins a result, which is an element of a list in old reports.
func (t *trivy) startElement() { t.target = trivyTarget{} }

func (t *trivy) element(key string) func() error {
	list := func(element func() error) func() error {
		return func() error { return t.doc.array(element) }
	}
	switch key {
	case "Target":
		return t.readTarget
	case "Class":
		return t.readClass
	case "Vulnerabilities":
		return list(t.vulnerability)
	case "Misconfigurations":
		return list(t.misconfiguration)
	case "Secrets":
		return list(t.secret)
	case "Licenses":
		return list(t.license)
	case "MisconfSummary":
		return t.summary
	}
	return nil
}

func (t *trivy) endElement() {
	t.targets = t.targets || t.target.known
	if !t.target.known && t.typeErrs.first == nil {
		t.foreignAt = first(t.foreignAt, t.doc.location())
	}
	t.unfinished.drain(func(r *trivyFinding) { t.finish(*r, t.findings.texts.extra(r.extra)) })
}

// summary reads how many checks failed in a target. It accepts any type.
func (t *trivy) summary() error {
	t.doc.typeErrs = nil
	defer func() { t.doc.typeErrs = &t.typeErrs }()
	return t.doc.object(func(key string) error {
		if key != "Failures" {
			return t.doc.skip()
		}
		text, err := t.doc.scalar()
		if countIn(text) > 0 {
			t.countAt = first(t.countAt, t.doc.location())
		}
		return err
	})
}

func (t *trivy) readTarget() error {
	var name string
	_, err := t.doc.decodeStrict(&name)
	t.target = newTrivyTarget(name)
	return err
}

// maxClasses bounds the classes that are kept; Trivy has some seven.
const maxClasses = 20

func (t *trivy) readClass() error {
	class, err := t.doc.textOrEmpty()
	class = clean(class, maxTitle)
	if class != "" && len(t.classes) < maxClasses && !slices.Contains(t.classes, class) {
		t.classes = append(t.classes, class)
	}
	return err
}

// trivyIdentity is what identifies a finding in its target. Its stable part does so without lines.
type trivyIdentity struct {
	exact, stable digest
	line          int32 // 0 = none
}

// add adds a finding: at once if its target and its resource have been read, else when they are.
func (t *trivy) add(id trivyIdentity, f Finding, details models.Details) {
	if t.resource.settled() {
		details.Locations = t.resource.locations()
	}
	e := extra{fix: clean(f.Fix, maxFix), match: f.Match, details: details.Encode()}
	f.Status, f.Fix, f.Match = models.StatusOpen, "", matchKey{}
	r := trivyFinding{compactFinding: t.findings.texts.compact(id.exact, f), line: id.line}
	r.stable = id.stable.short()
	if t.target.known {
		t.finish(r, e)
		return
	}
	r.extra = t.findings.texts.putExtra(e)
	t.unfinished.add(r)
}

// finish completes a finding with its target.
func (t *trivy) finish(r trivyFinding, e extra) {
	r.identity = digestOf(t.target.name, string(r.identity[:]))
	r.stable = digestOf(t.target.stable, string(r.stable[:])).short()
	if e.match.component != (shortDigest{}) {
		e.match.component = digestOf(t.target.stable, string(e.match.component[:])).short()
	}
	if r.location == 0 {
		r.location = t.findings.texts.put(fileLine(t.target.name, r.line), maxLocation)
	}
	if t.resource.settled() {
		t.settle(r, e)
		return
	}
	r.extra = t.findings.texts.putExtra(e)
	t.unsettled.add(r)
}
