package product

import (
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/visible"
	"gatecrier/models"
)

// unavailable is what a user reads of a name that something they cannot see has.
const unavailable = "This name is not available. Choose another one"

// keepName returns the name of something after an edit: the one that it has if the other is a form of it.
func keepName(was, name string) string {
	if visible.Name(was) == name {
		return was
	}
	return name
}

// taken says how to find out what has a name.
type taken struct {
	check func(name string, id int64) error                   // the error of a name that another one has
	sees  func(scope models.Scope, name string) (bool, error) // whether a scope has what has the name
}

func productName(tx *models.Tx) taken { return taken{tx.CheckProductName, tx.SeesProductNamed} }

func groupName(tx *models.Tx) taken { return taken{tx.CheckGroupName, tx.SeesGroupNamed} }

// join returns the errors of the fields of a product or a group, and that of its name if another one has it.
func (t taken) join(actor authz.Actor, invalid error, name string, id int64) error {
	if hasField(invalid, "name") {
		return invalid
	}
	return fault.Join(invalid, hideTaken(actor, name, t.check(name, id), t.sees))
}

func hasField(err error, name string) bool { return fault.Fields(fault.FieldsOf(err)).Has(name) }

// hideTaken replaces the reason why a name was refused unless the actor can see what has it: names are unique,
// but what exists is for those who can view it.
func hideTaken(
	actor authz.Actor, name string, err error, sees func(models.Scope, string) (bool, error),
) error {
	if !fault.Is(err, fault.Invalid) {
		return err
	}
	fields := fault.FieldsOf(err)
	if len(fields) != 1 || fields[0].Name != "name" {
		return err
	}
	if seen, lookErr := sees(actor.Scope(), name); lookErr != nil || seen {
		if lookErr != nil {
			return lookErr
		}
		return err
	}
	return fault.BadField("name", unavailable)
}
