package admin

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/account"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// passwordRoutes adds the page that changes the user's password.
func (a *Admin) passwordRoutes(r router) {
	r.get(passwordPath, a.password)
	r.post(passwordPath, a.changePassword)
}

func (a *Admin) password(c *gin.Context) error {
	return a.passwordPage(c, http.StatusOK, nil)
}

func (a *Admin) passwordPage(c *gin.Context, status int, errs map[string]string) error {
	actor := actorOf(c)
	tokens, err := a.Accounts.Tokens(c.Request.Context(), actor)
	if err != nil {
		return err
	}
	made, err := a.madeRows(c, actor, actor.User.ID)
	if err != nil {
		return err
	}
	return render(c, status, page.Password(page.PasswordView{
		Frame:     a.frame(c, "Change password", layout.NavNone),
		Forced:    actor.User.MustChangePassword,
		MinLength: a.Settings.Users().PasswordMinLength,
		Tokens:    a.keepRows(c, actor.User, tokens),
		Made:      made,
		Errors:    errs,
	}))
}

func (a *Admin) changePassword(c *gin.Context) error {
	newPassword := c.PostForm("new")
	if c.PostForm("repeat") != newPassword {
		return a.passwordPage(c, http.StatusUnprocessableEntity, map[string]string{"repeat": "The passwords do not match"})
	}
	ctx := c.Request.Context()
	keep, err := keptTokens(c)
	var (
		u     models.User
		ended string
	)
	if err == nil {
		ended, err = a.endedByPassword(c, len(keep))
	}
	if err == nil {
		change := account.PasswordChange{
			Current: c.PostForm("current"), New: newPassword, Keep: keep, Revoke: revokedMade(c),
		}
		u, err = a.Accounts.ChangePassword(ctx, actorOf(c), change)
	}
	if errs := fieldErrors(err); errs != nil {
		return a.passwordPage(c, http.StatusUnprocessableEntity, errs)
	}
	if err != nil {
		return err
	}
	// All sessions have ended, this one too: start a new one.
	err = a.Sessions.SignIn(ctx, u, a.clientOf(c))
	return a.done(c, err, "Password changed", ended, "/")
}

// endedByPassword says what the change of the user's password is about to end; kept tokens remain. It is "" for
// nothing.
func (a *Admin) endedByPassword(c *gin.Context, kept int) (string, error) {
	ctx, actor := c.Request.Context(), actorOf(c)
	open, err := a.Sessions.Open(ctx, actor)
	if err != nil {
		return "", err
	}
	tokens, err := a.Accounts.Tokens(ctx, actor)
	if err != nil {
		return "", err
	}
	feed, err := a.Feeds.State(ctx, actor)
	var texts []string
	if len(open) > 1 {
		texts = append(texts, "You have been signed out of your other sessions.")
	}
	if !feed.IsZero() {
		texts = append(texts, "Your feed is removed.")
	}
	if n := len(tokens) - kept; n > 0 {
		texts = append(texts, plural(n, "token that you did not keep is", "tokens that you did not keep are")+" revoked.")
	}
	return strings.Join(texts, " "), err
}

// keepRows returns a user's tokens for a form that asks which ones to keep. After a form was sent,
// the ticks are those of the form: none after a change of the address was undone.
func (a *Admin) keepRows(c *gin.Context, u models.User, tokens []models.Token) []page.KeepRow {
	typed := map[string]bool{}
	for _, id := range c.PostFormArray("keep") {
		typed[id] = true
	}
	sent := c.Request.Method == http.MethodPost
	rows := make([]page.KeepRow, len(tokens))
	for i, t := range tokens {
		rows[i] = page.KeepRow{TokenRow: a.tokenRow(c, t), Keep: !account.Suspect(u, t)}
		if sent {
			rows[i].Keep = typed[strconv.FormatInt(t.ID, 10)]
		}
	}
	return rows
}

// madeRows returns the credentials of products that a user has created lately and the actor can revoke.
// After a form was sent, the ticks are those of the form.
func (a *Admin) madeRows(c *gin.Context, actor authz.Actor, userID int64) ([]page.MadeRow, error) {
	list, err := a.Accounts.Made(c.Request.Context(), actor, userID)
	if err != nil {
		return nil, err
	}
	rows := make([]page.MadeRow, len(list))
	for i, m := range list {
		rows[i] = page.MadeRow{
			Ref:     m.Ref(),
			Name:    m.Name,
			Product: m.Product,
			Role:    string(m.Role),
			Hint:    m.Hint,
			Created: a.inUserZone(c, m.CreatedAt),
			Keep:    !slices.Contains(revokedMade(c), m.Ref()),
		}
	}
	return rows, nil
}

// revokedMade returns the references of the credentials that a form lists and does not keep.
func revokedMade(c *gin.Context) []string {
	kept := c.PostFormArray("keep_made")
	return slices.DeleteFunc(c.PostFormArray("made"), func(ref string) bool { return slices.Contains(kept, ref) })
}

// keptTokens returns the ids of the tokens that a form keeps.
func keptTokens(c *gin.Context) ([]int64, error) {
	ids, err := idsOf(c.PostFormArray("keep"))
	if err != nil {
		return nil, fault.BadField("keep_tokens", "Invalid token IDs. Reload the page and try again")
	}
	return ids, nil
}
