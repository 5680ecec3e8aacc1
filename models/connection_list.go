package models

import (
	"context"
	"strings"
	"time"
)

// ConnectionRow is a connection as it is listed.
type ConnectionRow struct {
	Connection
	Product        string // the product's name, "" for none
	Group          string // the product group's name
	User           string // the user's name
	OwnHealth      Health
	EndpointHealth Health // of its endpoint: its own, or that of the server it shares
	Waiting        int    // open messages
}

// State returns the state of a connection; ConnectionNew until a message was delivered.
func (c ConnectionRow) State() ConnectionState {
	switch {
	case !c.Enabled:
		return ConnectionOff
	case !c.EndpointHealth.PausedAt.IsZero():
		return ConnectionPaused
	case c.EndpointHealth.Open():
		return ConnectionDown
	case !c.OwnHealth.BrokenAt.IsZero() && c.OwnHealth.RecoverUpTo == 0 && c.OwnHealth.Rejected > 0:
		return ConnectionRejecting
	case c.EndpointHealth.Failures > 0 || c.OwnHealth.Rejected > 0:
		return ConnectionFailing
	case c.OwnHealth.LastSuccessAt.IsZero():
		return ConnectionNew
	}
	return ConnectionWorking
}

// ConnectionState is the state of a connection, as its last messages show it.
type ConnectionState string

// The states of a connection.
const (
	ConnectionOff       ConnectionState = "off"       // turned off, by a user or because the receiver is gone
	ConnectionPaused    ConnectionState = "paused"    // failed too long, and is no longer probed
	ConnectionDown      ConnectionState = "down"      // its breaker is open
	ConnectionRejecting ConnectionState = "rejecting" // it answers, and accepts no message
	ConnectionFailing   ConnectionState = "failing"   // its last messages have failed
	ConnectionWorking   ConnectionState = "working"
	ConnectionNew       ConnectionState = "new" // nothing has arrived yet
)

// ConnectionFilter narrows a list of connections to those that a user can edit.
type ConnectionFilter struct {
	Place
	UserID  int64
	All     bool              // the user is an administrator: all but those of other users
	Owner   OwnerKind         // "" for all owners
	Purpose ConnectionPurpose // "" for all purposes
	Trouble bool              // only those that need attention
	Broken  bool              // only those that deliver nothing
	Text    string            // part of the name, or of its product's or group's name
	Limit   int
}

// OwnerKind is the kind of a connection's owner.
type OwnerKind string

// The kinds of owners.
const (
	OwnerMine    OwnerKind = "mine" // the user who asks
	OwnerProduct OwnerKind = "product"
	OwnerGroup   OwnerKind = "group"
	OwnerSystem  OwnerKind = "system"
	OwnerShared  OwnerKind = "shared" // not a user's
)

// Valid reports whether k is one of the kinds.
func (k OwnerKind) Valid() bool { return ownedBy[k] != "" }

// ownedBy has the condition of each kind. Connections of other users are left out anyway.
var ownedBy = map[OwnerKind]string{
	OwnerMine:    "c.user_id IS NOT NULL",
	OwnerProduct: "c.product_id IS NOT NULL",
	OwnerGroup:   "c.group_id IS NOT NULL",
	OwnerSystem:  "c.product_id IS NULL AND c.group_id IS NULL AND c.user_id IS NULL",
	OwnerShared:  "c.user_id IS NULL",
}

// endpointColumns are healthColumns of the health of the endpoint.
var endpointColumns = strings.ReplaceAll(healthColumns, "h.", "l.")

var connectionRowSelect = `
	SELECT c.id, c.product_id, c.group_id, c.user_id, c.endpoint_id, c.purpose, c.module, c.field, c.name, c.hint,
		c.enabled, c.disabled_why, c.keeps_waiting, c.version, c.created_at, c.updated_at,
		coalesce(p.name, ''), coalesce(g.name, ''), coalesce(u.name, ''), (
			SELECT count(*)
			FROM deliveries d
			WHERE d.connection_id = c.id
			AND d.state IN ` + openStates + `
		), ` + healthColumns + ", " + endpointColumns + connectionsFrom

const connectionsFrom = `
	FROM connections c
	JOIN connection_health h ON h.connection_id = c.id
	JOIN connection_health l ON l.connection_id = coalesce(c.endpoint_id, c.id)
	LEFT JOIN products p ON p.id = c.product_id
	LEFT JOIN product_groups g ON g.id = c.group_id
	LEFT JOIN users u ON u.id = c.user_id `

func (c *ConnectionRow) dst() []any {
	own := []any{
		&c.ID, &c.ProductID, &c.GroupID, &c.UserID, &c.EndpointID, &c.Purpose, &c.Module, &c.Field, &c.Name,
		&c.Hint, &c.Enabled, &c.DisabledWhy, &c.KeepsWaiting, &c.Version, timeTo(&c.CreatedAt), timeTo(&c.UpdatedAt),
		&c.Product, &c.Group, &c.User, &c.Waiting,
	}
	return append(append(own, c.OwnHealth.dst()...), c.EndpointHealth.dst()...)
}

// ConnectionRow reads a connection as it is listed. It must have come from a scoped read.
func (r queries) ConnectionRow(ctx context.Context, id int64) (ConnectionRow, error) {
	var c ConnectionRow
	err := r.get(ctx, connectionRowSelect+"WHERE c.id = ?", []any{id}, c.dst()...)
	if err != nil {
		return c, notFound(err, "target")
	}
	return c, nil
}

// ConnectionRowsOf lists a product's targets by id.
func (r queries) ConnectionRowsOf(ctx context.Context, scope Scope, productID int64) ([]ConnectionRow, error) {
	cond, args := scope.where("c.product_id")
	return r.connectionRows(ctx, "c.product_id = ? AND "+isTarget+" AND "+cond, append([]any{productID}, args...))
}

// ConnectionRowsOfGroup lists a group's targets by id. The caller must have checked the
// right to see the group.
func (r queries) ConnectionRowsOfGroup(ctx context.Context, groupID int64) ([]ConnectionRow, error) {
	return r.connectionRows(ctx, "c.group_id = ? AND "+isTarget, []any{groupID})
}

func (r queries) connectionRows(ctx context.Context, cond string, args []any) ([]ConnectionRow, error) {
	var list []ConnectionRow
	err := r.query(ctx, connectionRowSelect+`
		WHERE `+cond+`
		ORDER BY c.id`, args, collect(&list, (*ConnectionRow).dst))
	return list, err
}

// troubleRankSQL ranks connections as State does, the worst first: up to 3 nothing arrives,
// 4 fails, 5 needs no attention.
const troubleRankSQL = `CAST(CASE
	WHEN l.paused_at IS NOT NULL AND c.enabled THEN 0
	WHEN NOT c.enabled AND c.disabled_why <> '' THEN 1
	WHEN l.opened_at IS NOT NULL AND c.enabled THEN 2
	WHEN h.broken_at IS NOT NULL AND h.recover_upto IS NULL AND h.rejected > 0 AND c.enabled THEN 3
	WHEN (l.failures > 0 OR h.rejected > 0) AND c.enabled THEN 4
	ELSE 5 END AS BIGINT)`

// rank ranks the state as troubleRankSQL does.
func (c ConnectionRow) rank() int64 {
	switch c.State() {
	case ConnectionPaused:
		return 0
	case ConnectionDown:
		return 2
	case ConnectionRejecting:
		return 3
	case ConnectionFailing:
		return 4
	case ConnectionOff:
		if c.DisabledWhy != "" {
			return 1
		}
	case ConnectionWorking, ConnectionNew:
	}
	return 5
}

// The orders of a list of connections, beside that with those in trouble first.
const (
	ConnectionsByName    = "name"
	ConnectionsBySuccess = "last_success" // the last one first
)

var connectionID = orderColumn[ConnectionRow]{sql: "c.id", value: func(c ConnectionRow) any { return c.ID }}

// ConnectionOrders are the orders of a list of connections.
var ConnectionOrders = Orders[ConnectionRow]{
	"": {columns: []orderColumn[ConnectionRow]{
		{sql: troubleRankSQL, value: func(c ConnectionRow) any { return c.rank() }}, connectionID,
	}},
	ConnectionsByName: {columns: []orderColumn[ConnectionRow]{
		{sql: "lower(c.name)", value: func(c ConnectionRow) any { return c.Name }, fold: true}, connectionID,
	}},
	ConnectionsBySuccess: {desc: true, columns: []orderColumn[ConnectionRow]{
		{
			sql:   "coalesce(h.last_success_at, 0)",
			value: func(c ConnectionRow) any { return microOr0(c.OwnHealth.LastSuccessAt) },
		}, connectionID,
	}},
}

// Connections lists connections that a user can edit, those in trouble first unless the place has
// another order.
func (r queries) Connections(ctx context.Context, f ConnectionFilter) ([]ConnectionRow, error) {
	cond := connectionCondition(f)
	ConnectionOrders.where(&cond, f.Place)
	var list []ConnectionRow
	err := r.query(ctx, connectionRowSelect+`
		WHERE `+cond.text+`
		ORDER BY `+ConnectionOrders.by(f.Place)+`
		LIMIT ?`, append(cond.args, f.Limit), collect(&list, (*ConnectionRow).dst))
	inOrder(f.Place, list)
	return list, err
}

// CountTrouble returns how many connections that are no user's need attention: at most limit.
func (r queries) CountTrouble(ctx context.Context, limit int) (int, error) {
	cond := connectionCondition(ConnectionFilter{Owner: OwnerShared, Trouble: true, All: true})
	var n int
	err := r.get(ctx, `
		SELECT count(*)
		FROM (
			SELECT 1
			`+connectionsFrom+`
			WHERE `+cond.text+`
			LIMIT ?
		) x`, append(cond.args, limit), &n)
	return n, err
}

// CountConnections counts connections that a user can edit, up to one more than MaxCounted.
func (r queries) CountConnections(ctx context.Context, f ConnectionFilter) (int, error) {
	return r.countUpTo(ctx, connectionsFrom, connectionCondition(f))
}

func connectionCondition(f ConnectionFilter) sqlFragment {
	cond := sqlFragment{"c.field NOT IN (?, ?)", []any{FieldPeople, fieldRemoved}}
	cond.andWhere(editableConnection(f.UserID, f.All))
	if f.Owner.Valid() {
		cond.and(ownedBy[f.Owner])
	}
	if f.Purpose != "" {
		cond.and("c.purpose = ?", f.Purpose)
	}
	if f.Trouble {
		cond.and(troubleRankSQL + " < 5")
	}
	if f.Broken {
		cond.and(troubleRankSQL + " < 4")
	}
	if f.Text != "" {
		like := contains(f.Text)
		cond.and(`(lower(c.name) LIKE lower(?) ESCAPE '\'
			OR lower(coalesce(p.name, g.name, '')) LIKE lower(?) ESCAPE '\')`, like, like)
	}
	return cond
}

// MailServer reads the connection of the mail server, as it is listed.
func (r queries) MailServer(ctx context.Context) (ConnectionRow, error) {
	t, err := r.PeopleTarget(ctx)
	if err != nil {
		return ConnectionRow{}, err
	}
	row, err := r.ConnectionRow(ctx, t.ConnectionID)
	if err != nil {
		return row, err
	}
	q, err := r.BacklogOf(ctx, t.ConnectionID, 0)
	row.Waiting = q.Open
	return row, err
}

// ShareEndpoint lets all connections of a module share an endpoint.
func (tx *Tx) ShareEndpoint(module string, endpoint int64) error {
	_, err := tx.exec("UPDATE connections SET endpoint_id = ? WHERE module = ? AND id <> ?",
		endpoint, module, endpoint)
	return err
}

// OutboxTally counts the messages that are not sent yet.
type OutboxTally struct {
	Waiting, Sending int
	Oldest           time.Time // when the oldest of them was first due
}

// Outbox counts the open messages.
func (r queries) Outbox(ctx context.Context) (OutboxTally, error) {
	var t OutboxTally
	err := r.get(ctx, `
		SELECT (SELECT count(*) FROM deliveries WHERE state IN `+waitingStates+`),
			(SELECT count(*) FROM deliveries WHERE state = 'sending'),
			(SELECT min(due_since) FROM deliveries WHERE state IN `+waitingStates+")",
		nil, &t.Waiting, &t.Sending, timeTo(&t.Oldest))
	return t, err
}
