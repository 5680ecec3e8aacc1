package exception

import (
	"log/slog"
	"slices"
	"strconv"
	"time"

	"gatecrier/app/event"
	"gatecrier/models"
)

// occurrence is a trimmed report with what decides its group and its notification.
type occurrence struct {
	Report

	truncated bool // the report was longer than its bounds
	policy    Policy
	key       groupKey
	by        KeyMethod
	stored    bool // the database had the key, so that it never overflows
}

// maxTrace is how many calls an event names.
const maxTrace = 8

// groupKey is a key of a product, or of none.
type groupKey struct {
	owner int64 // the product, 0 = none
	key   string
}

func newOccurrence(r Report, policy Policy) occurrence {
	truncated := r.trim() // before the key: what is cut does not count
	key, by := Key(policy.Grouping, r)
	return occurrence{
		Report:    r,
		truncated: truncated,
		policy:    policy,
		key:       groupKey{owner: r.ProductID, key: key},
		by:        by,
	}
}

// moveToOverflow gives an occurrence the key of the group that new exceptions share
// once their owner has maxNew of them.
func (o *occurrence) moveToOverflow() {
	o.key.key, o.by = overflowKey(o.Kind), ByOverflow
}

// mayOverflow reports whether a new key of the occurrence counts toward maxNew.
func (o *occurrence) mayOverflow() bool { return o.by != ByOverflow && !o.stored }

// sampleAt returns the sample of an occurrence, encoded.
func (o *occurrence) sampleAt(at time.Time, log *slog.Logger) []byte {
	sample, err := o.sample(at, o.truncated)
	if err != nil { // a sample has texts and numbers alone: encoding them cannot fail
		log.Error("encode the sample of an exception", "error", err)
	}
	return sample
}

// row returns what the database stores of an occurrence under its group's key.
func (o *occurrence) row(key string, sample []byte) models.ExceptionReport {
	row := models.ExceptionReport{
		ProductID: o.key.owner,
		Key:       key,
		By:        string(o.by),
		Kind:      o.Kind,
		Class:     o.Class,
		Message:   o.Message,
		Function:  o.Function,
		Release:   o.Release,
		Sample:    sample,
	}
	if o.by == ByOverflow {
		row.Class = "Other exceptions"
		row.Message = "More than " + strconv.Itoa(maxNew) + " different ones came within an hour: they share this group"
		row.Function = ""
	}
	return row
}

// payload returns the event of an occurrence that notifies, without its product.
func (o *occurrence) payload(c models.ExceptionClaim) event.Exception {
	payload := event.Exception{
		Group:       c.GroupID,
		From:        o.Kind,
		Class:       o.Class,
		Message:     o.Message,
		Function:    o.Function,
		Arguments:   o.Arguments,
		Release:     o.Release,
		Environment: o.Environment,
		User:        o.User,
		Reference:   o.Reference,
		First:       c.First,
		Regressed:   c.Regressed,
		Suppressed:  c.Suppressed,
		Trace:       traceOf(o.Frames),
		Overflow:    o.by == ByOverflow,
	}
	if !c.HeldSince.IsZero() {
		payload.HeldSince = &c.HeldSince
	}
	return payload
}

// traceOf names the innermost calls of a stack: the program's own calls if it has any.
func traceOf(frames []Frame) []string {
	own := slices.ContainsFunc(frames, func(f Frame) bool { return f.InApp })
	trace := []string{}
	for _, f := range frames {
		if own && !f.InApp || f.Name() == "" {
			continue
		}
		line := f.Name()
		if f.File != "" {
			line += " (" + f.File
			if f.Line > 0 {
				line += ":" + strconv.Itoa(f.Line)
			}
			line += ")"
		}
		if trace = append(trace, line); len(trace) == maxTrace {
			break
		}
	}
	return trace
}
