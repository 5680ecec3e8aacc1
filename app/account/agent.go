package account

import "strings"

// agentPart is a part of a User-Agent and the name that it stands for.
type agentPart struct{ part, name string }

// The order matters: many browsers claim to be others too.
var (
	browsers = []agentPart{
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
	systems = []agentPart{
		{"Android", "Android"},
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"Windows", "Windows"},
		{"Mac OS X", "macOS"},
		{"CrOS", "ChromeOS"},
		{"Linux", "Linux"},
	}
)

// Browser returns the name of a User-Agent: "Firefox on Linux".
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

func firstMatch(parts []agentPart, agent string) string {
	for _, p := range parts {
		if strings.Contains(agent, p.part) {
			return p.name
		}
	}
	return ""
}
