package models

// SeesProductNamed reports whether a scope has the product with a name.
func (tx *Tx) SeesProductNamed(scope Scope, name string) (bool, error) {
	cond, args := scope.where("p.id")
	var n int64
	err := tx.get(tx.Context(), "SELECT count(*) FROM products p WHERE p.name = ? AND "+cond,
		append([]any{name}, args...), &n)
	return n > 0, err
}

// SeesGroupNamed reports whether a scope has the product group with a name.
func (tx *Tx) SeesGroupNamed(scope Scope, name string) (bool, error) {
	cond, args := scope.whereGroup("g.id", viewing)
	var n int64
	err := tx.get(tx.Context(), "SELECT count(*) FROM product_groups g WHERE g.name = ? AND "+cond,
		append([]any{name}, args...), &n)
	return n > 0, err
}
