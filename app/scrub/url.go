package scrub

import "strings"

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
func (f *finder) userInfo(_, at int) {
	end := f.run(at, maxAuthority, func(c byte) bool { return !isSpace(c) && strings.IndexByte("\"'`<>", c) < 0 })
	all := f.text[at:end]
	part := all
	if i := strings.IndexAny(all, "/?#"); i >= 0 {
		part = all[:i]
	}
	host := strings.LastIndexByte(part, '@')
	if host < 0 { // a password with a slash, unless what looks like one is a port
		name := strings.IndexByte(part, ':')
		if name < 0 || name+1 == len(part) || strings.Trim(part[name+1:], "0123456789") == "" || part[0] == '[' {
			return
		}
		if host = strings.LastIndexByte(all, '@'); host < 0 {
			return
		}
	}
	f.hideUser(at, at+host, ":")
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
