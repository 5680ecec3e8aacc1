package account

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// maxPassword bounds a password, in characters.
const maxPassword = 256

//go:embed common.txt
var commonText string

// common are passwords that are tried first by whoever guesses, in lower case.
var common = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(commonText) {
		set[word] = true
	}
	return set
})

// WrongPassword says what is wrong with a password for a user, "" for nothing.
// least is how many characters it has at least.
func WrongPassword(password string, least int, name, email string) string {
	lower := strings.ToLower(strings.TrimSpace(password))
	box, _, _ := strings.Cut(email, "@")
	switch n := utf8.RuneCountInString(password); {
	case n < least:
		return fmt.Sprintf("At least %d characters", least)
	case n > maxPassword:
		return fmt.Sprintf("At most %d characters", maxPassword)
	case !utf8.ValidString(password):
		return "This is no text"
	case strings.EqualFold(lower, name),
		email != "" && strings.EqualFold(lower, email),
		box != "" && strings.EqualFold(lower, box):
		return "Not your name or your mail address"
	case common()[lower]:
		return "This is one of the passwords that are guessed first"
	}
	return ""
}

// checkPassword is asked of every new password, by whichever way it comes.
func (s *Service) checkPassword(field, password string, u models.User) error {
	if wrong := WrongPassword(password, s.Users().PasswordMinLength, u.Name, u.Email); wrong != "" {
		return fault.BadField(field, wrong)
	}
	return nil
}
