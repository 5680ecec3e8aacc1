package models

// Scope says which products a read may see. There is no read of product-bound
// data without one; the zero Scope sees nothing.
type Scope struct {
	all     bool
	user    int64
	product int64
}

// SystemScope sees everything. The reason is for whoever reads the call.
func SystemScope(reason string) Scope {
	_ = reason
	return Scope{all: true}
}

// MemberScope sees the products that the user has a role in that may view (all
// but upload): his own, by the product's group, or by an authorization group.
func MemberScope(userID int64) Scope { return Scope{user: userID} }

// ProductScope sees one product: that of a product's token.
func ProductScope(productID int64) Scope { return Scope{product: productID} }

// All reports whether the scope sees everything.
func (s Scope) All() bool { return s.all }

// where gives a condition on a column that holds a product's id, and its
// arguments. A scalar subquery, since SQLite would build a bloom filter over
// the whole membership for EXISTS.
func (s Scope) where(column string) (string, []any) {
	switch {
	case s.all:
		return "1 = 1", nil
	case s.product != 0:
		return column + " = ?", []any{s.product}
	case s.user != 0:
		return existsSQL(roleUnionSQL("= ?", "= "+column, viewing)), repeatArgs(4, s.user)
	}
	return "1 = 0", nil
}
