package account

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"
)

// maxPassword bounds the length of a password, in characters.
const maxPassword = 256

//go:embed common.txt
var commonText string

// common returns the passwords that attackers try first, in lower case.
var common = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(commonText) {
		set[word] = true
	}
	return set
})

// WrongPassword returns the reason why a password is not allowed for a user, "" if it is.
// minLength is in characters.
func WrongPassword(password string, minLength int, name, email string) string {
	lower := strings.ToLower(strings.TrimSpace(password))
	mailbox, _, _ := strings.Cut(email, "@")
	switch n := utf8.RuneCountInString(password); {
	case n < minLength:
		return fmt.Sprintf("At least %d characters", minLength)
	case n > maxPassword:
		return fmt.Sprintf("At most %d characters", maxPassword)
	case !utf8.ValidString(password):
		return "Enter text"
	case strings.EqualFold(lower, name),
		email != "" && strings.EqualFold(lower, email),
		mailbox != "" && strings.EqualFold(lower, mailbox):
		return "Choose a password other than your name or email address"
	case common()[lower]:
		return "This password is too common"
	}
	return ""
}
