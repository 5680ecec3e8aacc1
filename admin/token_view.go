package admin

import (
	"github.com/gin-gonic/gin"

	"gatecrier/models"
	"gatecrier/templates/page"
)

// tokenRow returns a token of a user or a product as lists show it.
func (a *Admin) tokenRow(c *gin.Context, t models.Token) page.TokenRow {
	return page.TokenRow{
		ID:       t.ID,
		Name:     t.Name,
		Role:     string(t.Role),
		Hint:     t.Hint,
		Created:  a.inUserZone(c, t.CreatedAt),
		LastUsed: a.inUserZone(c, t.LastUsedAt),
		Expires:  a.inUserZone(c, t.ExpiresAt),
		Expired:  !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(a.Store.Now()),
	}
}
