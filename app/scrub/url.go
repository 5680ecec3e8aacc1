package scrub

import (
	"slices"
	"strings"
)

// maxAuthority bounds the part of a URL before its path, in bytes.
const maxAuthority = 1024

// findURLs finds the passwords in URLs and the paths of webhooks.
func (f *finder) findURLs() {
	f.each("//", f.userInfo)
	f.each("%2F%2F", f.encodedUserInfo)
	f.each("%2f%2f", f.encodedUserInfo)
	for _, protocol := range []string{"@tcp(", "@tcp6(", "@unix(", "@udp("} {
		f.each(protocol, f.goDSN)
	}
	for _, hook := range hooks {
		f.each(hook, f.hook)
	}
}

// each calls find with the begin and the end of each place of a word.
func (f *finder) each(word string, find func(from, to int)) {
	if !f.hasAll(word) {
		return
	}
	for at := 0; ; {
		i := strings.Index(f.text[at:], word)
		if i < 0 {
			return
		}
		find(at+i, at+i+len(word))
		at += i + len(word)
	}
}

// userInfo hides the password of "//user:password@host", and a token in the place of the user.
func (f *finder) userInfo(before, at int) {
	if at < len(f.text) && f.text[at] == '/' {
		return // neither user nor host
	}
	end := f.run(at, maxAuthority, func(c byte) bool { return !isSpace(c) && strings.IndexByte("\"'`<>", c) < 0 })
	all := f.text[at:end]
	part := all
	if i := strings.IndexAny(all, "/?#"); i >= 0 {
		part = all[:i]
	}
	host := strings.LastIndexByte(part, '@')
	name := strings.IndexByte(part, ':')
	switch {
	case host >= 0: // a password with both, unless what follows is a host
		if last := strings.LastIndexByte(all, '@'); last > host && name >= 0 && name < host &&
			!strings.ContainsAny(part[host:], ".:") && part[host:] != "@localhost" && all[last-1] != '/' {
			host = last
		}
	case name < 0, name+1 == len(part), part[0] == '[',
		strings.Trim(part[name+1:], "0123456789") == "" && !f.hasUsers(before):
		return // no password, or a port
	default: // a password with a slash
		if host = strings.LastIndexByte(all, '@'); host < 0 {
			return
		}
	}
	f.hideUser(at, at+host, ":")
}

// userSchemes are the schemes of URLs with a user more often than with a port and a path that has an @.
var userSchemes = []string{
	"postgres", "postgresql", "mysql", "mariadb", "redis", "rediss", "amqp", "amqps", "mongodb", "srv", "smtp", "smtps",
	"ftp", "sftp", "ldap", "ldaps",
}

// hasUsers reports whether the scheme that ends before a place is one with users.
func (f *finder) hasUsers(end int) bool {
	if end == 0 || f.text[end-1] != ':' {
		return false
	}
	from := end - 1
	for from > 0 && end-from < maxName && isLetter(f.text[from-1]) {
		from--
	}
	return slices.Contains(userSchemes, strings.ToLower(f.text[from:end-1]))
}

// hideUser hides the password between two places, or a user that looks like a token.
func (f *finder) hideUser(from, to int, separator string) {
	user := f.text[from:to]
	if i := strings.Index(user, separator); i >= 0 {
		f.hide(from+i+len(separator), to)
		if token := user[:i]; isRandom(token, 20) {
			f.hide(from, from+i)
		}
	} else if isRandom(user, 16) {
		f.hide(from, to)
	}
}

func (f *finder) encodedUserInfo(_, at int) {
	end := f.run(at, maxAuthority, func(c byte) bool { return isEscaped(c) && c != '/' || c == '+' })
	if host := strings.LastIndex(f.text[at:end], "%40"); host >= 0 && !strings.Contains(f.text[at:at+host], "%2F") {
		f.hideUser(at, at+host, "%3A")
	}
}

// goDSN hides the password of "user:password@tcp(host)/database".
func (f *finder) goDSN(at, _ int) {
	from := at
	for from > 0 && at-from < maxAuthority && !isSpace(f.text[from-1]) && strings.IndexByte("\"'`<>", f.text[from-1]) < 0 {
		from--
	}
	if i := strings.IndexByte(f.text[from:at], ':'); i >= 0 {
		f.hide(from+i+1, at)
	}
}

// hooks are the parts of the addresses of webhooks before the secret.
var hooks = []string{
	"hooks.slack.com/services/", "hooks.slack.com/workflows/", "hooks.slack.com/triggers/",
	"hooks.slack-gov.com/services/",
	"discord.com/api/webhooks/", "discordapp.com/api/webhooks/", "/api/v10/webhooks/", ".webhook.office.com/webhookb2/",
	"outlook.office.com/webhook/", "outlook.office365.com/webhook/", "hooks.zapier.com/hooks/catch/",
	"maker.ifttt.com/trigger/", "/api/v1/webhooks/incoming/", "open.feishu.cn/open-apis/bot/v2/hook/",
	"events.pagerduty.com/integration/", "alert.victorops.com/integrations/", "api.telegram.org/bot",
	"hooks.glip.com/webhook/", "hook.eu1.make.com/", "/hooks/",
	// This program
	"/login/reset?link=", "/login/mail?link=", "/login/undo?link=",
}

// hook hides the rest of a webhook's address.
func (f *finder) hook(from, at int) {
	end := f.run(at, maxAuthority, func(c byte) bool { return isEscaped(c) || strings.IndexByte("@?&=", c) >= 0 })
	if f.text[from:at] == "/hooks/" && !isRandom(f.text[at:end], 20) && !isMattermost(f.text[at:end]) {
		return
	}
	f.hide(at, end)
}

// isMattermost reports whether a text is the id of a webhook of Mattermost: 26 letters and digits.
func isMattermost(text string) bool {
	if len(text) < 26 || len(text) > 26 && isAlnum(text[26]) {
		return false
	}
	for i := range 26 {
		if !isLower(text[i]) && !isDigit(text[i]) {
			return false
		}
	}
	return true
}
