package delivery

import (
	"testing"

	"gatecrier/app/event"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// Each kind of target says why it gets an event, and where that is managed.
func TestOrigin(t *testing.T) {
	d := New(Parts{Store: modelstest.SQLite(t), BaseURL: func() string { return "https://g.example" }})
	id := int64(7)
	group := models.Group{Name: "Payments"}
	ann := models.User{Name: "ann"}
	err := d.store.Write(t.Context(), func(tx *models.Tx) error {
		if err := tx.CreateUser(&ann); err != nil {
			return err
		}
		return tx.CreateGroup(&group, ann.ID)
	})
	if err != nil {
		t.Fatal(err)
	}
	shop := event.Notice{Facts: []event.Fact{{Label: "Product", Value: "Shop"}}}
	const because, channel = "You get this because ", "You get this because this channel "
	for _, test := range []struct {
		name               string
		c                  models.Connection
		product, user      int64
		text, manage, page string
	}{
		{
			"product",
			models.Connection{ProductID: &id},
			7, 0,
			channel + "is a notification target of Shop", "Manage targets", "/products/7?tab=targets",
		},
		{
			"email of a product",
			models.Connection{ProductID: &id, Module: "email"},
			7, 0,
			because + "this address is a notification target of Shop", "Manage targets", "/products/7?tab=targets",
		},
		{
			"group",
			models.Connection{GroupID: &group.ID},
			7, 0,
			channel + "is a notification target of the product group Payments", "Manage targets",
			event.GroupPage(group.ID) + "?tab=targets",
		},
		{
			"user",
			models.Connection{UserID: &id},
			0, 0,
			channel + "is a connection of yours", "Manage connections", "/connections",
		},
		{
			"email about a user's connection",
			models.Connection{Field: models.FieldPeople},
			0, 3,
			because + "it is about a connection of yours", "Manage connections", "/connections",
		},
		{
			"owners",
			models.Connection{Field: models.FieldPeople},
			7, 0,
			because + "you are an owner of Shop or an administrator", "Manage members", "/products/7?tab=members",
		},
		{
			"administrators",
			models.Connection{Field: models.FieldPeople},
			0, 0,
			because + "you are an administrator", "Manage users", "/admin/users",
		},
		{
			"exceptions",
			models.Connection{Field: models.ExceptionField + "slack"},
			0, 0,
			channel + "gets the exceptions of Gatecrier", "Manage settings", "/admin/settings/exceptions",
		},
		{
			"system",
			models.Connection{},
			0, 0,
			channel + "is a connection of the system", "Manage connections", "/connections?owner=system",
		},
	} {
		n := shop
		n.UserID = test.user
		got, err := d.origin(t.Context(), test.c, models.Event{ProductID: test.product}, n)
		if err != nil || got.Text != test.text || got.Manage.Label != test.manage ||
			got.Manage.Link != "https://g.example"+test.page {
			t.Errorf("%s: %+v, %v", test.name, got, err)
		}
	}
}
