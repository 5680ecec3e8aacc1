package models

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// ClockTolerance is how far the clocks of two instances can differ without a consequence.
const ClockTolerance = 5 * time.Second

// MaxTimes are the longest times for which something can be planned. No stored time lies further
// ahead, whatever the clock was when it was written: CapTimes sees to it.
type MaxTimes struct {
	Send      time.Duration            // the lease of a delivery
	Import    time.Duration            // the lease of a source
	Job       time.Duration            // the lease of a run
	Retry     time.Duration            // until the next attempt of a delivery
	Probe     time.Duration            // until the next probe of an endpoint, or what its receiver asked for
	Routing   time.Duration            // until the next try to route an event
	Hold      time.Duration            // of gate changes of products without a time of their own
	Part      time.Duration            // of a gate change while another part of its cause follows
	Exception time.Duration            // the window of an exception
	Links     map[string]time.Duration // by purpose
	Mail      time.Duration            // until the next attempt of an email about an account
	MailLife  time.Duration            // until such an email expires
}

// maxRate is the longest time for which the rate of an endpoint makes it wait.
const maxRate = time.Minute

// timeRule is the rule of a stored time that lies ahead. :now and :soon, a tolerance later, are
// replaced by arguments.
type timeRule struct {
	table string
	key   string // a unique column
	over  string // the condition of rows whose time lies too far ahead
	set   string // what mends them; afterwards over must not hold
	scan  bool   // no index finds the rows: checked only after a jump, at the start and now and then
	drop  bool   // the rows are deleted instead
}

// rules returns the rule of each stored time that something waits for. A time that a user has chosen
// has none, such as the end of a silence or of a token. TestStoredTimes_HaveRules lists those without.
func (m MaxTimes) rules() []timeRule {
	return slices.Concat(m.workRules(), m.accountRules(), m.endpointRules())
}

// workRules are the rules of leases, retries and windows.
func (m MaxTimes) workRules() []timeRule {
	hold := fmt.Sprintf("coalesce((SELECT p.hold_seconds FROM products p WHERE p.id = branches.product_id) * 1000000, %d)",
		m.Hold.Microseconds())
	longestHold := fmt.Sprintf("CASE WHEN %[1]s > %[2]d THEN %[1]s ELSE %[2]d END", hold, m.Part.Microseconds())
	// By endpoint, as the index of due deliveries is.
	const ofEndpoint = "endpoint_id IN (SELECT connection_id FROM connection_health) AND " + dueSQL
	const attempted = "(SELECT max(a.at) FROM attempts a WHERE a.delivery_id = deliveries.id)"
	return []timeRule{
		{table: "leases", key: "name", over: ahead("until", m.Import), set: "until = " + after(m.Import)},
		{
			table: "job_runs", key: "id", over: "result = 'running' AND " + ahead("lease_until", m.Job),
			set: "lease_until = " + after(m.Job),
		},
		{table: "job_slots", key: "slot", over: ahead("started_at", 0), drop: true},
		{table: "event_work", key: "event_id", over: ahead("next_at", m.Routing), set: "next_at = :now"},
		{
			table: "deliveries", key: "id", over: "state = 'sending' AND " + ahead("locked_until", m.Send),
			set: "locked_until = " + after(m.Send),
		},
		{
			table: "deliveries", key: "id", over: ofEndpoint + " AND state = 'pending' AND " + ahead("next_at", 0),
			set: "next_at = :now",
		},
		// One whose last attempt was made ahead keeps its wait, counted from now.
		{
			table: "deliveries", key: "id", over: ofEndpoint + " AND state = 'retrying' AND " + ahead("next_at", 0) +
				" AND " + attempted + " > :soon AND next_at >= " + attempted,
			set: "next_at = :now + (next_at - " + attempted + ")", scan: true,
		},
		{
			table: "deliveries", key: "id", over: ofEndpoint + " AND state = 'retrying' AND " + ahead("next_at", m.Retry),
			set: "next_at = :now",
		},
		{
			table: "deliveries", key: "id", over: "state IN " + waitingStates + " AND " + ahead("due_since", 0),
			set: "due_since = :now",
		},
		{
			table: "branches", key: "id", over: "held_until IS NOT NULL AND " + aheadOf("held_until", longestHold),
			set: "held_until = :now + " + hold,
		},
		{table: "sources", key: "id", over: ahead("last_report_at", 0), set: "last_report_at = :now", scan: true},
		{
			table: "exception_groups", key: "id", over: ahead("until", m.Exception), set: "until = " + after(m.Exception),
			scan: true,
		},
		{table: "exception_groups", key: "id", over: ahead("first_at", 0), set: "first_at = :now", scan: true},
	}
}

// accountRules are the rules of sign-ins, sessions, links and repeats of requests.
func (m MaxTimes) accountRules() []timeRule {
	links := "CASE purpose"
	for _, purpose := range slices.Sorted(maps.Keys(m.Links)) {
		links += fmt.Sprintf(" WHEN '%s' THEN %d", purpose, m.Links[purpose].Microseconds())
	}
	links += fmt.Sprintf(" ELSE %d END", (100 * 365 * 24 * time.Hour).Microseconds()) // no rule
	return []timeRule{
		{
			table: "sign_in_tries", key: "key", over: ahead("at", 0),
			set: "until = CASE WHEN until > at THEN :now + (until - at) ELSE 0 END, at = :now",
		},
		{
			table: "sessions", key: "token", over: ahead("created_at", 0),
			set: "expiry = :now + (expiry - created_at), seen_at = :now, created_at = :now", scan: true,
		},
		{
			table: "user_links", key: "hash", over: "used_at IS NULL AND " + aheadOf("expires_at", links),
			set: "expires_at = :now + " + links,
		},
		{
			table: "account_mails", key: "id", over: "next_at IS NOT NULL AND " + ahead("next_at", m.Mail),
			set: "next_at = :now",
		},
		{
			table: "account_mails", key: "id", over: ahead("expires_at", m.MailLife),
			set: "expires_at = " + after(m.MailLife),
		},
		{table: "idempotency_keys", key: "key", over: ahead("created_at", 0), set: "created_at = :now"},
	}
}

// endpointRules are the rules of circuit breakers and rates.
func (m MaxTimes) endpointRules() []timeRule {
	rule := func(over, set string) timeRule {
		return timeRule{table: "connection_health", key: "connection_id", over: over, set: set}
	}
	list := []timeRule{
		rule("opened_at IS NOT NULL AND "+ahead("opened_at", 0), "opened_at = :now, probe_at = :now"),
		rule("opened_at IS NOT NULL AND "+ahead("probe_at", m.Probe), "probe_at = :now"),
		rule(ahead("slot_at", maxRate), "slot_at = :now"),
		rule(ahead("free_at", m.Probe), "free_at = :now"),
		rule("failures = 0 AND "+ahead("free_at", maxRate), "free_at = :now"),
	}
	for _, column := range []string{"failing_since", "closed_at", "last_success_at", "busy_since"} {
		list = append(list, rule(ahead(column, 0), column+" = :now"))
	}
	return list
}

// ahead returns the condition of a time that lies more than a duration ahead.
func ahead(column string, most time.Duration) string {
	if most == 0 {
		return column + " > :soon"
	}
	return fmt.Sprintf("%s > :soon + %d", column, most.Microseconds())
}

// aheadOf is ahead for a duration that is an expression.
func aheadOf(column, most string) string { return column + " > :soon + " + most }

// after returns the time that lies a duration ahead.
func after(d time.Duration) string { return fmt.Sprintf(":now + %d", d.Microseconds()) }

// bindTimes replaces :now and :soon in a statement of rules.
func bindTimes(query string, now time.Time) (string, []any) {
	var out strings.Builder
	var args []any
	for {
		i := strings.IndexByte(query, ':')
		if i < 0 {
			out.WriteString(query)
			return out.String(), args
		}
		out.WriteString(query[:i] + "CAST(? AS BIGINT)") // PostgreSQL cannot infer its type
		at, name := now, ":now"
		if strings.HasPrefix(query[i:], ":soon") {
			at, name = now.Add(ClockTolerance), ":soon"
		}
		args, query = append(args, micro(at)), query[i+len(name):]
	}
}

// CapTimes brings stored times back that lie further ahead than their longest time, as those that a
// clock has written which was ahead. all includes what no index finds. It reads before it writes,
// and writes in parts. It returns the number of changed rows by table.
func (s *Store) CapTimes(ctx context.Context, most MaxTimes, all bool) (map[string]int64, error) {
	rules := most.rules()
	broken, err := s.brokenRules(ctx, rules, all)
	changed := map[string]int64{}
	for _, i := range broken {
		rule := rules[i]
		var parts Parts
		for more := true; err == nil && more; {
			n := int64(0)
			err = s.WritePart(ctx, &parts, func(tx *Tx, limit int) (_ int, err error) {
				query, args := rule.statement(tx.Now(), limit)
				n, err = tx.exec(query, args...)
				more = n == int64(limit)
				return int(n), err
			})
			if err == nil {
				changed[rule.table] += n
			}
		}
	}
	return changed, err
}

// brokenRules returns the rules that some row breaks.
func (s *Store) brokenRules(ctx context.Context, rules []timeRule, all bool) ([]int, error) {
	query, args := brokenQuery(rules, s.Now(), all)
	var broken []int
	err := s.query(ctx, query, args, collect(&broken, func(i *int) []any { return []any{i} }))
	return broken, err
}

func brokenQuery(rules []timeRule, now time.Time, all bool) (string, []any) {
	var parts []string
	for i, rule := range rules {
		if all || !rule.scan {
			parts = append(parts, fmt.Sprintf("SELECT %d WHERE EXISTS (SELECT 1 FROM %s WHERE %s)", i, rule.table, rule.over))
		}
	}
	return bindTimes(strings.Join(parts, " UNION ALL "), now)
}

// statement returns the statement that mends up to limit rows.
func (t timeRule) statement(now time.Time, limit int) (string, []any) {
	what := "UPDATE " + t.table + " SET " + t.set
	if t.drop {
		what = "DELETE FROM " + t.table
	}
	return bindTimes(fmt.Sprintf("%s WHERE %s IN (SELECT %s FROM %s WHERE %s LIMIT %d) AND %s",
		what, t.key, t.key, t.table, t.over, limit, t.over), now)
}
