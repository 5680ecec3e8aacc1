package account

import "strings"

// word is what a part of a User-Agent says.
type word struct{ part, says string }

// browsers and systems are looked for in this order: many claim to be others too.
var (
	browsers = []word{
		{"Edg", "Edge"},
		{"OPR/", "Opera"},
		{"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"},
		{"HeadlessChrome/", "Chromium"},
		{"CriOS/", "Chrome"},
		{"Chromium/", "Chromium"},
		{"Chrome/", "Chrome"},
		{"Safari/", "Safari"},
		{"curl/", "curl"},
		{"Go-http-client/", "a program"},
	}
	systems = []word{
		{
			"Android",
			"Android",
		},
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"Windows", "Windows"},
		{"Mac OS X", "macOS"},
		{"CrOS", "ChromeOS"},
		{"Linux", "Linux"},
	}
)

// Browser says what a User-Agent stands for: "Firefox on Linux".
func Browser(agent string) string {
	browser, system := firstMatch(browsers, agent), firstMatch(systems, agent)
	switch {
	case browser == "" && system == "":
		return "an unknown browser"
	case browser == "":
		return "a browser on " + system
	case system == "":
		return browser
	}
	return browser + " on " + system
}

func firstMatch(words []word, agent string) string {
	for _, w := range words {
		if strings.Contains(agent, w.part) {
			return w.says
		}
	}
	return ""
}
