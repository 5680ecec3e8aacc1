package delivery

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/connection"
	"gatecrier/app/fault"
	"gatecrier/app/module"
	"gatecrier/models"
)

const (
	maxResend   = 10_000 // deliveries in one resend
	resendBatch = 500    // of them that one query reads
)

// Preview counts what a resend would do.
type Preview struct {
	Sendable  int // deliveries that it sends again
	Disabled  int // those that it does not: their connection is turned off
	Forbidden int // those that it does not: the actor cannot edit their connection
	// Beyond is how many it leaves out because it sends at most maxResend.
	Beyond int
	// ByConnection has a row for each connection that it sends to, the largest first.
	ByConnection []models.ConnectionTally
}

// Preview counts what Resend would send again of the deliveries that a filter finds.
func (l *Log) Preview(ctx context.Context, actor authz.Actor, f models.DeliveryFilter) (Preview, error) {
	p, _, err := l.preview(ctx, actor, f)
	return p, err
}

// preview also returns the filter, narrowed to the deliveries that can be sent again.
func (l *Log) preview(
	ctx context.Context, actor authz.Actor, f models.DeliveryFilter,
) (Preview, models.DeliveryFilter, error) {
	f, err := endedOnly(f)
	if err != nil {
		return Preview{}, f, err
	}
	tally, err := l.store.ConnectionTally(ctx, actor.Scope(), f)
	if err != nil {
		return Preview{}, f, err
	}
	owners := make([]models.Owner, len(tally))
	for i, t := range tally {
		owners[i] = t.Owner
	}
	may, err := l.editors.MayEditOwners(ctx, actor, owners)
	if err != nil {
		return Preview{}, f, err
	}
	p := previewOf(tally, may)
	f.Connections = make([]int64, len(p.ByConnection))
	for i, t := range p.ByConnection {
		f.Connections[i] = t.ConnectionID
	}
	return p, f, nil
}

// previewOf counts what a resend would do with deliveries. canEdit has the owners whose
// connections the actor can edit.
func previewOf(tally []models.ConnectionTally, canEdit map[models.Owner]bool) Preview {
	var p Preview
	for _, t := range tally {
		switch {
		case !canEdit[t.Owner]:
			p.Forbidden += t.N
		case !t.Enabled:
			p.Disabled += t.N
		default:
			p.Sendable += t.N
			p.ByConnection = append(p.ByConnection, t)
		}
	}
	if p.Sendable > maxResend {
		p.Sendable, p.Beyond = maxResend, p.Sendable-maxResend
	}
	return p
}

// endedOnly narrows a filter to what can be sent again: deliveries that have ended. A filter
// without a selection finds those that have failed.
func endedOnly(f models.DeliveryFilter) (models.DeliveryFilter, error) {
	if f.State == "" && len(f.IDs) == 0 {
		f.State = models.DeliveryDead
	}
	if f.State == models.DeliveryHeld {
		return f, fault.BadField("state", "is held after a restore: an administrator decides about it on the page Health")
	}
	if f.State.Open() {
		return f, fault.BadField("state", "will be sent automatically")
	}
	f.Final = true
	return f, nil
}

// Resend makes due again the deliveries that a filter finds and the actor can send again, the
// oldest first. Their earlier attempts stay. Each send checks the rights again, but not whether
// the message is out of date.
func (l *Log) Resend(ctx context.Context, actor authz.Actor, f models.DeliveryFilter) (models.Resend, error) {
	what := DescribeSelection(f)
	p, f, err := l.preview(ctx, actor, f)
	if err != nil {
		return models.Resend{}, err
	}
	if p.Sendable == 0 {
		return models.Resend{}, errNothingToResend(p)
	}
	made := models.Resend{UserID: actor.User.ID, By: actor.Label, What: what}
	err = l.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.CreateResend(&made); err != nil {
			return err
		}
		return writeAudit(tx, actor, audit.Resend, fmt.Sprintf("%s, %d messages", what, p.Sendable), f.ProductID)
	})
	if err != nil {
		return made, err
	}
	defer l.dispatcher.Wake()
	f.Limit = resendBatch
	// From here on it continues, even if the caller goes away.
	ctx = context.WithoutCancel(ctx)
	var parts models.Parts
	for after := int64(0); made.Total < p.Sendable; {
		ids, err := l.store.DeliveryIDs(ctx, actor.Scope(), f, after)
		if err != nil || len(ids) == 0 {
			return made, err
		}
		ids = ids[:min(len(ids), p.Sendable-made.Total)]
		if err := l.recheck(ctx, actor, p.ByConnection); err != nil {
			return made, err
		}
		n, err := l.requeue(ctx, actor, &parts, ids, made)
		if err != nil {
			return made, err
		}
		after = ids[len(ids)-1]
		made.Total += n
	}
	return made, nil
}

// recheck refuses a batch of a resend if the actor cannot edit its connections any more.
func (l *Log) recheck(ctx context.Context, actor authz.Actor, list []models.ConnectionTally) error {
	if actor.User.ID != 0 {
		now, err := l.store.User(ctx, actor.User.ID)
		if err != nil {
			return err
		}
		if err := actor.RequireSame(now); err != nil {
			return err
		}
		actor.User = now
	}
	owners := make([]models.Owner, len(list))
	for i, t := range list {
		owners[i] = t.Owner
	}
	may, err := l.editors.MayEditOwners(ctx, actor, owners)
	if err != nil {
		return err
	}
	for _, o := range owners {
		if !may[o] {
			return errNothingToResend(Preview{Forbidden: 1})
		}
	}
	return nil
}

// writeAudit records what an actor did with deliveries.
func writeAudit(tx *models.Tx, actor authz.Actor, action audit.Action, what string, productID int64) error {
	return audit.Write(tx, actor, audit.Entry{Action: action, Kind: audit.Delivery, Name: what, ProductID: productID})
}

// DescribeSelection describes what a filter selects to be sent again.
func DescribeSelection(f models.DeliveryFilter) string {
	var parts []string
	switch n := len(f.IDs); {
	case n == 1:
		parts = append(parts, "one delivery")
	case n > 1:
		parts = append(parts, fmt.Sprintf("a selection of %d", n))
	case f.State == "" || f.State == models.DeliveryDead:
		parts = append(parts, "all failed deliveries")
	default:
		parts = append(parts, "what is "+string(f.State))
	}
	for _, t := range []struct {
		word string
		at   time.Time
	}{{"since", f.Since}, {"before", f.Until}} {
		if !t.at.IsZero() {
			parts = append(parts, t.word+" "+t.at.UTC().Format("2006-01-02 15:04 UTC"))
		}
	}
	return strings.Join(parts, " ")
}

// errNothingToResend returns why a resend has nothing to send.
func errNothingToResend(p Preview) error {
	switch {
	case p.Disabled > 0:
		return fault.New(fault.Conflict, connection.TurnedOff+": turn it on to resend")
	case p.Forbidden > 0:
		return fault.New(fault.Forbidden, "You need the right to edit the target to resend its messages")
	}
	return fault.New(fault.Conflict, "None of these can be resent")
}

// requeue makes deliveries due again as part of a resend, and returns how many. It refuses an actor whose
// credentials have ended meanwhile.
func (l *Log) requeue(
	ctx context.Context, actor authz.Actor, parts *models.Parts, ids []int64, r models.Resend,
) (n int, err error) {
	err = models.WriteInParts(ctx, l.store, parts, ids, func(tx *models.Tx, part []int64) error {
		if err := authz.RequireCurrent(tx, actor); err != nil {
			return err
		}
		again, err := tx.Requeue(part, r.ID, "Resent by "+r.By)
		if err != nil {
			return err
		}
		if err := tx.ExtendResend(r.ID, again); err != nil {
			return err
		}
		tx.AfterCommit(func() { n += again })
		return tx.ProbeNow(part)
	})
	return n, err
}

// ResendOne makes one delivery due again.
func (l *Log) ResendOne(ctx context.Context, actor authz.Actor, id int64) error {
	row, err := l.store.Delivery(ctx, actor.Scope(), id)
	if err != nil {
		return err
	}
	may, err := l.editors.MayEditOwners(ctx, actor, []models.Owner{row.Owner})
	if err != nil {
		return err
	}
	if !may[row.Owner] {
		return errNothingToResend(Preview{Forbidden: 1})
	}
	if row.State == models.DeliveryHeld {
		return fault.New(fault.Conflict, "This is held after a restore. An administrator decides about it on the page Health")
	}
	if row.State.Open() {
		return fault.New(fault.Conflict, fmt.Sprintf("This is %s: it will be sent automatically", row.State))
	}
	tally, err := l.store.ConnectionTally(ctx, actor.Scope(), models.DeliveryFilter{IDs: []int64{id}, Final: true})
	if err != nil {
		return err
	}
	if p := previewOf(tally, may); p.Sendable == 0 {
		return errNothingToResend(p)
	}
	n := 0
	err = l.store.Write(ctx, func(tx *models.Tx) error {
		if n, err = tx.Requeue([]int64{id}, 0, "Resent by "+actor.Label); err != nil || n == 0 {
			return err
		}
		if err := tx.ProbeNow([]int64{id}); err != nil {
			return err
		}
		return writeAudit(tx, actor, audit.Resend, row.Title, row.ProductID)
	})
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "Another user has already resent this")
	}
	l.dispatcher.Wake()
	return nil
}

// Progress is a resend with the states of its deliveries.
type Progress struct {
	models.Resend
	States map[models.DeliveryState]int
}

// Left returns how many messages have not ended yet.
func (p Progress) Left() int {
	return p.States[models.DeliveryPending] + p.States[models.DeliveryRetrying] + p.States[models.DeliverySending]
}

// Progress returns a resend that the actor has started; administrators see all. A message that was
// sent again by a later resend counts there.
func (l *Log) Progress(ctx context.Context, actor authz.Actor, id int64) (Progress, error) {
	r, err := l.resend(ctx, actor, id)
	if err != nil {
		return Progress{}, err
	}
	states, err := l.store.ResendStates(ctx, r.ID)
	return Progress{r, states}, err
}

func (l *Log) resend(ctx context.Context, actor authz.Actor, id int64) (models.Resend, error) {
	user := actor.User.ID
	if actor.Administrator() {
		user = 0
	} else if user == 0 || actor.Role != "" && !authz.Allows(actor.Role, authz.Edit) {
		return models.Resend{}, fault.NewNotFound("resend")
	}
	return l.store.Resend(ctx, id, user)
}

// StopResend makes dead the messages of a resend that still wait to be sent. It does not stop those
// that are being sent.
func (l *Log) StopResend(ctx context.Context, actor authz.Actor, id int64) error {
	r, err := l.resend(ctx, actor, id)
	if err != nil {
		return err
	}
	return l.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.StopResend(r.ID, "The resend was stopped by "+actor.Label); err != nil {
			return err
		}
		return writeAudit(tx, actor, audit.Stop, r.What, 0)
	})
}

// Shown returns what a delivery sends, for actors who can edit its target; the zero value for
// others.
func (l *Log) Shown(ctx context.Context, e Entry) (module.Shown, error) {
	if !e.MayEdit {
		return module.Shown{}, nil
	}
	var last time.Time
	if n := len(e.Attempts); n > 0 {
		last = e.Attempts[n-1].At
	}
	return l.dispatcher.Show(ctx, e.Delivery, last)
}
