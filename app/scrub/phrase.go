package scrub

import "strings"

// maxBefore is how many bytes before a value are read for what it is of.
const maxBefore = 256

// findPhrases finds secrets that no separator follows their name: in sentences, in .netrc, on a command
// line, and hashes of passwords.
func (f *finder) findPhrases() {
	for _, word := range []string{"assword ", "ASSWORD ", "asswd ", "assphrase "} {
		f.each(word, f.phrase)
	}
	f.each(" -p", f.passwordFlag)
	f.each("jdbc:oracle:", f.oracle)
	for _, prefix := range crypts {
		f.each(prefix, f.crypt)
	}
	f.each("/feed/", f.feed)
}

// phrase hides the value of "the password is abc1", and of "password abc" in .netrc.
func (f *finder) phrase(from, at int) {
	for _, verb := range []string{"is ", "was ", "is: ", "was: "} {
		if strings.HasPrefix(f.text[at:], verb) {
			at += len(verb)
			break
		}
	}
	if strings.HasPrefix(f.text[at:], Mask) {
		return
	}
	if begin, end, ok := f.quotedValue(at); ok {
		if strings.IndexByte(f.text[begin:end], '\n') < 0 {
			f.hide(begin, end)
		}
		return
	}
	end := f.run(at, maxAuthority, func(c byte) bool { return !isSpace(c) && strings.IndexByte("\"'`<>,;", c) < 0 })
	value := strings.TrimRight(f.text[at:end], ".!?:)]")
	before := f.text[max(0, from-maxBefore):from]
	netrc := strings.Contains(before, "machine ") && strings.Contains(before, "login ")
	if netrc || isChosen(value) {
		f.hide(at, at+len(value))
	}
}

// isChosen reports whether a word looks like a password: letters with digits, with marks, or with
// capitals inside it.
func isChosen(word string) bool {
	if len(word) < 6 {
		return false
	}
	lowered := strings.ToLower(word)
	for _, known := range []string{"base64", "sha", "md5", "utf", "bcrypt", "argon2", "scrypt", "pbkdf2", "http"} {
		if strings.HasPrefix(lowered, known) {
			return false
		}
	}
	var letters, marks, inner bool
	for i := range len(word) {
		letters = letters || isLetter(word[i])
		marks = marks || isDigit(word[i]) || strings.IndexByte("!@#$%^&*+=~", word[i]) >= 0
		inner = inner || i > 0 && isUpper(word[i]) && isLower(word[i-1])
	}
	return letters && (marks || inner)
}

// passwordFlag hides the value of "mysql -phunter2" and "sshpass -p hunter2". For other programs, -p is
// a port or a path.
func (f *finder) passwordFlag(from, at int) {
	before := f.text[max(0, from-maxBefore):from]
	if i := strings.LastIndexByte(before, '\n'); i >= 0 {
		before = before[i+1:]
	}
	if strings.Contains(before, "sshpass") {
		at = f.run(at, 1, func(c byte) bool { return c == ' ' })
	} else if !strings.Contains(before, "mysql") && !strings.Contains(before, "mariadb") {
		return
	}
	if begin, end, ok := f.quotedValue(at); ok {
		f.hide(begin, end)
		return
	}
	end := f.run(at, maxAuthority, func(c byte) bool { return !isSpace(c) && strings.IndexByte("\"'`", c) < 0 })
	if value := f.text[at:end]; strings.Trim(value, "0123456789:") != "" || !strings.Contains(value, ":") {
		f.hide(at, end)
	}
}

// oracle hides the password of "jdbc:oracle:thin:user/password@host".
func (f *finder) oracle(_, at int) {
	end := f.run(at, maxAuthority, func(c byte) bool { return !isSpace(c) && strings.IndexByte("\"'`<>", c) < 0 })
	address := f.text[at:end]
	slash, host := strings.IndexByte(address, '/'), strings.IndexByte(address, '@')
	if slash < 0 || host < slash {
		return
	}
	if last := strings.LastIndexByte(address, '@'); !strings.HasPrefix(address[host:], "@//") {
		host = last
	}
	f.hide(at+slash+1, at+host)
}

// crypts begin the hashes of passwords in /etc/shadow, .htpasswd and databases.
var crypts = []string{
	"$apr1$", "$1$", "$5$", "$6$", "$y$", "$2a$", "$2b$", "$2y$", "$argon2i$", "$argon2id$", "$pbkdf2-", "$scrypt$",
}

// crypt hides a hash: its salt and the rest.
func (f *finder) crypt(_, at int) {
	end := f.run(at, maxAuthority, func(c byte) bool { return isBase64(c) || strings.IndexByte("$.,", c) >= 0 })
	if value := strings.TrimRight(f.text[at:end], ".,"); len(value) >= 20 && isRandom(value, 20) {
		f.hide(at, at+len(value))
	}
}

// feed hides the secret of a feed's address.
func (f *finder) feed(_, at int) {
	if end := f.run(at, maxAuthority, isBase64U); isRandom(f.text[at:end], 20) {
		f.hide(at, end)
	}
}
