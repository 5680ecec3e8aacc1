package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/models"
	"gatecrier/templates/ui"
)

// Badge answers with the picture of a gate's state by the token of its badge. It needs no session,
// and answers 404 to an unknown token. Unlike all other answers, pages of other hosts can embed
// the picture.
func Badge(
	state func(ctx context.Context, token string) (models.GateState, error), fail func(*gin.Context, error),
) gin.HandlerFunc {
	return func(c *gin.Context) {
		token, isPicture := strings.CutSuffix(c.Param("file"), ".svg")
		s, err := models.GateState(""), error(fault.NewNotFound("badge"))
		if isPicture {
			s, err = state(c.Request.Context(), token)
		}
		var picture bytes.Buffer
		if err == nil {
			err = ui.Badge(string(s)).Render(c.Request.Context(), &picture)
		}
		switch {
		case fault.Is(err, fault.NotFound):
			c.String(http.StatusNotFound, "There is no such badge\n")
		case err != nil:
			fail(c, err)
		default:
			c.Header("Cache-Control", "no-cache")
			c.Header("Cross-Origin-Resource-Policy", "cross-origin")
			sendTagged(c, "image/svg+xml", picture.Bytes())
		}
	}
}

// sendTagged answers with a body and its ETag, or 304 if the client has that body.
func sendTagged(c *gin.Context, contentType string, body []byte) {
	sum := sha256.Sum256(body)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	c.Header("ETag", tag)
	if HasETag(c.GetHeader("If-None-Match"), tag) {
		c.Status(http.StatusNotModified)
		return
	}
	c.Data(http.StatusOK, contentType, body)
}

// HasETag reports whether the list of an If-None-Match has an ETag.
func HasETag(list, tag string) bool {
	for known := range strings.SplitSeq(list, ",") {
		if known = strings.TrimPrefix(strings.TrimSpace(known), "W/"); known == tag || known == "*" {
			return true
		}
	}
	return false
}
