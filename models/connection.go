package models

import (
	"context"
	"time"

	"gatecrier/app/fault"
	"gatecrier/app/secret"
)

// ConnectionPurpose is what a connection is for.
type ConnectionPurpose string

// The purposes.
const (
	PurposeTarget  ConnectionPurpose = "target"  // it gets the notifications of its owner
	PurposeRule    ConnectionPurpose = "rule"    // rules send to it, and nothing else
	PurposeAccount ConnectionPurpose = "account" // it has the credentials of a module, and gets no messages
)

// Connection is a module's saved configuration, sealed as a whole. One that belongs to a product
// or a product group is its target, unless it has another purpose.
type Connection struct {
	ID          int64
	ProductID   *int64 // the product that it belongs to
	GroupID     *int64 // the product group that it belongs to
	UserID      *int64 // the user whose own it is; with none of the three it is the system's
	EndpointID  *int64 // the connection whose health it shares, nil = its own
	Purpose     ConnectionPurpose
	Module      string
	Field       string // the field of the product's form that it fills, "" for none
	Name        string
	Config      secret.Text // the module's fields as JSON
	Hint        string      // the part that pages can show: host and last four characters
	Enabled     bool
	DisabledWhy string // why Gatecrier itself turned it off
	// KeepsWaiting is whether the messages that wait are kept until it is turned on again. It is
	// false while it is on.
	KeepsWaiting bool
	Version      int64
	CreatedBy    string    // the user or the token that created it, "" if it is unknown
	CreatedAt    time.Time `gorm:"serializer:micro;autoCreateTime:false;autoUpdateTime:false"`
	UpdatedAt    time.Time `gorm:"serializer:micro;autoCreateTime:false;autoUpdateTime:false"`
}

// TableName returns the name of gorm's table.
func (Connection) TableName() string { return "connections" }

// Owner is the owner of a connection: a product, a product group, a user, or, with none of them,
// the system.
type Owner struct{ ProductID, GroupID, UserID int64 }

// System reports whether the owner is the system.
func (o Owner) System() bool { return o == Owner{} }

// Owner returns the connection's owner.
func (c Connection) Owner() Owner {
	var o Owner
	if c.ProductID != nil {
		o.ProductID = *c.ProductID
	}
	if c.GroupID != nil {
		o.GroupID = *c.GroupID
	}
	if c.UserID != nil {
		o.UserID = *c.UserID
	}
	return o
}

// Endpoint returns the id of the connection whose breaker and rate count for this one.
func (c Connection) Endpoint() int64 {
	if c.EndpointID != nil {
		return *c.EndpointID
	}
	return c.ID
}

// ConfigPlace returns the path that a connection's configuration is sealed for.
func (c Connection) ConfigPlace() string { return secretPath("connections", c.ID, "config") }

// Connection finds a connection in scope: of a product, of a product group that the user has a
// role in, or the user's own.
func (r queries) Connection(ctx context.Context, scope Scope, id int64) (Connection, error) {
	cond, args := scope.whereConnection()
	var c Connection
	err := r.db(ctx).Where("id = ? AND field <> ?", id, fieldRemoved).Where(cond, args...).Take(&c).Error
	return c, missing(err, "target")
}

// FieldConnections lists the connections that are fields of a product's or a group's form, by
// id; of the system's, those that are fields of the exceptions' settings. The caller must have
// checked the right to see them.
func (r queries) FieldConnections(ctx context.Context, o Owner) ([]Connection, error) {
	db := r.db(ctx)
	switch {
	case o.System():
		db = db.Where("product_id IS NULL AND group_id IS NULL AND user_id IS NULL AND field LIKE ?", ExceptionField+"%")
	case o.GroupID != 0:
		db = db.Where("group_id = ?", o.GroupID)
	default:
		db = db.Where("product_id = ?", o.ProductID)
	}
	var list []Connection
	err := db.Where("field <> ''").Order("id").Find(&list).Error
	return list, err
}

// Target is what routing must know of a connection.
type Target struct {
	ConnectionID int64
	EndpointID   int64
	ProductID    int64 // the product whose events it gets, 0 = the system's
	Module       string
	Name         string
	Enabled      bool
	Broken       bool // users were notified that it is broken
}

const (
	targetColumns = `
		SELECT c.id, coalesce(c.endpoint_id, c.id), c.module, c.name, c.enabled,
			h.broken_at IS NOT NULL OR l.broken_at IS NOT NULL, `
	targetFrom = `
		FROM connections c
		JOIN connection_health h ON h.connection_id = c.id
		JOIN connection_health l ON l.connection_id = coalesce(c.endpoint_id, c.id) `
	targetSelect = targetColumns + "coalesce(c.product_id, 0)" + targetFrom
)

func (t *Target) dst() []any {
	return []any{&t.ConnectionID, &t.EndpointID, &t.Module, &t.Name, &t.Enabled, &t.Broken, &t.ProductID}
}

// isTarget is the condition that the connection c gets the notifications of its owner.
const isTarget = "c.purpose = '" + string(PurposeTarget) + "'"

// SystemTargets reads the targets of the system.
func (r queries) SystemTargets(ctx context.Context) ([]Target, error) {
	var list []Target
	err := r.query(ctx, targetSelect+`
		WHERE c.product_id IS NULL
		AND c.group_id IS NULL
		AND c.user_id IS NULL
		AND c.field = ''
		AND `+isTarget+`
		ORDER BY c.id`, nil, collect(&list, (*Target).dst))
	return list, err
}

// ExceptionField begins the names of the fields of the exceptions' settings that are connections
// of the system.
const ExceptionField = "exception_"

// ExceptionTargets reads the targets of exceptions without a product: those that the settings
// name, and the other targets of the system.
func (r queries) ExceptionTargets(ctx context.Context) ([]Target, error) {
	var list []Target
	err := r.query(ctx, targetSelect+`
		WHERE c.product_id IS NULL
		AND c.group_id IS NULL
		AND c.user_id IS NULL
		AND (c.field = '' OR c.field LIKE '`+ExceptionField+`%')
		AND `+isTarget+`
		ORDER BY c.id`, nil, collect(&list, (*Target).dst))
	return list, err
}

// PeopleTarget reads the system's connection that sends email to users.
func (r queries) PeopleTarget(ctx context.Context) (Target, error) {
	var t Target
	err := r.get(ctx, targetSelect+`
		WHERE c.product_id IS NULL
		AND c.group_id IS NULL
		AND c.field = ?`, []any{FieldPeople}, t.dst()...)
	if err != nil {
		return t, notFound(err, "connection")
	}
	return t, nil
}

// FieldPeople is the field of the connection that sends email to users: its deliveries name the
// recipient. All email connections share its endpoint.
const FieldPeople = "people"

// TargetsOf reads the targets of products, by product: for each module its own, else those of its
// group.
func (r queries) TargetsOf(ctx context.Context, products []int64) (map[int64][]Target, error) {
	targets := map[int64][]Target{}
	for len(products) > 0 {
		n := min(len(products), 500)
		ids := toAny(products[:n])
		own := targetColumns + "c.product_id" + targetFrom + `
			WHERE c.product_id IN (` + placeholders(n) + `)
			AND ` + isTarget
		grouped := targetColumns + "p.id" + targetFrom + `
			JOIN products p ON p.group_id = c.group_id
			WHERE p.id IN (` + placeholders(n) + `)
			AND ` + isTarget + `
			AND (
				SELECT 1
				FROM connections own
				WHERE own.product_id = p.id
				AND own.module = c.module
				AND own.purpose = c.purpose
				LIMIT 1
			) IS NULL`
		err := r.query(ctx, own+" UNION ALL "+grouped+" ORDER BY 1", append(ids, ids...), func(rows scanner) error {
			var t Target
			if err := rows.Scan(t.dst()...); err != nil {
				return err
			}
			targets[t.ProductID] = append(targets[t.ProductID], t)
			return nil
		})
		if err != nil {
			return nil, err
		}
		products = products[n:]
	}
	return targets, nil
}

// CreateConnection saves a new connection and sets its id. Without a purpose it is a target. Its
// configuration is sealed for that id, so that seal is called before the row is complete.
func (tx *Tx) CreateConnection(c *Connection, seal func(place string) (secret.Text, error)) error {
	c.Version, c.CreatedAt, c.UpdatedAt = 1, tx.Now(), tx.Now()
	if c.Purpose == "" {
		c.Purpose = PurposeTarget
	}
	if err := tx.db(tx.Context()).Create(c).Error; err != nil {
		return err
	}
	sealed, err := seal(c.ConfigPlace())
	if err != nil {
		return err
	}
	c.Config = sealed
	if _, err := tx.exec("UPDATE connections SET config = ? WHERE id = ?", sealed, c.ID); err != nil {
		return err
	}
	_, err = tx.exec("INSERT INTO connection_health (connection_id) VALUES (?)", c.ID)
	return err
}

// SaveConnection writes a connection if its version is still the one read.
func (tx *Tx) SaveConnection(c *Connection) error {
	was := c.Version
	c.Version, c.UpdatedAt = was+1, tx.Now()
	res := tx.db(tx.Context()).Model(c).Where("version = ?", was).Select("*").
		Omit("id", "created_at", "created_by").Updates(c)
	if res.Error == nil && res.RowsAffected == 0 {
		return fault.NewOutdated("Another user changed this target in the meantime")
	}
	return res.Error
}

// DisableConnection turns a connection off for a reason that Gatecrier found.
func (tx *Tx) DisableConnection(id int64, reason string) error {
	_, err := tx.exec(`
		UPDATE connections
		SET enabled = FALSE, disabled_why = ?, version = version + 1, updated_at = ?
		WHERE id = ?
		AND enabled`, reason, micro(tx.Now()), id)
	if err != nil {
		return err
	}
	return tx.CancelWaiting(id, reason)
}

// KeepsWaiting reports whether a connection is off and keeps the messages that wait. On PostgreSQL it
// locks the connection, so that it is not turned on meanwhile.
func (tx *Tx) KeepsWaiting(id int64) (keeps bool, err error) {
	lock := ""
	if tx.dialect == Postgres {
		lock = " FOR SHARE"
	}
	err = tx.query(tx.Context(), "SELECT keeps_waiting FROM connections WHERE id = ?"+lock, []any{id},
		func(rows scanner) error { return rows.Scan(&keeps) })
	return keeps, err
}

// CancelWaiting cancels the waiting messages of a connection that is turned off. If it has many, they
// are canceled in parts by and by; the dispatcher sends none of them meanwhile.
func (tx *Tx) CancelWaiting(id int64, reason string) error {
	many, err := tx.RemovedInParts(tx.Context(), CancelMessages, id)
	if err != nil {
		return err
	}
	if many {
		var name string
		if err := tx.get(tx.Context(), "SELECT name FROM connections WHERE id = ?", []any{id}, &name); err != nil {
			return notFound(err, "target")
		}
		return tx.BeginRemoval(Removal{Kind: CancelMessages, SubjectID: id, Name: name, Reason: reason})
	}
	_, err = tx.exec(`
		UPDATE deliveries
		SET state = 'cancelled', reason = ?, next_at = NULL, finished_at = ?
		WHERE connection_id = ?
		AND state IN `+waitingStates, reason, micro(tx.Now()), id)
	return err
}

// DeleteConnection removes a connection with its deliveries. If it has many, they are removed in parts
// by and by, and only the connection disappears at once.
func (tx *Tx) DeleteConnection(id int64) error {
	many, err := tx.RemovedInParts(tx.Context(), RemoveConnection, id)
	if err != nil {
		return err
	}
	if many {
		return tx.hideConnection(id)
	}
	n, err := tx.exec("DELETE FROM connections WHERE id = ?", id)
	if err == nil && n == 0 {
		return fault.NewNotFound("target")
	}
	return err
}
