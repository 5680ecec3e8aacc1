package models

// Scope limits a read to the products that its caller can see. Every read of data that
// belongs to products takes one; the zero Scope sees nothing.
//
// Each where method below returns the condition of one kind of list, with its arguments.
// role_sql.go draws the sources of a right that they ask for.
type Scope struct {
	all     bool
	user    int64
	product int64
}

// SystemScope sees everything. The reason is documentation for readers of the call.
func SystemScope(reason string) Scope {
	_ = reason
	return Scope{all: true}
}

// MemberScope sees the products in which the user has a role that can view (every role but
// upload): their own role, one by the product's group, or one by an authorization group.
func MemberScope(userID int64) Scope { return Scope{user: userID} }

// ProductScope sees one product: that of a product's token.
func ProductScope(productID int64) Scope { return Scope{product: productID} }

// All reports whether the scope sees everything.
func (s Scope) All() bool { return s.all }

// where returns the condition on a column that holds a product's id.
func (s Scope) where(column string) (string, []any) {
	switch {
	case s.all:
		return "1 = 1", nil
	case s.product != 0:
		return column + " = ?", []any{s.product}
	case s.user != 0:
		return existsSQL(roleUnionSQL("= ?", "= "+column, viewing)), repeatArgs(roleSelects, s.user)
	}
	return "1 = 0", nil
}

// whereAmong is where for a list that reads all products in scope: the scope's products are read
// once, and not each row's roles.
func (s Scope) whereAmong(column string) (string, []any) {
	if s.all || s.product != 0 || s.user == 0 {
		return s.where(column)
	}
	return column + " IN (SELECT vis.product_id FROM (" + roleUnionSQL("= ?", "", viewing) + ") vis)",
		repeatArgs(roleSelects, s.user)
}

// whereGroup returns the condition on a column that holds a product group's id: the user
// has a role in the group that meets the condition role.
func (s Scope) whereGroup(column, role string) (string, []any) {
	switch {
	case s.all:
		return "1 = 1", nil
	case s.user != 0:
		return existsSQL(groupRoleUnionSQL("= ?", "= "+column, role)), repeatArgs(groupRoleSelects, s.user)
	}
	return "1 = 0", nil
}

// whereSilence returns the condition on the silence s: it belongs to a product or a group
// that the scope can view. Only a scope that sees everything sees the silences of all
// products.
func (s Scope) whereSilence() (string, []any) {
	if s.all {
		return "1 = 1", nil
	}
	product, args := s.where("s.product_id")
	group, groupArgs := s.whereGroup("s.group_id", viewing)
	cond := "(s.product_id IS NOT NULL AND " + product + " OR s.group_id IS NOT NULL AND " + group + ")"
	return cond, append(args, groupArgs...)
}

// whereDelivery returns the condition on the delivery d. Besides the deliveries of their
// products, a user sees those to their own connections, and the tests of the connections of
// groups that they can edit.
func (s Scope) whereDelivery() (string, []any) {
	cond, args := s.where("d.product_id")
	if s.user == 0 {
		return cond, args
	}
	cond = "(" + cond + ` OR d.connection_id IN (
		SELECT o.id
		FROM connections o
		WHERE o.user_id = ?
		UNION ALL
		SELECT o.id
		FROM (` + groupRoleUnionSQL("= ?", "> 0", editing) + `) w
		JOIN connections o ON o.group_id = w.group_id
		WHERE d.product_id IS NULL
	))`
	return cond, append(args, repeatArgs(1+groupRoleSelects, s.user)...)
}

// whereConnection returns the condition on a row of connections. Besides the connections of
// their products, a user sees their own, and those of groups that they can view.
func (s Scope) whereConnection() (string, []any) {
	cond, args := s.where("connections.product_id")
	if s.user == 0 {
		return cond, args
	}
	group := existsSQL(groupRoleUnionSQL("= ?", "= connections.group_id", viewing))
	cond = "(" + cond + " OR connections.user_id = ? OR " + group + ")"
	return cond, append(args, repeatArgs(1+groupRoleSelects, s.user)...)
}

// editableConnection returns the condition that a user can edit the connection c: it is
// their own, or of a product or a group that they can edit. Administrators edit all but
// those of other users.
func editableConnection(userID int64, administrator bool) (string, []any) {
	if administrator {
		return "(c.user_id IS NULL OR c.user_id = ?)", []any{userID}
	}
	product := existsSQL(roleUnionSQL("= ?", "= c.product_id", editing))
	group := existsSQL(groupRoleUnionSQL("= ?", "= c.group_id", editing))
	cond := "(c.user_id = ? OR " + product + " OR " + group + ")"
	return cond, repeatArgs(1+roleSelects+groupRoleSelects, userID)
}

// Viewer is a user who reads an inbox. Administrators see every notification, other users
// those of the products that they can view, and those for them alone.
type Viewer struct {
	UserID        int64
	Administrator bool
}

// where returns the condition on the notification n.
func (v Viewer) where() (string, []any) {
	if v.Administrator {
		return "1 = 1", nil
	}
	cond, args := MemberScope(v.UserID).where("n.product_id")
	return "(" + cond + " OR n.user_id = ?)", append(args, v.UserID)
}
