package admin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/inbox"
	"gatecrier/models"
	"gatecrier/templates/layout"
)

// livePage is an open page that stays current: the overview, a product, or one without a mark.
type livePage struct {
	page inbox.Page
	sent map[models.DeliveryState]int // deliveries of the last day, counted with each timed mark
}

const (
	liveOverview = "overview"
	liveProduct  = "product-"
)

// liveOf reads the page of a stream's address.
func liveOf(text string) (*livePage, error) {
	if text == "" {
		return &livePage{}, nil
	}
	if text == liveOverview {
		return &livePage{page: inbox.Page{Overview: true}}, nil
	}
	digits, ok := strings.CutPrefix(text, liveProduct)
	id, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || id < 1 {
		return nil, fault.BadField("page", `page must be "overview", or "product-" and an id`)
	}
	return &livePage{page: inbox.Page{Product: id}}, nil
}

func (l *livePage) name() string {
	if l.page.Product != 0 {
		return liveProduct + formatInt(l.page.Product)
	}
	return liveOverview
}

// liveFrame returns the frame of a page that stays current. The page has counted the deliveries.
func (a *Admin) liveFrame(c *gin.Context, l *livePage, title string, nav layout.Nav) (layout.View, error) {
	mark, err := a.liveMark(c.Request.Context(), actorOf(c), l, false)
	v := a.frame(c, title, nav)
	v.Live = layout.Live{Page: l.name(), Mark: mark}
	return v, err
}

// liveMark returns a text that changes when the page can have changed, "" for a page without one.
// A product that the actor cannot see is a "not found" error. Only a timed mark counts deliveries:
// they can be many, and a page learns of them a little later.
func (a *Admin) liveMark(ctx context.Context, actor authz.Actor, l *livePage, timed bool) (string, error) {
	switch {
	case l.page.Product != 0:
		return a.productMark(ctx, actor, l.page.Product)
	case l.page.Overview:
		return a.overviewMark(ctx, actor, l, timed)
	}
	return "", nil
}

func (a *Admin) overviewMark(ctx context.Context, actor authz.Actor, l *livePage, timed bool) (string, error) {
	gates, err := a.Store.GateSums(ctx, actor.Scope())
	if err != nil {
		return "", err
	}
	changes, err := a.Inbox.List(ctx, actor, models.InboxFilter{Type: string(event.GateChanged), Limit: 1})
	if err != nil {
		return "", err
	}
	var newest int64
	if len(changes.Rows) > 0 {
		newest = changes.Rows[0].EventID
	}
	if timed {
		if l.sent, err = a.Store.DeliveriesSince(ctx, actor.Scope(), a.Store.Now().Add(-day)); err != nil {
			return "", err
		}
	}
	return markOf(gates, newest, l.sent)
}

func (a *Admin) productMark(ctx context.Context, actor authz.Actor, id int64) (string, error) {
	row, err := a.Products.Get(ctx, actor, id)
	if err != nil {
		return "", err
	}
	changes, err := a.Store.LastChanges(ctx, actor.Scope(), []int64{id})
	if err != nil {
		return "", err
	}
	change := changes[id]
	tally, err := a.Store.DeliveryTally(ctx, actor.Scope(), []int64{change.Announced})
	if err != nil {
		return "", err
	}
	return markOf(row, change.EventID, change.Announced, tally)
}

// markOf returns a short text that differs for other values.
func markOf(values ...any) (string, error) {
	text, err := json.Marshal(values)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), err
}

// isLiveRefresh reports whether the page's script asks for the page that the user has open.
func isLiveRefresh(c *gin.Context) bool { return c.GetHeader("Gatecrier-Refresh") != "" }
