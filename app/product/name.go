package product

import (
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// unavailable is what a user reads of a name that something they cannot see has.
const unavailable = "This name is not available. Choose another one"

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
