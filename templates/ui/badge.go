package ui

// The size of a badge, in pixels: the same in each state, so that no page moves
// when it changes.
const (
	BadgeWidth  = 88
	BadgeHeight = 20
)

// badgeFill returns a color on which white text is readable.
func badgeFill(state string) string {
	switch gateClass(state) {
	case "failed":
		return "#c4242c"
	case "passed":
		return "#1f7a45"
	}
	return "#626c7a"
}

// badgeText returns the width of the state's word, whatever the font.
func badgeText(state string) float64 {
	switch gateClass(state) {
	case "failed":
		return 33
	case "passed":
		return 42
	}
	return 29
}
