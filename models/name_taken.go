package models

import "gatecrier/app/fault"

// CheckProductName returns a field error if another product than that with the id has the name.
func (tx *Tx) CheckProductName(name string, id int64) error {
	var n int64
	if err := tx.get(tx.Context(), "SELECT count(*) FROM products WHERE name = ? AND id <> ?",
		[]any{name, id}, &n); err != nil {
		return err
	}
	if n > 0 {
		return fault.BadField("name", "There is a product of that name already")
	}
	return nil
}

// CheckGroupName returns a field error if another product group than that with the id has the name.
func (tx *Tx) CheckGroupName(name string, id int64) error {
	var n int64
	if err := tx.get(tx.Context(), "SELECT count(*) FROM product_groups WHERE name = ? AND id <> ?",
		[]any{name, id}, &n); err != nil {
		return err
	}
	if n > 0 {
		return fault.BadField("name", "There is a group of that name already")
	}
	return nil
}

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
