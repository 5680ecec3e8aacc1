package admin

import (
	"github.com/gin-gonic/gin"

	"gatecrier/models"
	"gatecrier/templates/page"
)

func (a *Admin) productRows(c *gin.Context, rows []models.ProductRow) ([]page.ProductRow, error) {
	targets, err := a.Store.TargetsOf(c.Request.Context(), productIDs(rows))
	if err != nil {
		return nil, err
	}
	groups, err := a.groupsOf(c, rows)
	if err != nil {
		return nil, err
	}
	list := make([]page.ProductRow, 0, len(rows))
	for _, r := range rows {
		var group groupLink
		if r.GroupID != nil {
			group = groups[*r.GroupID]
		}
		list = append(list, page.ProductRow{
			Group:      group.name,
			GroupHref:  group.href,
			ID:         r.ID,
			Name:       r.Name,
			Gate:       string(r.Default.Gate),
			Why:        shortGateReason(r.Default),
			Since:      a.inUserZone(c, r.Default.Since),
			Counts:     uiCounts(r.Default.Counts),
			LastReport: a.inUserZone(c, r.LastReportAt),
			StaleSince: a.inUserZone(c, r.Default.StaleSince),
			Targets:    len(targets[r.ID]),
		})
	}
	return list, nil
}

// groupLink is the name of a group, and the path of its products for users who can see it.
type groupLink struct{ name, href string }

// groupsOf returns the groups of products by id.
func (a *Admin) groupsOf(c *gin.Context, rows []models.ProductRow) (map[int64]groupLink, error) {
	var ids []int64
	for _, r := range rows {
		if r.GroupID != nil {
			ids = append(ids, *r.GroupID)
		}
	}
	if len(ids) == 0 {
		return nil, nil //nolint:nilnil // a nil map can be read
	}
	links := map[int64]groupLink{}
	names, err := a.Store.GroupNames(c.Request.Context(), ids)
	if err != nil {
		return nil, err
	}
	for id, name := range names {
		links[id] = groupLink{name: name}
	}
	seen, err := a.Products.Groups(c.Request.Context(), actorOf(c), models.GroupFilter{Limit: maxGroups})
	for _, g := range seen {
		if _, here := links[g.ID]; here {
			links[g.ID] = groupLink{g.Name, link("/products", "group", formatInt(g.ID))}
		}
	}
	return links, err
}
