package models

import "gatecrier/app/fault"

// CheckProductName returns a field error if another product than that with the id has the name.
func (tx *Tx) CheckProductName(name string, id int64) error {
	if taken, err := tx.nameTaken("products", name, id); err != nil || !taken {
		return err
	}
	return fault.BadField("name", "There is a product of that name already")
}

// CheckGroupName returns a field error if another product group than that with the id has the name.
func (tx *Tx) CheckGroupName(name string, id int64) error {
	if taken, err := tx.nameTaken("product_groups", name, id); err != nil || !taken {
		return err
	}
	return fault.BadField("name", "There is a group of that name already")
}

// nameTaken reports whether another row than that with the id has a form of a name. A row keeps the name that it
// has: earlier versions could give two rows forms of the same name.
func (tx *Tx) nameTaken(table, name string, id int64) (bool, error) {
	named, args := inForms("name", "?", name)
	var n, kept int64
	err := tx.get(tx.Context(), `
		SELECT count(CASE WHEN id <> ? THEN 1 END), count(CASE WHEN id = ? AND name = ? THEN 1 END)
		FROM `+table+`
		WHERE `+named, append([]any{id, id, name}, args...), &n, &kept)
	return n > 0 && kept == 0, err
}

// SeesProductNamed reports whether a scope has the product with a name.
func (tx *Tx) SeesProductNamed(scope Scope, name string) (bool, error) {
	cond := conditionOf(inForms("p.name", "?", name))
	cond.andWhere(scope.where("p.id"))
	var n int64
	err := tx.get(tx.Context(), "SELECT count(*) FROM products p WHERE "+cond.text, cond.args, &n)
	return n > 0, err
}

// SeesGroupNamed reports whether a scope has the product group with a name.
func (tx *Tx) SeesGroupNamed(scope Scope, name string) (bool, error) {
	cond := conditionOf(inForms("g.name", "?", name))
	cond.andWhere(scope.whereGroup("g.id", viewing))
	var n int64
	err := tx.get(tx.Context(), "SELECT count(*) FROM product_groups g WHERE "+cond.text, cond.args, &n)
	return n > 0, err
}
