package models

import (
	"slices"
	"strings"

	"gatecrier/app/visible"
)

// inForms returns the condition that an expression with one parameter, such as "lower(?)", for a form of a name
// equals a column. Rows of earlier versions can have a name that is not composed.
func inForms(column, parameter, name string) (cond string, args []any) {
	forms := visible.Forms(name)
	list := strings.Repeat(parameter+", ", len(forms)-1) + parameter
	return column + " IN (" + list + ")", toAny(forms)
}

// bestNamed returns the row that has the best form of a name in any case, among rows that have one. ok is false
// if there is no row.
func bestNamed[T any](list []T, name string, nameOf func(T) string) (best T, ok bool) {
	for _, form := range visible.Forms(name) {
		same := func(v T) bool { return strings.EqualFold(nameOf(v), form) }
		if i := slices.IndexFunc(list, same); i >= 0 {
			return list[i], true
		}
	}
	if len(list) == 0 {
		return best, false
	}
	return list[0], true
}

// andNamed adds the condition that a row of a table has a name: the best of its forms that a row in scope has.
// alias is the table's name in the query.
func (s *sqlFragment) andNamed(table, alias, name string, inScope func(id string) (string, []any)) {
	forms := visible.Forms(name)
	if len(forms) == 1 {
		s.and(alias+".name = ?", name)
		return
	}
	named, args := inForms("best.name", "?", name)
	scoped, scopeArgs := inScope("best.id")
	order := "CASE best.name WHEN ? THEN 0 WHEN ? THEN 1 ELSE 2 END"
	args = append(append(args, scopeArgs...), forms[0], forms[1])
	s.and(alias+".name = (SELECT best.name FROM "+table+" best WHERE "+named+" AND ("+scoped+") ORDER BY "+
		order+" LIMIT 1)", args...)
}
