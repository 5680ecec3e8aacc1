package account

import (
	"strconv"
	"time"

	"gatecrier/models"
)

// Notice is what a user is notified of by email: a way into the account that was created or changed. Its
// texts have no secrets.
type Notice struct {
	What string // begins "A", ends without a period
	Undo string // what to do if it was not the user, a sentence
	// Bounded stops emails to a user who does this often: calls with a token can repeat it without a password.
	Bounded bool
}

const (
	noticeTime    = 24 * time.Hour   // for which the email waits
	freeNotices   = 20               // bounded ones of a user, before they are slowed down
	maxNoticeWait = 30 * time.Minute // between two bounded ones
)

// FeedNotice is the notice of a new feed.
func FeedNotice() Notice {
	return Notice{
		What:    "A new feed URL of your inbox was created",
		Undo:    "Remove the feed on your profile, then change your password.",
		Bounded: true,
	}
}

// TokenNotice is the notice of a new token; product is the name of its product, "" for a token of the user.
func TokenNotice(name, product string) Notice {
	n := Notice{
		What:    "A new API token " + strconv.Quote(name) + " was created",
		Undo:    "Revoke the token on your profile, then change your password.",
		Bounded: true,
	}
	if product != "" {
		n.What = "A new API token " + strconv.Quote(name) + " of the product " + product + " was created in your name"
		n.Undo = "Revoke the token on the product's page, then change your password."
	}
	return n
}

// KeyNotice is the notice of a new ingest key of a product.
func KeyNotice(product string) Notice {
	return Notice{
		What:    "A new DSN of the product " + product + " was created in your name",
		Undo:    "Replace the DSN on the product's page, then change your password.",
		Bounded: true,
	}
}

func passwordNotice(byAdministrator bool) Notice {
	n := Notice{
		What: "The password of your account was changed",
		Undo: "Request a link on the page for forgotten passwords, and notify an administrator.",
	}
	if byAdministrator {
		n.What = "An administrator has reset the password of your account"
		n.Undo = "Ask an administrator."
	}
	return n
}

// Notify stores an email to a user in the transaction of what it is about. A user without an email address gets
// none: the audit log has the change.
func (s *Service) Notify(tx *models.Tx, u models.User, n Notice) error {
	if u.ID == 0 || u.Email == "" || !u.Active || s.Ring == nil || !s.CanSendMail() {
		return nil
	}
	if n.Bounded {
		key := "notice " + strconv.FormatInt(u.ID, 10)
		limit := models.SignInLimit{Key: key, Free: freeNotices, Max: maxNoticeWait}
		until, err := tx.TrySignIn(models.SignInTry{Limits: []models.SignInLimit{limit}})
		if err != nil || !until.IsZero() {
			return err
		}
	}
	at := requestIn(tx.Context()).address
	from := ""
	if at != "" {
		from = ", from " + at
	}
	why := n.What + " on " + tx.Now().UTC().Format("2 January 2006 at 15:04 UTC") + from + ". User: " + u.Name +
		". If this was you, there is nothing to do. If it was not you: " + n.Undo
	m := s.messageTo(n.What, why, s.BaseURL()+"/profile")
	tx.AfterCommit(s.wakeMail)
	return s.queue(tx, accountMail{userID: u.ID, to: u.Email, message: m, lasts: noticeTime})
}
