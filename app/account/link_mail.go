package account

import (
	"crypto/rand"

	"gatecrier/app/module"
	"gatecrier/models"
)

// linkMail returns an email with a link that has a label, to the address of the link.
func (s *Service) linkMail(u models.User, l link, label, title, why string) accountMail {
	m := s.messageTo(title, why, l.address(s.BaseURL()))
	m.Actions = []module.Action{{Label: label, Link: m.Link}}
	return accountMail{
		userID:  u.ID,
		to:      l.email,
		message: m,
		lasts:   l.lasts,
		link:    tokenHash(l.text),
	}
}

func (s *Service) messageTo(title, why, address string) module.Message {
	return module.Message{
		ID:      "account_" + rand.Text(),
		Type:    module.TypeAccount,
		Version: 1,
		Time:    s.store.Now(),
		Tone:    module.TonePlain,
		Title:   title,
		Why:     why,
		Link:    address,
	}
}

func (s *Service) resetMail(u models.User, l link, from string) accountMail {
	why := "A password reset was requested from " + from + ". " +
		"The link works once, for one hour. " +
		"If you did not request it, ignore this email: your password does not change."
	m := s.linkMail(u, l, "Choose password", "Choose a new password for "+u.Name, why)
	m.public = true
	return m
}

// inviteMail is sent to a user after an administrator has created the account or, with reset, has reset its
// password.
func (s *Service) inviteMail(u models.User, l link, reset bool) accountMail {
	did := "An administrator created this account for you. "
	if reset {
		did = "An administrator reset the password of this account. "
	}
	why := did + "The link works once, for three days. You sign in as " + u.Name + "."
	return s.linkMail(u, l, "Choose password", "Choose a password for "+u.Name, why)
}

func (s *Service) confirmMail(u models.User, l link) accountMail {
	why := "Confirm this address within 24 hours. Emails of the account are then sent here. " +
		"If you did not request this, ignore this email."
	return s.linkMail(u, l, "Confirm address", "Confirm the email address of "+u.Name, why)
}

// askedMail notifies the present address that another one is to replace it.
func (s *Service) askedMail(u models.User) accountMail {
	why := u.EmailPending + " becomes the address of this account when it is confirmed. " +
		"If you did not request this, change your password now: that cancels the change."
	m := s.messageTo("A new email address was requested for "+u.Name, why, s.BaseURL()+"/profile/password")
	return accountMail{userID: u.ID, to: u.Email, message: m, lasts: emailTime}
}

// attackMail notifies a user of many failed sign-ins.
func (s *Service) attackMail(u models.User) accountMail {
	why := "Many attempts to sign in as " + u.Name + " have failed within a day. Networks and devices that you signed " +
		"in from before are not affected. Use a password that you use nowhere else; if you cannot sign in, " +
		"request a link on the page for forgotten passwords."
	m := s.messageTo("Many failed sign-ins to your account", why, s.BaseURL()+"/profile")
	return accountMail{userID: u.ID, to: u.Email, message: m, lasts: noticeEvery, public: true}
}

// undoMail notifies the old address of a change, with a link that undoes it.
func (s *Service) undoMail(u models.User, l link) accountMail {
	why := "The account of " + u.Name + " no longer uses this address. " +
		"If you did not change it, the link undoes the change within 7 days: " +
		"it restores this address, signs out all sessions, and lets you choose a new password."
	return s.linkMail(u, l, "Undo change", "The email address of "+u.Name+" has changed", why)
}

// movedMail notifies an address that cannot undo the change; how says what else can be done.
func (s *Service) movedMail(u models.User, old, how string) accountMail {
	why := "The account of " + u.Name + " no longer uses this address. " + how
	m := s.messageTo("The email address of "+u.Name+" has changed", why, s.BaseURL()+"/login")
	return accountMail{userID: u.ID, to: old, message: m, lasts: MaxMailTime}
}
