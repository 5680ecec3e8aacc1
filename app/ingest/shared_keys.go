package ingest

import "encoding/json"

// vulnerabilities reads a value that several formats have: an object of npm audit; a list of
// CycloneDX, GitLab or OCSF, for all until it is known which of them the document has.
func (det *detector) vulnerabilities() error {
	t, err := det.doc.dec.Token()
	if err != nil || t == nil {
		return err
	}
	list := []format{det.cyclonedx, det.gitlab}
	if t == json.Delim('[') {
		det.cyclonedx.isScan, det.gitlab.hasVulnerabilities = true, true
		return det.doc.elements(det.vulnerability)
	}
	for _, f := range list {
		det.doc.typeErrs = f.typeErrors()
		det.doc.noteTypeError("", "a list", tokenTypeName(t))
	}
	det.cyclonedx.isScan, det.gitlab.hasVulnerabilities = true, true
	if t != json.Delim('{') {
		return det.doc.skipRest(t)
	}
	det.npm.hasPackages = true
	det.doc.typeErrs = det.npm.typeErrors()
	return det.doc.members(det.npm.packageOf)
}

// vulnerability reads an element of the list of vulnerabilities.
func (det *detector) vulnerability() error {
	if det.cyclonedx.recognized() {
		det.doc.typeErrs = det.cyclonedx.typeErrors()
		return det.cyclonedx.vulnerability()
	}
	var raw json.RawMessage
	if err := det.doc.dec.Decode(&raw); err != nil {
		return err
	}
	det.doc.typeErrs = det.cyclonedx.typeErrors()
	det.cyclonedx.rawVulnerability(raw)
	det.doc.typeErrs = det.gitlab.typeErrors()
	det.gitlab.rawVulnerability(raw)
	det.doc.typeErrs = nil // other formats have them with other types
	det.ocsf.rawVulnerability(raw)
	return nil
}

// metadata reads an object that CycloneDX, OCSF and npm audit have.
func (det *detector) metadata() error {
	det.doc.typeErrs = det.cyclonedx.typeErrors()
	return det.doc.object(func(key string) error {
		if key == "vulnerabilities" { // no other format has it there
			det.doc.typeErrs = nil
			return det.npm.counts()
		}
		if read := det.ocsf.metadata(key); read != nil {
			det.doc.typeErrs = det.ocsf.typeErrors()
			return read()
		}
		det.doc.typeErrs = det.cyclonedx.typeErrors()
		return det.cyclonedx.metadata(key)
	})
}

// results reads a list that OSV-Scanner and Semgrep have. Those of the first can be long: one
// holds the packages of a file.
func (det *detector) results() error {
	det.doc.typeErrs = nil // other tools have the key with other types
	given, err := det.doc.given(nil, det.result)
	det.osv.hasResults = det.osv.hasResults || given
	det.semgrep.hasResults = det.semgrep.hasResults || given
	return err
}

// result reads an element of the list of results.
func (det *detector) result() error {
	packages := false
	rest := map[string]json.RawMessage{}
	det.osv.startResult()
	det.doc.typeErrs = det.semgrep.typeErrors()
	err := det.doc.object(func(key string) error {
		switch key {
		case "packages":
			packages = true
			det.doc.typeErrs = det.osv.typeErrors()
			return det.osv.packages()
		case "source":
			det.doc.typeErrs = det.osv.typeErrors()
			return det.osv.source()
		case "check_id", "path", "start", "extra":
			var raw json.RawMessage
			err := det.doc.dec.Decode(&raw)
			rest[key] = raw
			return err
		}
		return det.doc.skip()
	})
	if err != nil || packages {
		return err
	}
	raw, err := json.Marshal(rest)
	if err == nil {
		det.doc.typeErrs = det.semgrep.typeErrors()
		det.semgrep.rawResult(raw)
	}
	return err
}
