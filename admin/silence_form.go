package admin

import (
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/silence"
	"gatecrier/models"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// The scopes of a silence, as its form names them.
const (
	ofProduct = "product"
	ofGroup   = "group"
	ofAll     = "all"
)

// silenceLengths are the choices of the form. The last one is a time.
var silenceLengths = []ui.Option{
	{Value: "1h", Label: "1 hour"},
	{Value: "4h", Label: "4 hours"},
	{Value: "24h", Label: "1 day"},
	{Value: "168h", Label: "1 week"},
	{Value: "", Label: "Until a time"},
}

const usualLength = "4h"

// maxNames bounds the product names that the form suggests.
const maxNames = 200

// silenceInput is a form for a silence as it was sent.
type silenceInput struct {
	draft                          silence.Draft
	of, product, group             string
	starts, length, until, unknown string
	zone                           *time.Location
	note                           string // about the times; "" = nothing
}

// silenceInput reads a form. It returns the errors in its times by field.
func (a *Admin) silenceInput(c *gin.Context, get func(string) string) (silenceInput, fault.Fields) {
	var fieldErrs fault.Fields
	in := silenceInput{
		draft:   silence.Draft{Type: get("type"), Text: get("text"), Reason: get("reason")},
		of:      get("of"),
		product: strings.TrimSpace(get("product")),
		group:   get("group"),
		starts:  get("starts"),
		length:  get("for"),
		until:   get("until"),
		zone:    a.zoneOr(c, get(zoneField)),
	}
	from := a.Store.Now()
	if in.starts != "" {
		if at := in.time(in.starts, "starts_at", &fieldErrs); !at.IsZero() {
			in.draft.StartsAt, from = at, at
		}
	}
	if in.length != "" {
		span, err := time.ParseDuration(in.length)
		if err != nil {
			fieldErrs.Add("ends_at", "Choose one of the options")
		}
		in.draft.EndsAt = from.Add(span)
	} else if in.until != "" {
		in.draft.EndsAt = in.time(in.until, "ends_at", &fieldErrs)
	}
	return in, fieldErrs
}

// time reads one of the times. It adds an error for the field if the text is none.
func (in *silenceInput) time(text, field string, fieldErrs *fault.Fields) time.Time {
	typed := readTime(text, in.zone)
	if typed.Problem != "" {
		fieldErrs.Add(field, typed.Problem)
	}
	in.note = strings.TrimSpace(in.note + " " + typed.Note)
	return typed.At
}

// resolveScope finds the product or the group that the form names, and adds to fieldErrs what is
// missing or unknown.
func (a *Admin) resolveScope(c *gin.Context, in *silenceInput, fieldErrs *fault.Fields) error {
	switch in.of {
	case ofAll:
	case ofGroup:
		if in.draft.GroupID = idOf(in.group); in.draft.GroupID < 1 {
			fieldErrs.Add("group_id", "Choose a group")
		}
	default:
		if in.product == "" {
			fieldErrs.Add("product_id", "Choose a product")
			return nil
		}
		rows, err := a.Store.Products(c.Request.Context(), actorOf(c).Scope(), models.ProductFilter{
			Name: in.product, Limit: 1,
		})
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			fieldErrs.Add("product_id", "No product with this name exists, or you do not have access")
			return nil
		}
		in.draft.ProductID = rows[0].ID
	}
	return nil
}

// silenceForm returns the form with its choices, with what was sent and the errors if there are
// any.
func (a *Admin) silenceForm(c *gin.Context, in silenceInput, errs map[string]string) page.SilenceForm {
	if in.zone == nil { // the form was not sent
		in.zone = a.userZone(c)
	}
	f := page.SilenceForm{
		Product: in.product,
		Text:    in.draft.Text,
		Reason:  in.draft.Reason,
		Starts:  in.starts,
		Until:   in.until,
		Note:    in.unknown,
		Errors:  errs,
		Zone:    a.uiZone(in.zone, in.draft.EndsAt),
		Types:   []ui.Option{{Label: everyType, Checked: in.draft.Type == ""}},
	}
	f.Zone.Note = in.note
	if f.Until == "" {
		f.Until = a.Store.Now().Add(4 * time.Hour).In(in.zone).Format(localTime)
	}
	for _, t := range event.Silenceable() {
		f.Types = append(f.Types, ui.Option{
			Value: string(t), Label: silenceableTypes[t], Checked: string(t) == in.draft.Type,
		})
	}
	for _, o := range silenceLengths {
		o.Checked = o.Value == in.length
		f.For = append(f.For, o)
	}
	return f
}

// silenceScopes fills in what a new silence can be for.
func (a *Admin) silenceScopes(c *gin.Context, in silenceInput, f *page.SilenceForm) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	rows, err := a.Store.Products(ctx, actor.Scope(), models.ProductFilter{Limit: maxNames})
	if err != nil {
		return err
	}
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	may, err := authz.Among(ctx, a.Store, actor, authz.Edit, ids)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if may[r.ID] {
			f.Products = append(f.Products, r.Name)
		}
	}
	if f.Groups, err = a.groupOptions(c, idOf(in.group)); err != nil {
		return err
	}
	f.Of = []ui.Option{{Value: ofProduct, Label: "Product", Checked: in.of == ofProduct || in.of == ""}}
	if len(f.Groups) > 0 {
		f.Groups[0].Label = "Choose a group"
		f.Of = append(f.Of, ui.Option{Value: ofGroup, Label: "Product group", Checked: in.of == ofGroup})
	}
	if actor.Administrator() {
		f.Of = append(f.Of, ui.Option{
			Value:   ofAll,
			Label:   "Everything",
			Help:    "All products, and system events without a product.",
			Checked: in.of == ofAll,
		})
	}
	return nil
}
