package account

import (
	"crypto/rand"

	"gatecrier/app/module"
	"gatecrier/models"
)

// linkMail returns an email with a link, to the address of the link.
func (s *Service) linkMail(u models.User, l link, title, why string) accountMail {
	return accountMail{
		userID:  u.ID,
		to:      l.email,
		message: s.messageTo(title, why, l.address(s.BaseURL())),
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
	why := "Somebody at " + from + " has asked for this on the page for forgotten passwords. " +
		"The link works once, within an hour. " +
		"If it was not you, do nothing: your password stays as it is."
	m := s.linkMail(u, l, "Choose a new password for "+u.Name, why)
	m.public = true
	return m
}

func (s *Service) inviteMail(u models.User, l link) accountMail {
	why := "An administrator has made this possible. The link works once, within three days. " +
		"You sign in as " + u.Name + "."
	return s.linkMail(u, l, "Choose a password for "+u.Name, why)
}

func (s *Service) confirmMail(u models.User, l link) accountMail {
	why := "Confirm it within a day, and mail for this account comes here. " +
		"If you do not know of this, do nothing."
	return s.linkMail(u, l, "Is this the address of "+u.Name+"?", why)
}

// askedMail notifies the present address that another one is to replace it.
func (s *Service) askedMail(u models.User) accountMail {
	why := u.EmailPending + " becomes the address of this account when its owner confirms it. " +
		"If you did not ask for this, change your password now: that ends the request."
	m := s.messageTo("Another email address for "+u.Name, why, s.BaseURL()+"/profile/password")
	return accountMail{userID: u.ID, to: u.Email, message: m, lasts: emailTime}
}

// attackMail notifies a user of many failed sign-ins.
func (s *Service) attackMail(u models.User) accountMail {
	why := "Many tries to sign in as " + u.Name + " have failed within a day. Networks and devices that you signed " +
		"in from before are not affected. Use a password that you use nowhere else; if you cannot sign in, " +
		"ask for a link on the page for forgotten passwords."
	m := s.messageTo("Many failed sign-ins to your account", why, s.BaseURL()+"/profile")
	return accountMail{userID: u.ID, to: u.Email, message: m, lasts: noticeEvery, public: true}
}

// undoMail notifies the old address of a change, with a link that undoes it.
func (s *Service) undoMail(u models.User, l link) accountMail {
	why := "The account of " + u.Name + " does not use this address any more. " +
		"If you did not change it, the link undoes the change within 7 days: " +
		"it restores this address, ends all sessions, and lets you choose a new password."
	return s.linkMail(u, l, "The email address of "+u.Name+" has changed", why)
}

// movedMail notifies an address that cannot undo the change; how says what else can be done.
func (s *Service) movedMail(u models.User, old, how string) accountMail {
	why := "The account of " + u.Name + " does not use this address any more. " + how
	m := s.messageTo("The email address of "+u.Name+" has changed", why, s.BaseURL()+"/login")
	return accountMail{userID: u.ID, to: old, message: m, lasts: MaxMailTime}
}
