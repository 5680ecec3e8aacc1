package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gatecrier/app/account"
	"gatecrier/app/product"
	"gatecrier/models"
)

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Create an API token of a product or of a user, and print only the token."`
}

type tokenCreateCmd struct {
	Product string `xor:"owner" required:"" help:"The product that the token belongs to. For pipelines: its role is upload unless --role names another."`
	User    string `xor:"owner" required:"" help:"The user that the token acts for. It has all of the user's rights unless --role limits them."`
	Name    string `required:"" help:"The name of the token."`
	Role    string `help:"The role: reader, upload, writer or maintainer; for a user also owner." enum:"reader,upload,writer,maintainer,owner," default:""`
	Expires string `help:"When the token expires: days from now (90d) or a time (2027-01-31T00:00:00Z). Default: never."`
}

// Run creates a token and prints it.
func (c tokenCreateCmd) Run(in *invocation) error {
	expires, err := parseExpiry(c.Expires, in.now())
	if err != nil {
		return err
	}
	return in.withAccounts(func(accounts *account.Service, store *models.Store) error {
		var text string
		var err error
		if c.Product != "" {
			role := models.Role(c.Role)
			if role == "" {
				role = models.RoleUpload
			}
			text, err = product.CreateTokenOf(in.ctx, store, c.Product,
				product.TokenDraft{Name: c.Name, Role: role, ExpiresAt: expires})
		} else {
			text, err = accounts.CreateToken(in.ctx, c.User,
				account.NewToken{Name: c.Name, Role: models.Role(c.Role), ExpiresAt: expires})
		}
		if err == nil {
			_, err = fmt.Fprintln(in.stdout, text)
		}
		return err
	})
}

// maxExpiryDays bounds the days of --expires: a hundred years.
const maxExpiryDays = 36_500

// parseExpiry parses the value of --expires: days from now, or a time. It returns zero for "".
func parseExpiry(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n <= maxExpiryDays {
			return now.AddDate(0, 0, n), nil
		}
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	return time.Time{}, errors.New("--expires: write days from now, as in 90d, or a time, as in 2027-01-31T00:00:00Z")
}
