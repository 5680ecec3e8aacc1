package event

import (
	"strconv"
	"strings"
	"time"

	"gatecrier/app/number"
	"gatecrier/models"
)

// ExceptionsJoined is the payload of exception.summary, version 1: more exceptions notified within
// an hour than a product, or Gatecrier itself, has notifications for.
type ExceptionsJoined struct {
	Product       *Product          `json:"product"`
	Since         time.Time         `json:"since"`
	Until         time.Time         `json:"until"`
	Limit         int64             `json:"limit"`         // notifications of the hour
	Notifications int64             `json:"notifications"` // those that this one replaces
	Groups        int64             `json:"groups"`        // of different exceptions
	Exceptions    []JoinedException `json:"exceptions"`    // at most ten: those that were resolved, then the most frequent
}

// JoinedException is a group that a summary names.
type JoinedException struct {
	Group     int64                `json:"group"`
	From      models.ExceptionKind `json:"kind"`
	Class     string               `json:"class"`
	Count     int64                `json:"count"` // occurrences since its last notification
	Regressed bool                 `json:"regressed"`
}

// Kind returns exception.summary, version 1.
func (ExceptionsJoined) Kind() (Type, int) { return ExceptionSummary, 1 }

// maxSummaryClasses is how many exceptions the message of a summary names.
const maxSummaryClasses = 3

func (e ExceptionsJoined) notice() Notice {
	owner, shown := "system", gatecrier
	page := "/exceptions?product=none"
	if e.Product != nil {
		owner, shown = strconv.FormatInt(e.Product.ID, 10), e.Product.Name
		page = "/exceptions?product=" + owner
	}
	more := number.Of(int(e.Groups), "more exception", "more exceptions")
	n := Notice{
		Name:    more + " (summary)",
		Title:   more + " in " + shorten(shown, maxTitleName) + " (summary)",
		Tone:    ToneBad,
		Key:     "exceptions/" + owner,
		Page:    page,
		Message: e.message(),
		Facts: []Fact{
			{"Product", productName(e.Product)},
			{"Since", e.Since.UTC().Format("2006-01-02 15:04 UTC")},
			{"Until", e.Until.UTC().Format("2006-01-02 15:04 UTC")},
		},
	}
	if e.Product == nil {
		n.Facts = n.Facts[1:]
	} else {
		n.Actions = []Action{silence(e.Product.ID, ExceptionSummary, "")}
	}
	for _, one := range e.Exceptions {
		n.Items = append(n.Items, Item{
			Text: one.Class,
			More: one.countText(),
			Page: "/exceptions/" + strconv.FormatInt(one.Group, 10),
		})
	}
	if more := int(e.Groups) - len(e.Exceptions); more > 0 {
		n.Rest = Rest{more, page}
	}
	return n
}

// message returns how many notifications about what the summary replaces.
func (e ExceptionsJoined) message() string {
	names := make([]string, 0, maxSummaryClasses)
	for _, one := range e.Exceptions[:min(maxSummaryClasses, len(e.Exceptions))] {
		names = append(names, one.Class+" ("+one.countText()+")")
	}
	text := "More than " + number.Of(e.Limit, "notification", "notifications") + " about exceptions within an hour: " +
		"this one replaces " + strconv.FormatInt(e.Notifications, 10) + " about " +
		number.Of(int(e.Groups), "exception", "different exceptions")
	if len(names) == 0 {
		return text
	}
	return text + ", among them " + strings.Join(names, ", ")
}

func (e JoinedException) countText() string {
	text := number.Of(int(e.Count), "occurrence", "occurrences")
	if e.Regressed {
		text += ", again after it was resolved"
	}
	return text
}
