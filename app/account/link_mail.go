package account

import (
	"crypto/rand"

	"gatecrier/app/module"
	"gatecrier/models"
)

func (s *Service) message(title, why string, l link) module.Message {
	return module.Message{
		ID:      "account_" + rand.Text(),
		Type:    module.TypeAccount,
		Version: 1,
		Time:    s.store.Now(),
		Tone:    module.TonePlain,
		Title:   title,
		Why:     why,
		Link:    l.address(s.BaseURL()),
	}
}

func (s *Service) resetMail(u models.User, l link, from string) accountMail {
	why := "Somebody at " + from + " has asked for this on the page for forgotten passwords. " +
		"The link works once, within an hour. " +
		"If it was not you, do nothing: your password stays as it is."
	return accountMail{u.ID, l.email, s.message("Choose a new password for "+u.Name, why, l)}
}

func (s *Service) inviteMail(u models.User, l link) accountMail {
	why := "An administrator has made this possible. The link works once, within three days. " +
		"You sign in as " + u.Name + "."
	return accountMail{u.ID, l.email, s.message("Choose a password for "+u.Name, why, l)}
}

func (s *Service) confirmMail(u models.User, l link) accountMail {
	why := "Confirm it within a day, and mail for this account comes here. " +
		"If you do not know of this, do nothing."
	return accountMail{u.ID, l.email, s.message("Is this the address of "+u.Name+"?", why, l)}
}
