package delivery

import (
	"context"
	"strings"

	"gatecrier/app/event"
	"gatecrier/app/module"
	"gatecrier/models"
)

// mailModule is the module that sends email.
const mailModule = "email"

// origin returns why a connection gets an event, with the page where that is managed.
func (d *Dispatcher) origin(
	ctx context.Context, c models.Connection, e models.Event, n event.Notice,
) (module.Origin, error) {
	owner := c.Owner()
	because := func(why, label, page string) module.Origin {
		return module.Origin{
			Text:   "You get this because " + why,
			Manage: module.Action{Label: label, Link: d.baseURL() + page},
		}
	}
	receiver := "this channel"
	if c.Module == mailModule {
		receiver = "this address"
	}
	switch {
	case c.Field == models.FieldPeople && n.UserID != 0:
		return because("it is about a connection of yours", "Manage connections", "/connections"), nil
	case owner.UserID != 0:
		return because(receiver+" is a connection of yours", "Manage connections", "/connections"), nil
	case c.Field == models.FieldPeople && e.ProductID != 0:
		why := "you are an owner of " + productOf(n) + " or an administrator"
		return because(why, "Manage members", event.ProductPage(e.ProductID)+"?tab=members"), nil
	case c.Field == models.FieldPeople:
		return because("you are an administrator", "Manage users", "/admin/users"), nil
	case strings.HasPrefix(c.Field, models.ExceptionField):
		return because(receiver+" gets the exceptions of Gatecrier", "Manage settings", "/admin/settings/exceptions"), nil
	case owner.ProductID != 0:
		why := receiver + " is a notification target of " + productOf(n)
		return because(why, "Manage targets", event.ProductPage(owner.ProductID)+"?tab=targets"), nil
	case owner.GroupID != 0:
		names, err := d.store.GroupNames(ctx, []int64{owner.GroupID})
		group := module.Truncate(names[owner.GroupID], maxOriginName)
		why := receiver + " is a notification target of the product group " + group
		return because(why, "Manage targets", event.GroupPage(owner.GroupID)+"?tab=targets"), err
	}
	return because(receiver+" is a connection of the system", "Manage connections", "/connections?owner=system"), nil
}

// productOf returns the name of the product of a notice, shortened.
func productOf(n event.Notice) string {
	for _, f := range n.Facts {
		if f.Label == "Product" {
			return module.Truncate(f.Value, maxOriginName)
		}
	}
	return "its product"
}

// maxOriginName is how much of a name an origin has, in characters.
const maxOriginName = 60
