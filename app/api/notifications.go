package api

import (
	"context"
	"encoding/base64"
	"net/http"
	"strconv"
	"time"

	"gatecrier/app/fault"
	"gatecrier/app/inbox"
	"gatecrier/models"
)

type notificationBody struct {
	ID       int64            `json:"id"`
	Type     string           `json:"type"`
	Name     string           `json:"name"`
	Message  string           `json:"message"`
	Product  *named           `json:"product"`
	Severity *models.Severity `json:"severity" doc:"The worst severity of the observations that it is about; null: none"`
	Created  time.Time        `json:"created"`
	Viewed   bool             `json:"viewed"`
	Archived bool             `json:"archived"`
	// Snoozed is when it comes back to the inbox.
	Snoozed time.Time `json:"snoozed_until,omitzero" doc:"When it comes back to your inbox; a time in the past: it is back on top until you mark it"`
	// Silence is the silence that held its messages back, 0 for none.
	Silence int64 `json:"silence_id,omitempty" doc:"The silence that silenced its messages"`
	// Delivery counts the deliveries of its event by state.
	Delivery map[models.DeliveryState]int `json:"delivery"`
}

type named struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

func notificationOf(n models.Notification) notificationBody {
	b := notificationBody{
		ID:       n.EventID,
		Type:     n.Type,
		Name:     n.Name,
		Message:  n.Message,
		Severity: n.Severity,
		Created:  n.At,
		Viewed:   n.Viewed,
		Archived: n.Archived,
		Snoozed:  n.SnoozedUntil,
		Silence:  n.SilenceID,
	}
	if n.ProductID != 0 {
		b.Product = &named{n.ProductID, n.Product}
	}
	return b
}

// InboxFilter filters an inbox, in a query or in a body.
type InboxFilter struct {
	Unread   string    `query:"unread" json:"unread,omitempty" required:"false" enum:"true,false"`
	Archived string    `query:"archived" json:"archived,omitempty" required:"false" enum:"true,false" doc:"true: your archive instead of your inbox"`
	Snoozed  string    `query:"snoozed" json:"snoozed,omitempty" required:"false" enum:"true,false" doc:"true: what you have snoozed instead of your inbox"`
	Type     string    `query:"type" json:"type,omitempty" required:"false" maxLength:"100" doc:"gate.changed, or a family: gate"`
	Product  int64     `query:"product" json:"product,omitempty" required:"false" minimum:"0"`
	Group    int64     `query:"group" json:"group,omitempty" required:"false" minimum:"0" doc:"Only of these products"`
	Severity string    `query:"severity" json:"severity,omitempty" required:"false" enum:"critical,high,medium,low,none,unknown" doc:"This severity or worse"`
	Since    time.Time `query:"since" json:"since,omitzero" required:"false"`
	Until    time.Time `query:"until" json:"until,omitzero" required:"false"`
	Q        string    `query:"q" json:"q,omitempty" required:"false" maxLength:"200" doc:"Part of the name, message or product"`
}

func (in InboxFilter) filter() (models.InboxFilter, error) {
	f := models.InboxFilter{
		Unread:    in.Unread == "true",
		Archived:  in.Archived == "true",
		Snoozed:   in.Snoozed == "true",
		Type:      in.Type,
		ProductID: in.Product,
		GroupID:   in.Group,
		Since:     in.Since,
		Until:     in.Until,
		Text:      in.Q,
	}
	if in.Severity != "" {
		s, err := severityOf(in.Severity)
		if err != nil {
			return f, err
		}
		f.Severity = &s
	}
	if !f.Since.IsZero() && !f.Until.IsZero() && f.Until.Before(f.Since) {
		return f, fault.BadField("until", "Must not be before since")
	}
	return f, nil
}

type inboxInput struct {
	Page
	InboxFilter
}

type markInput struct {
	Body Selection
}

type snoozeInput struct {
	Body struct {
		Selection

		Until time.Time `json:"until" doc:"When they come back: within a year"`
	}
}

// Selection selects notifications by their ids or by a filter.
type Selection struct {
	IDs    []int64      `json:"ids,omitempty" maxItems:"250"`
	UpTo   int64        `json:"up_to,omitempty" doc:"Instead of ids: all notifications up to this one"`
	Filter *InboxFilter `json:"filter,omitempty" doc:"With up_to: only those that the filter matches, at most 10000"`
}

type inboxAnswer struct {
	Body struct {
		Items      []notificationBody `json:"items"`
		NextCursor string             `json:"next_cursor,omitempty" doc:"Absent on the last page"`
		Searched   bool               `json:"searched_in_part,omitempty" doc:"The search stopped before the page was full: continue with next_cursor"`
	}
}

func (a *API) notifications() {
	register(a, onGet("/notifications", "list-notifications"),
		"List your inbox, newest first",
		a.inboxPage)
	register(a, onGet("/notifications/count", "count-notifications"),
		"Count your unread notifications, up to 1000, and those that a filter matches, up to 10000",
		a.inboxCount)
	register(a, onGet("/notifications/{id}", "get-notification"),
		"Get a notification",
		func(ctx context.Context, in *IDPath) (*struct{ Body notificationBody }, error) {
			n, err := a.Inbox.Get(ctx, actorOf(ctx), in.ID)
			return &struct{ Body notificationBody }{notificationOf(n)}, err
		})
	a.marks()
	register(a, onPost("/notifications/delete", "delete-notifications", http.StatusNoContent),
		"Delete notifications for all users, as an owner of their products",
		func(ctx context.Context, in *markInput) (*struct{}, error) {
			return nil, a.deleteNotifications(ctx, in.Body)
		})
	register(a, onDelete("/notifications/{id}", "delete-notification"),
		"Delete a notification for all users, as an owner of its product",
		func(ctx context.Context, in *IDPath) (*struct{}, error) {
			return nil, a.Inbox.Delete(ctx, actorOf(ctx), []int64{in.ID})
		})
}

// marks adds an operation for each mark that a user puts on notifications.
func (a *API) marks() {
	for _, m := range []struct {
		as          models.MarkAs
		id, summary string
	}{
		{models.MarkViewed, "mark-viewed", "Mark notifications as read (only for you)"},
		{models.MarkUnviewed, "mark-unviewed", "Mark notifications as unread (only for you)"},
		{
			models.MarkArchived,
			"archive-notifications",
			"Archive notifications (only for you). They are read, and no longer in the inbox",
		},
		{models.MarkUnarchived, "unarchive-notifications", "Move notifications back to your inbox"},
		{
			models.MarkUnsnoozed,
			"unsnooze-notifications",
			"End the snooze of notifications: they are in your inbox again, unread",
		},
	} {
		register(a, onPost("/notifications/"+string(m.as), m.id, http.StatusOK),
			m.summary,
			func(ctx context.Context, in *markInput) (*stepAnswer, error) {
				return stepAnswerOf(a.mark(ctx, in.Body, models.Marking{As: m.as}))
			})
	}
	register(a, onPost("/notifications/snoozed", "snooze-notifications", http.StatusOK),
		"Snooze notifications: they leave your inbox, and come back unread at a time (only for you)",
		func(ctx context.Context, in *snoozeInput) (*stepAnswer, error) {
			m := models.Marking{As: models.MarkSnoozed, Until: in.Body.Until}
			return stepAnswerOf(a.mark(ctx, in.Body.Selection, m))
		})
	register(a, onPost("/notifications/undo", "undo-notifications", http.StatusOK),
		"Undo a step in your inbox",
		func(ctx context.Context, in *undoInput) (*stepAnswer, error) {
			return stepAnswerOf(a.Inbox.Undo(ctx, actorOf(ctx), in.Body.ID))
		})
}

type undoInput struct {
	Body struct {
		ID int64 `json:"id" doc:"The undo id of the answer to the step"`
	}
}

type stepAnswer struct {
	Body struct {
		Step  models.MarkAs `json:"step"`
		Count int           `json:"count" doc:"How many notifications the step has marked"`
		Until time.Time     `json:"snoozed_until,omitzero" doc:"When snoozed notifications come back"`
		Undo  int64         `json:"undo,omitempty" doc:"The id that POST /notifications/undo takes within an hour; absent: the step cannot be undone"`
	}
}

func stepAnswerOf(step inbox.Step, err error) (*stepAnswer, error) {
	if err != nil {
		return nil, err
	}
	out := &stepAnswer{}
	out.Body.Step, out.Body.Count, out.Body.Undo, out.Body.Until = step.As, step.N, step.Undo, step.Until
	return out, nil
}

// filter returns the filter of a request, a zero one if the request has none.
func (b Selection) filter() (models.InboxFilter, error) {
	if b.Filter == nil {
		return models.InboxFilter{}, nil
	}
	if len(b.IDs) > 0 {
		return models.InboxFilter{}, fault.BadField("filter", "Send either ids or a filter")
	}
	return b.Filter.filter()
}

func (a *API) mark(ctx context.Context, b Selection, m models.Marking) (inbox.Step, error) {
	f, err := b.filter()
	if err != nil {
		return inbox.Step{}, err
	}
	if b.Filter == nil && (b.UpTo == 0 || len(b.IDs) > 0) {
		return a.Inbox.Mark(ctx, actorOf(ctx), b.IDs, m)
	}
	return a.Inbox.MarkFound(ctx, actorOf(ctx), f, b.UpTo, m)
}

// deleteNotifications deletes notifications by their ids or by a filter. It refuses an empty
// filter, which would delete the whole inbox.
func (a *API) deleteNotifications(ctx context.Context, b Selection) error {
	f, err := b.filter()
	if err != nil {
		return err
	}
	if b.Filter == nil {
		return a.Inbox.Delete(ctx, actorOf(ctx), b.IDs)
	}
	if !f.IsFiltered() {
		return fault.BadField("filter", "Send at least one criterion")
	}
	_, err = a.Inbox.DeleteFound(ctx, actorOf(ctx), f, b.UpTo)
	return err
}

type unreadAnswer struct {
	Body struct {
		Unread int  `json:"unread" doc:"1000 means 1000 or more"`
		Found  *int `json:"found,omitempty" doc:"The number of matches of the filter, if one was sent"`
		More   bool `json:"more,omitempty" doc:"There are more matches than that"`
	}
}

func (a *API) inboxCount(ctx context.Context, in *InboxFilter) (*unreadAnswer, error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	out := &unreadAnswer{}
	if out.Body.Unread, err = a.Inbox.Unread(ctx, actorOf(ctx)); err != nil {
		return nil, err
	}
	if !f.IsFiltered() {
		return out, nil
	}
	found, err := a.Inbox.Count(ctx, actorOf(ctx), f)
	out.Body.Found, out.Body.More = &found.N, found.More
	return out, err
}

func (a *API) inboxPage(ctx context.Context, in *inboxInput) (*inboxAnswer, error) {
	actor := actorOf(ctx)
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	f.Limit = in.Limit + 1
	if err := seek(in.Cursor, &f.Before); err != nil {
		return nil, err
	}
	found, err := a.Inbox.List(ctx, actor, f)
	if err != nil {
		return nil, err
	}
	rows, next := found.Rows, found.Further
	if len(rows) > in.Limit {
		rows = rows[:in.Limit]
		next = rows[in.Limit-1].EventID
	}
	ids := make([]int64, len(rows))
	for i, n := range rows {
		ids[i] = n.EventID
	}
	tally, err := a.Store.DeliveryTally(ctx, actor.Scope(), ids)
	if err != nil {
		return nil, err
	}
	out := &inboxAnswer{}
	out.Body.Items = make([]notificationBody, 0, len(rows))
	for _, n := range rows {
		b := notificationOf(n)
		b.Delivery = tally[n.EventID]
		out.Body.Items = append(out.Body.Items, b)
	}
	if next != 0 {
		out.Body.NextCursor = base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(next, 10)))
		out.Body.Searched = len(rows) < in.Limit
	}
	return out, nil
}
