package web

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/feed"
)

// Feed answers with a user's feed by its token. It needs no session, and answers 404 to an unknown
// token.
func Feed(
	read func(ctx context.Context, token string) ([]byte, error), fail func(*gin.Context, error),
) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Header("Referrer-Policy", "no-referrer") // the address is the secret
		token, isFeed := feed.Token(c.Param("file"))
		body, err := []byte(nil), error(fault.NewNotFound("feed"))
		if isFeed {
			body, err = read(c.Request.Context(), token)
		}
		switch {
		case fault.Is(err, fault.NotFound):
			c.String(http.StatusNotFound, "There is no such feed\n")
		case err != nil:
			fail(c, err)
		default:
			c.Header("Cache-Control", "private, no-cache")
			sendTagged(c, feed.MediaType+"; charset=utf-8", body)
		}
	}
}
