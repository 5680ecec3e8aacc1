package event

import (
	"cmp"
	"strconv"

	"gatecrier/models"
)

// ProductPage returns the path of a product's page.
func ProductPage(id int64) string { return "/products/" + strconv.FormatInt(id, 10) }

// GroupPage returns the path of a product group's page.
func GroupPage(id int64) string { return "/groups/" + strconv.FormatInt(id, 10) }

// ChangePage returns the path of a gate change in the history of its product. of is the change that
// the event announces: one that was on hold is another event. It is zero if that is not known.
func ChangePage(e models.Event, of models.Announcement) string {
	change := cmp.Or(of.Change, e.ID)
	return ProductPage(e.ProductID) + "?before=" + strconv.FormatInt(change+1, 10) +
		"&tab=history#change-" + strconv.FormatInt(change, 10)
}
