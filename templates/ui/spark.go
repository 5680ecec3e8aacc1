package ui

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Beat is how often something occurred in the hour that begins at a time.
type Beat struct {
	At time.Time
	N  int64
}

// sparkPath draws beats as bars of one path, 1000 by 100.
func sparkPath(beats []Beat) string {
	var b strings.Builder
	for _, bar := range sparkBars(beats) {
		if bar.height > 0 {
			box(&b, step{x: 10 * bar.x, end: 10 * (bar.x + bar.width)}, 100-bar.height, 100)
		}
	}
	return b.String()
}

// sparkBar is a beat in percent of the picture.
type sparkBar struct {
	x, width, height float64
	title            string
}

// sparkBars scales beats so that the highest fills the height. What is not zero stays visible.
func sparkBars(beats []Beat) []sparkBar {
	most := int64(1)
	for _, b := range beats {
		most = max(most, b.N)
	}
	list := make([]sparkBar, len(beats))
	for i, b := range beats {
		width := 100 / float64(len(beats))
		list[i] = sparkBar{
			x:     float64(i)*width + width*.1,
			width: width * .8,
			title: b.At.Format("2 Jan 15:04") + ": " + Number(b.N),
		}
		if b.N > 0 {
			list[i].height = math.Max(6, 96*float64(b.N)/float64(most))
		}
	}
	return list
}

// sparkText describes the picture in words.
func sparkText(beats []Beat) string {
	var sum int64
	var most Beat
	for _, b := range beats {
		if sum += b.N; b.N > most.N {
			most = b
		}
	}
	span := fmt.Sprintf(" in the last %d hours", len(beats))
	if len(beats) > 48 {
		span = fmt.Sprintf(" in the last %d days", len(beats)/24)
	}
	if sum == 0 {
		return "None" + span
	}
	return fmt.Sprintf("%s%s; most, %s, at %s", Number(sum), span, Number(most.N), most.At.Format("2 Jan 15:04"))
}
