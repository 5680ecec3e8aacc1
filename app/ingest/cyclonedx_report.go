package ingest

import (
	"strings"

	"gatecrier/models"
)

// report returns the findings with components in place of their references.
func (c *cyclonedx) report() Report {
	findings := newFindings(c.texts)
	var shared sharedDetails
	c.affected.drain(func(r *cyclonedxFinding) {
		if r.extra != shared.at {
			e := c.texts.extra(r.extra)
			shared = sharedDetails{r.extra, e.fix, e.details.Decode()}
		}
		c.finish(r, shared)
		findings.addCompact(r.compactFinding)
	})
	return Report{
		Tool: first(c.tool, c.service), Subject: c.subject, Reference: c.reference, Digests: c.digests,
		MadeAt: c.madeAt, Findings: findings,
	}
}

// sharedDetails are those that the findings of a vulnerability have in common.
type sharedDetails struct {
	at      textRef
	fix     string
	details models.Details
}

// finish completes a finding with the component that it refers to.
func (c *cyclonedx) finish(r *cyclonedxFinding, shared sharedDetails) {
	reference := c.texts.get(r.component)
	affected, place, purl, version := r.ref, shortDigest{}, "", ""
	if component, ok := c.components[r.ref]; ok {
		affected, place, r.component = component.identity, component.stable, component.name
		purl, version = c.texts.get(component.purl), c.texts.get(component.version)
	} else {
		if strings.HasPrefix(reference, "pkg:") {
			purl, version = reference, versionIn(reference)
		}
		place = digestOf(packageURL(reference)).short()
	}
	vulnerability := string(r.identity[:])
	r.identity = digestOf(vulnerability, string(affected[:]))
	r.stable = digestOf(vulnerability, string(place[:])).short()
	unaffected := r.unaffected || r.versions != 0 && unaffectedIn(c.texts.get(r.versions), version)
	if unaffected && r.state.status().Active() {
		r.state = r.state.withStatus(models.StatusNotAffected)
	}
	if c.givesFixes && !r.fixed && r.ref != (digest{}) {
		r.state |= stateUnfixed
	}
	e := extra{fix: shared.fix}
	if r.named || len(shared.details.Aliases) > 0 {
		e.match.component = digestOf("component", string(place[:])).short()
	}
	d := shared.details
	d.PURL = purl
	e.details = d.Encode()
	r.extra = c.texts.putExtra(e)
}
