package exception

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

const (
	secondsPerMinute = 60
	secondsPerDay    = 24 * 60 * 60
	// remindAfter is the time after which owners are notified again of a key over its budget.
	remindAfter = 24 * time.Hour
)

// KeyLimits is the budget of an ingest key: how many events it can report in a minute and in a day,
// both in UTC.
type KeyLimits struct{ PerMinute, PerDay int64 }

// Budget bounds the events of each ingest key. It counts in memory, and Flush stores the counts:
// they survive a restart, and instances share them within a second.
type Budget struct {
	store  *models.Store
	events *event.Log
	limits func() KeyLimits

	mu       sync.Mutex
	keys     map[productKey]*keyUse
	flushing sync.Mutex // held by the Flush that stores counts
}

// productKey is the ingest key of a product.
type productKey struct {
	product int64
	key     string
}

// keyUse is how many events a key has reported, as far as this process knows.
type keyUse struct {
	stored   models.KeyUse
	storing  models.KeyUse               // on its way to the database
	unstored models.KeyUse               // counted since
	exceeded *event.IngestBudgetExceeded // what the owners are to be notified of, nil for nothing
	reported time.Time                   // when Flush has last tried to notify them
}

// NewBudget returns a budget. The caller runs Flush at intervals, and once at the end.
func NewBudget(store *models.Store, events *event.Log, limits func() KeyLimits) *Budget {
	return &Budget{store: store, events: events, limits: limits, keys: map[productKey]*keyUse{}}
}

// Admit checks the ingest key of a product, and takes one event from its budget. It returns
// fault.Forbidden for another key, and fault.TooMany with the time to wait for one without budget.
func (b *Budget) Admit(ctx context.Context, productID int64, key string) error {
	use, ok, err := b.store.IngestKeyUse(ctx, productID, key)
	switch {
	case err != nil:
		return err
	case !ok:
		return fault.New(fault.Forbidden, "This is not an ingest key of this product")
	}
	b.mu.Lock()
	id := productKey{productID, key}
	if b.keys[id] == nil {
		b.keys[id] = &keyUse{stored: use}
	}
	b.mu.Unlock()
	return b.Take(productID, key)
}

// Take takes one more event of a key that was admitted. It returns fault.TooMany with the time to
// wait if the budget of the key is used up.
func (b *Budget) Take(productID int64, key string) error {
	limits, now := b.limits(), b.store.Now()
	minute, day := now.Unix()/secondsPerMinute, now.Unix()/secondsPerDay
	b.mu.Lock()
	defer b.mu.Unlock()
	id := productKey{productID, key}
	k := b.keys[id]
	if k == nil { // idle for long while its request ran
		k = &keyUse{}
		b.keys[id] = k
	}
	var over *event.IngestBudgetExceeded
	switch {
	case k.day(day) >= limits.PerDay:
		over = &event.IngestBudgetExceeded{Per: "day", Limit: limits.PerDay, Until: time.Unix((day+1)*secondsPerDay, 0)}
	case k.minute(minute) >= limits.PerMinute:
		over = &event.IngestBudgetExceeded{
			Per: "minute", Limit: limits.PerMinute, Until: time.Unix((minute+1)*secondsPerMinute, 0),
		}
	default:
		k.unstored.Minute = k.unstored.Minute.Add(models.KeyCount{At: minute, N: 1})
		k.unstored.Day = k.unstored.Day.Add(models.KeyCount{At: day, N: 1})
		return nil
	}
	if k.exceeded == nil && (k.reported.After(now) || now.Sub(k.reported) >= remindAfter) {
		k.exceeded = over
	}
	wait := over.Until.Sub(now).Truncate(time.Second) + time.Second
	return &fault.Error{
		Kind: fault.TooMany,
		Text: fmt.Sprintf("This key has reported %d events in this %s: try again in %s", over.Limit, over.Per, wait),
		Wait: wait,
	}
}

func (k *keyUse) minute(at int64) int64 {
	return k.stored.Minute.In(at) + k.storing.Minute.In(at) + k.unstored.Minute.In(at)
}

func (k *keyUse) day(at int64) int64 {
	return k.stored.Day.In(at) + k.storing.Day.In(at) + k.unstored.Day.In(at)
}

// Flush stores what was counted since the last Flush, and notifies the owners of products whose
// key is over its budget. A crash loses at most the counts since the last Flush.
func (b *Budget) Flush(ctx context.Context) error {
	b.flushing.Lock()
	defer b.flushing.Unlock()
	var errs error
	for id, k := range b.takeCounts() {
		var use models.KeyUse
		err := b.store.Write(ctx, func(tx *models.Tx) (err error) {
			use, err = b.storeUse(tx, id, k)
			return err
		})
		errs = errors.Join(errs, err)
		b.finishCounts(id, k, use, err == nil)
	}
	return errs
}

// takeCounts takes the keys with something to store, as they are now, and drops those that have
// been idle for a day.
func (b *Budget) takeCounts() map[productKey]keyUse {
	day := b.store.Now().Unix() / secondsPerDay
	b.mu.Lock()
	defer b.mu.Unlock()
	list := map[productKey]keyUse{}
	for id, k := range b.keys {
		switch {
		case k.unstored.Day.N > 0 || k.exceeded != nil:
			k.storing, k.unstored = k.unstored, models.KeyUse{}
			list[id] = *k
		case k.day(day) == 0:
			delete(b.keys, id)
		}
	}
	return list
}

// finishCounts ends the storing of a key's counts: the next Flush stores again what was not.
func (b *Budget) finishCounts(id productKey, taken keyUse, use models.KeyUse, stored bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := b.keys[id]
	if k == nil {
		return
	}
	if !stored {
		k.unstored.Minute = taken.storing.Minute.Add(k.unstored.Minute)
		k.unstored.Day = taken.storing.Day.Add(k.unstored.Day)
		k.storing = models.KeyUse{}
		return
	}
	k.stored, k.storing = use, models.KeyUse{}
	if taken.exceeded != nil {
		k.exceeded, k.reported = nil, b.store.Now()
	}
}

// storeUse stores the counts of a key, and appends the event of one that is over its budget,
// unless its owners were notified within remindAfter.
func (b *Budget) storeUse(tx *models.Tx, id productKey, k keyUse) (models.KeyUse, error) {
	if err := tx.LockProductShared(id.product); err != nil {
		if fault.Is(err, fault.NotFound) {
			return models.KeyUse{}, nil // deleted, with its key
		}
		return models.KeyUse{}, err
	}
	use, ok, err := tx.AddKeyUse(id.product, id.key, k.storing)
	if err != nil || !ok || k.exceeded == nil {
		return use, err
	}
	notify, err := tx.MarkKeyExceeded(id.product, id.key, remindAfter)
	if err != nil || !notify {
		return use, err
	}
	payload := *k.exceeded
	row, err := tx.Product(tx.Context(), models.SystemScope("its ingest key is over its budget"), id.product)
	if err != nil {
		return use, err
	}
	payload.Product = event.Product{ID: row.ID, Name: row.Name}
	_, err = b.events.Append(tx, id.product, "", payload)
	return use, err
}
