package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/inbox"
	"gatecrier/app/web"
	"gatecrier/models"
)

// inboxLiveRoutes adds the stream of the inbox and the state of its rows.
func (a *Admin) inboxLiveRoutes(r router) {
	r.get("/inbox/live", a.inboxLive)
	r.get("/inbox/state", a.inboxState)
}

// streamRetry is how soon a browser reconnects to a stream that has ended.
const streamRetry = 3 * time.Second

// liveState is what a stream reports: the inbox, and the mark of the page.
type liveState struct {
	inbox inbox.State
	mark  string
}

// inboxLive streams server-sent events: the state of the user's inbox and the mark of the page at
// once, and after each change. It checks rights and session each time, and ends with the session.
func (a *Admin) inboxLive(c *gin.Context) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	live, err := liveOf(c.Query("page"))
	if err != nil {
		return err
	}
	watch, err := a.Hub.Watch(actor.User.ID, live.page)
	if err != nil {
		return err
	}
	defer watch.Close()
	last, err := a.liveState(ctx, actor, live, true)
	if err != nil {
		return err
	}
	out := stream{c.Writer}
	out.begin()
	if err := out.sendChanges(liveState{}, last, true); err != nil || web.IsHead(ctx) {
		return nil //nolint:nilerr // the client has disconnected
	}
	for {
		woken, ok := watch.Wait(ctx)
		if !ok {
			return nil
		}
		state, err := a.currentState(ctx, actor.User.ID, live, woken.Timed)
		if err != nil {
			if !fault.Is(err, fault.NotFound) && !errors.Is(err, context.Canceled) {
				a.Log.ErrorContext(ctx, "stream changes", "error", err)
			}
			return nil
		}
		if err := out.sendChanges(last, state, woken.Marked); err != nil {
			return nil //nolint:nilerr // the client has disconnected
		}
		last = state
	}
}

// currentState returns what the user's stream reports now, or a "not found" error if the session
// has ended or the user cannot see the page any more.
func (a *Admin) currentState(ctx context.Context, user int64, live *livePage, timed bool) (liveState, error) {
	lasts, err := a.Sessions.Lasts(ctx)
	if err == nil && !lasts {
		err = fault.NewNotFound("session")
	}
	var actor authz.Actor
	if err == nil {
		actor, err = a.Accounts.Actor(ctx, user, a.Sessions.CredentialsFrom(ctx))
	}
	if err != nil {
		return liveState{}, err
	}
	return a.liveState(ctx, actor, live, timed)
}

func (a *Admin) liveState(ctx context.Context, actor authz.Actor, live *livePage, timed bool) (liveState, error) {
	var s liveState
	var err error
	if s.inbox, err = a.Inbox.State(ctx, actor); err != nil {
		return s, err
	}
	s.mark, err = a.liveMark(ctx, actor, live, timed)
	return s, err
}

// stream writes server-sent events.
type stream struct{ w gin.ResponseWriter }

func (s stream) begin() {
	h := s.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // proxies must not buffer it
	s.w.WriteHeaderNow()
}

// sendChanges sends what differs between two states, and the inbox in any case if inboxAnyway; a
// beat if that is nothing.
func (s stream) sendChanges(last, now liveState, inboxAnyway bool) error {
	quiet := true
	if inboxAnyway || now.inbox != last.inbox {
		quiet = false
		if err := s.send("inbox", now.inbox); err != nil {
			return err
		}
	}
	if now.mark != last.mark {
		quiet = false
		if err := s.send("page", now.mark); err != nil {
			return err
		}
	}
	if quiet {
		return s.beat()
	}
	return nil
}

func (s stream) send(name string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return s.write(fmt.Sprintf("retry: %d\nevent: %s\ndata: %s\n\n", streamRetry.Milliseconds(), name, text))
}

// beat writes a comment that keeps the stream alive.
func (s stream) beat() error { return s.write(":\n\n") }

func (s stream) write(text string) error {
	if _, err := s.w.WriteString(text); err != nil {
		return err
	}
	return http.NewResponseController(unwrap(s.w)).Flush()
}

// unwrap returns the writer below gin's. gin's own Flush needs an http.Flusher, and the writer of
// the sessions can only flush through Unwrap.
func unwrap(w http.ResponseWriter) http.ResponseWriter {
	if u, ok := w.(interface{ Unwrap() http.ResponseWriter }); ok {
		return u.Unwrap()
	}
	return w
}

// inboxStateAnswer is the present state of rows that a page shows, and how many have arrived since.
type inboxStateAnswer struct {
	Rows []rowState `json:"rows"` // those that still exist
	New  int        `json:"new"`  // notifications that match the filter and are newer or back from a snooze, up to maxNew
	More bool       `json:"more"` // there are more than maxNew of them
}

type rowState struct {
	ID       int64 `json:"id"`
	Viewed   bool  `json:"viewed"`
	Archived bool  `json:"archived"`
	Snoozed  bool  `json:"snoozed"`
}

// maxNew is where the count of new notifications stops.
const maxNew = 99

// inboxState answers with the present state of a page's rows. A page asks when its stream reports a
// change, or after it was disconnected.
func (a *Admin) inboxState(c *gin.Context) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	q, err := a.inboxQuery(c, c.Request.URL.Query())
	if err != nil {
		return err
	}
	ids, err := idsOf(c.QueryArray("id"))
	if err != nil {
		return err
	}
	answer := inboxStateAnswer{Rows: []rowState{}}
	if len(ids) > 0 {
		rows, err := a.Inbox.States(ctx, actor, ids)
		if err != nil {
			return err
		}
		for _, n := range rows {
			answer.Rows = append(answer.Rows, rowState{n.EventID, n.Viewed, n.Archived, n.SnoozedUntil.After(a.Store.Now())})
		}
	}
	if after, err := strconv.ParseInt(c.Query("after"), 10, 64); err == nil && after >= 0 {
		f := q.InboxFilter
		f.After, f.Limit = after, maxNew+1
		found, err := a.Inbox.List(ctx, actor, f)
		if err != nil {
			return err
		}
		onTop, err := a.Inbox.OnTop(ctx, actor, q.InboxFilter)
		if err != nil {
			return err
		}
		onTop = slices.DeleteFunc(onTop, func(n models.Notification) bool {
			return slices.Contains(ids, n.EventID)
		})
		n := len(found.Rows) + len(onTop)
		answer.New, answer.More = min(n, maxNew), n > maxNew
	}
	c.JSON(http.StatusOK, answer)
	return nil
}
