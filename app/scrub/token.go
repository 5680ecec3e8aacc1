package scrub

import (
	"encoding/base64"
	"strings"
)

// shape is a kind of token with a known prefix.
type shape struct {
	prefix string
	min    int             // bytes after the prefix
	is     func(byte) bool // a byte after the prefix
	random bool            // it has to look random too, since the prefix is also of other words
}

func isWord(c byte) bool    { return isAlnum(c) || c == '_' }
func isBase64U(c byte) bool { return isAlnum(c) || c == '_' || c == '-' }
func isDotted(c byte) bool  { return isBase64U(c) || c == '.' }
func isBase64(c byte) bool {
	return isAlnum(c) || c == '+' || c == '/' || c == '=' || c == '_' || c == '-'
}
func isEscaped(c byte) bool  { return isBase64(c) || c == '%' || c == '.' || c == '~' }
func isBigAlnum(c byte) bool { return isUpper(c) || isDigit(c) }

// shapes are the tokens by the first byte of their prefix.
var shapes = byFirst([]shape{
	// GitHub, GitLab
	{"ghp_", 16, isWord, false},
	{"gho_", 16, isWord, false},
	{"ghu_", 16, isWord, false},
	{"ghs_", 16, isDotted, false},
	{"ghr_", 16, isWord, false},
	{"github_pat_", 16, isWord, false},
	{"glpat-", 12, isDotted, false},
	{"gldt-", 12, isDotted, false},
	{"glrt-", 12, isDotted, false},
	{"glptt-", 12, isDotted, false},
	{"glft-", 12, isDotted, false},
	{"glsoat-", 12, isDotted, false},
	{"glcbt-", 12, isDotted, false},
	{"glagent-", 12, isDotted, false},
	{"glimt-", 12, isDotted, false},
	{"gloas-", 12, isDotted, false},
	{"glffct-", 12, isDotted, false},
	{"GR1348941", 12, isBase64U, false},
	// Slack, Discord, Atlassian, chat
	{"xoxb-", 8, isEscaped, false},
	{"xoxp-", 8, isEscaped, false},
	{"xoxa-", 8, isEscaped, false},
	{"xoxr-", 8, isEscaped, false},
	{"xoxs-", 8, isEscaped, false},
	{"xoxe-", 8, isEscaped, false},
	{"xoxe.", 8, isEscaped, false},
	{"xoxc-", 8, isEscaped, false},
	{"xoxd-", 8, isEscaped, false},
	{"xoxo-", 8, isEscaped, false},
	{"xapp-", 8, isEscaped, false},
	{"xwfp-", 8, isEscaped, false},
	{"ATATT3", 20, isBase64, false},
	{"ATCTT3", 20, isBase64, false},
	{"BBDC-", 20, isBase64, false},
	// Clouds
	{"AKIA", 12, isBigAlnum, false},
	{"ASIA", 12, isBigAlnum, false},
	{"ABIA", 12, isBigAlnum, false},
	{"ACCA", 12, isBigAlnum, false},
	{"ABSK", 40, isBase64, false},
	{"AIza", 30, isBase64U, false},
	{"GOCSPX-", 20, isBase64U, false},
	{"ya29.", 16, isDotted, false},
	{"1//0", 30, isBase64U, false},
	{"LTAI", 12, isAlnum, true},
	{"dop_v1_", 30, isHex, false},
	{"doo_v1_", 30, isHex, false},
	{"dor_v1_", 30, isHex, false},
	{"dapi", 32, isHex, false},
	{"hvs.", 20, isDotted, false},
	{"hvb.", 20, isDotted, false},
	{"hvr.", 20, isDotted, false},
	{"AGE-SECRET-KEY-1", 20, isBigAlnum, false},
	{"b3BlbnNzaC1rZXk", 20, isBase64, false},
	{"pul-", 40, isHex, false},
	{"dp.pt.", 30, isAlnum, false},
	// Money
	{"sk_live_", 10, isWord, false},
	{"sk_test_", 10, isWord, false},
	{"rk_live_", 10, isWord, false},
	{"rk_test_", 10, isWord, false},
	{"whsec_", 10, isBase64, false},
	{"sq0atp-", 16, isBase64U, false},
	{"sq0csp-", 16, isBase64U, false},
	{"shpat_", 20, isWord, false},
	{"shpca_", 20, isWord, false},
	{"shppa_", 20, isWord, false},
	{"shpss_", 20, isWord, false},
	// Packages, artificial intelligence
	{"npm_", 20, isWord, true},
	{"pypi-", 30, isBase64U, true},
	{"rubygems_", 30, isHex, false},
	{"dckr_pat_", 16, isBase64U, false},
	{"dckr_oat_", 16, isBase64U, false},
	{"HRKU-", 20, isBase64U, false},
	{"NRAK-", 20, isBase64U, false},
	{"hf_", 24, isAlnum, false},
	{"api_org_", 24, isAlnum, false},
	{"sk-ant-", 12, isBase64U, false},
	{"sk-proj-", 12, isBase64U, false},
	{"sk-svcacct-", 12, isBase64U, false},
	{"sk-or-", 16, isBase64U, true},
	{"sk-", 18, isBase64U, true},
	{"gsk_", 24, isAlnum, false},
	{"xai-", 30, isAlnum, false},
	{"r8_", 30, isAlnum, false},
	{"pplx-", 30, isAlnum, false},
	// Mail, telephony, operations
	{"SG.", 30, isDotted, false},
	{"xkeysib-", 30, isBase64U, false},
	{"xsmtpsib-", 30, isBase64U, false},
	{"key-", 32, isHex, false},
	{"SK", 32, isHex, false},
	{"PMAK-", 30, isBase64U, false},
	{"glsa_", 20, isWord, false},
	{"glc_", 30, isBase64, false},
	{"sntrys_", 20, isEscaped, false},
	{"sntryu_", 20, isEscaped, false},
	{"lin_api_", 20, isWord, false},
	{"ntn_", 30, isWord, false},
	{"figd_", 20, isBase64U, false},
	{"sbp_", 30, isWord, false},
	{"sb_secret_", 16, isWord, false},
	{"ops_eyJ", 20, isBase64U, false},
	{"fo1_", 20, isBase64U, false},
	{"tskey-", 12, isBase64U, false},
	// This program
	{"gct_", 8, isBase64U, false},
	// JSON web tokens, also encrypted or cut off
	{"eyJ", 16, isDotted, false},
})

func byFirst(list []shape) (table [256][]shape) {
	for _, s := range list {
		table[s.prefix[0]] = append(table[s.prefix[0]], s)
	}
	return table
}

// maxToken bounds a token, in bytes. Longer ones are hidden in parts.
const maxToken = 64 << 10

// findTokens finds tokens with known prefixes, and the credentials of the schemes of HTTP.
func (f *finder) findTokens() {
	beside := secretBeside(f.text)
	for i := 0; i < len(f.text); i++ {
		if !f.startsWord(i) {
			continue
		}
		if end := f.tokenAt(i); end > 0 {
			f.hide(i, end)
			i = end - 1
			continue
		}
		if from, end := f.schemeAt(i); end > 0 {
			f.hide(from, end)
			i = end - 1
			continue
		}
		if end := f.plainAt(i, beside); end > 0 {
			f.hide(i, end)
			i = end - 1
		}
	}
}

// startsWord reports whether a word can begin at a place: after no letter or digit, or after an
// escape.
func (f *finder) startsWord(i int) bool {
	if !isAlnum(f.text[i]) || i == 0 || !isAlnum(f.text[i-1]) {
		return isAlnum(f.text[i])
	}
	escape := f.has['\\'] && i >= 2 && f.text[i-2] == '\\' && strings.IndexByte("nrt", f.text[i-1]) >= 0
	percent := f.has['%'] && i >= 3 && f.text[i-3] == '%' && isHex(f.text[i-2]) && isHex(f.text[i-1])
	unicode := f.has['\\'] && i >= 6 && f.text[i-6] == '\\' && f.text[i-5] == 'u'
	bot := isDigit(f.text[i]) && i >= 3 && f.text[i-3:i] == "bot"
	return escape || percent || unicode || bot
}

// tokenAt returns the end of the token with a known prefix at a place, 0 for none.
func (f *finder) tokenAt(i int) int {
	for _, s := range shapes[f.text[i]] {
		if !strings.HasPrefix(f.text[i:], s.prefix) {
			continue
		}
		from := i + len(s.prefix)
		end := f.run(from, maxJudged, s.is)
		if end-from >= s.min && (!s.random || isRandom(f.text[from:end], s.min)) {
			return f.run(end, maxToken, s.is)
		}
	}
	return f.otherTokenAt(i)
}

// otherTokenAt returns the end of a token without a prefix: of a Telegram bot, a Discord bot, or an
// Azure client.
func (f *finder) otherTokenAt(i int) int {
	if digits := f.run(i, 12, isDigit); digits-i >= 8 && digits < len(f.text) {
		from := digits + 1
		if strings.HasPrefix(f.text[digits:], "%3A") {
			from = digits + 3
		}
		if end := f.run(from, 64, isBase64U); f.text[from-1] == ':' || from > digits+1 {
			if end-from >= 30 && isRandom(f.text[from:end], 30) {
				return end
			}
		}
	}
	if !f.has['.'] && !f.has['~'] {
		return 0
	}
	end := f.run(i, 28, isBase64U)
	if n := end - i; n >= 23 && n <= 28 && end < len(f.text) && f.text[end] == '.' {
		middle := f.run(end+1, 8, isBase64U)
		last := f.run(min(middle+1, len(f.text)), 64, isBase64U)
		if middle-end == 7 && middle < len(f.text) && f.text[middle] == '.' && last-middle > 26 {
			return last
		}
	}
	if i+6 < len(f.text) && isDigit(f.text[i+3]) && f.text[i+4:i+6] == "Q~" {
		azure := func(c byte) bool { return isDotted(c) || c == '~' }
		if end := f.run(i, 64, azure); end-i >= 34 {
			return end
		}
	}
	return 0
}

// beside are the forms of keys that have no name but occur near the id of their account.
type beside struct{ aws, twilio bool }

func secretBeside(text string) beside {
	b := beside{aws: strings.Contains(text, "AKIA") || strings.Contains(text, "ASIA") || strings.Contains(text, "LTAI")}
	for at := 0; !b.twilio; at += 2 {
		next := strings.Index(text[at:], "AC")
		if next < 0 {
			break
		}
		at += next
		f := finder{text: text}
		b.twilio = f.run(at+2, 33, isHex) == at+34
	}
	return b
}

// plainAt returns the end of a key without a name at a place, 0 for none.
func (f *finder) plainAt(i int, b beside) int {
	if b.aws && (i == 0 || !isBase64(f.text[i-1]) || f.text[i-1] == '=') {
		if end := f.run(i, 41, isBase64); end-i == 40 || end-i == 30 {
			if value := f.text[i:end]; isRandom(value, 30) && strings.ToLower(value) != value {
				return end
			}
		}
	}
	if b.twilio {
		if end := f.run(i, 33, isHex); end-i == 32 {
			return end
		}
	}
	return 0
}

// schemes are the words of HTTP before credentials, by their first byte in either case.
var schemes = byInitial("bearer", "basic", "negotiate", "ntlm", "token", "apikey", "splunk", "genieKey", "sso-key")

func byInitial(words ...string) (table [256][]string) {
	for _, word := range words {
		for _, c := range []byte{word[0], word[0] - 'a' + 'A'} {
			table[c] = append(table[c], word)
		}
	}
	return table
}

// schemeAt returns the credentials after the word of a scheme at a place, 0 for none: "Bearer abc123".
func (f *finder) schemeAt(i int) (from, end int) {
	for _, s := range schemes[f.text[i]] {
		rest := f.text[i:]
		if len(rest) < len(s)+2 || !strings.EqualFold(rest[:len(s)], s) {
			continue
		}
		from = i + len(s)
		switch {
		case rest[len(s)] == ' ':
			from++
		case strings.HasPrefix(rest[len(s):], "%20"):
			from += 3
		default:
			continue
		}
		end = f.run(from, maxToken, func(c byte) bool { return isEscaped(c) && c != '=' })
		padded := f.run(end, 3, func(c byte) bool { return c == '=' })
		if padded > end && padded < len(f.text) && isName(f.text[padded]) { // "Bearer realm=x"
			continue
		}
		end = padded
		if value := f.text[from:end]; isRandom(value, 8) && s != "basic" || s == "basic" && isBasic(value) {
			return from, end
		}
	}
	return 0, 0
}

// isBasic reports whether a value is the base64 of a name, a colon and a password.
func isBasic(value string) bool {
	plain, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(value, "="))
	return err == nil && strings.Contains(string(plain), ":") || err != nil && isRandom(value, 12)
}
