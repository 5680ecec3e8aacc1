package ingest

// trivyResource is a resource of a cluster, such as a Deployment. Its names can come after its
// results; a resource of the whole cluster has no namespace.
type trivyResource struct {
	names map[string]string // Namespace, Kind and Name, as far as they have been read
	open  bool              // its end has not been read
}

// settled reports whether its names are complete. Outside of a cluster they are.
func (r trivyResource) settled() bool { return !r.open || len(r.names) == 3 }

// named reports whether the resource has a name.
func (r trivyResource) named() bool {
	return r.names["Namespace"] != "" || r.names["Kind"] != "" || r.names["Name"] != ""
}

// with returns the hash of the resource and a part of a finding.
func (r trivyResource) with(part []byte) digest {
	return digestOf(r.names["Namespace"], r.names["Kind"], r.names["Name"], string(part))
}

// locations returns the resource as a further location of its findings, such as
// "shop/Deployment/web". Outside of a cluster there is none.
func (r trivyResource) locations() []string {
	if !r.named() {
		return nil
	}
	place := r.names["Kind"] + "/" + r.names["Name"]
	if namespace := r.names["Namespace"]; namespace != "" {
		place = namespace + "/" + place
	}
	return []string{place}
}

// readResource reads one resource of a cluster. Where the scan of a resource failed, it has an
// error beside the results; these count, and the report is not complete.
func (t *trivy) readResource() error {
	t.resource = trivyResource{names: map[string]string{}, open: true}
	err := t.doc.object(func(key string) error {
		switch key {
		case "Namespace", "Kind", "Name":
			var name string
			_, err := t.doc.decodeStrict(&name)
			t.resource.names[key] = name
			return err
		case "Results":
			return t.doc.array(t.result)
		case "Error":
			given, err := t.doc.isGiven()
			if given {
				t.failedAt = first(t.failedAt, t.doc.location())
			}
			return err
		}
		return t.doc.skip()
	})
	t.resource.open = false
	t.unsettled.drain(func(r *trivyFinding) {
		e := t.findings.texts.extra(r.extra)
		details := e.details.Decode()
		details.Locations = t.resource.locations()
		e.details = details.Encode()
		t.settle(*r, e)
	})
	t.resource = trivyResource{}
	return err
}

// settle completes a finding with its resource, and adds it to the findings.
func (t *trivy) settle(r trivyFinding, e extra) {
	if t.resource.named() {
		r.identity = t.resource.with(r.identity[:])
		r.stable = t.resource.with(r.stable[:]).short()
		if e.match.component != (shortDigest{}) {
			e.match.component = t.resource.with(e.match.component[:]).short()
		}
	}
	r.extra = t.findings.texts.putExtra(e)
	t.findings.addCompact(r.compactFinding)
}
