package delivery

import (
	"context"
	"sync"
	"time"

	"gatecrier/models"
)

const (
	presenceWait  = time.Second            // for the presence, before the first claim
	presenceEvery = 400 * time.Millisecond // between looks for absent instances
	absentFor     = 800 * time.Millisecond // until an instance counts as dead: a lost connection is replaced sooner
)

// holdPresence shows other instances that this one is alive, until ctx ends. It returns once they
// can see it, or after presenceWait: without it the claims of a dead instance last as long as their
// leases.
func (d *Dispatcher) holdPresence(ctx context.Context) {
	if d.store.Dialect() == models.SQLite {
		return
	}
	held := make(chan struct{})
	var once sync.Once
	go d.store.HoldPresence(ctx, d.instance, func(ok bool) {
		d.present.Store(ok)
		if ok {
			once.Do(func() { close(held) })
		}
	})
	timer := time.NewTimer(presenceWait)
	defer timer.Stop()
	select {
	case <-held:
	case <-ctx.Done():
	case <-timer.C:
	}
}

// watchInstances returns what dead instances were sending, until ctx ends.
func (d *Dispatcher) watchInstances(ctx context.Context) {
	if d.store.Dialect() == models.SQLite {
		return
	}
	ticker := time.NewTicker(presenceEvery)
	defer ticker.Stop()
	absent := map[string]time.Time{} // by instance: since when, by the machine's clock
	for ctx.Err() == nil {
		if err := d.returnOfDead(ctx, absent); err != nil {
			clear(absent) // an outage of the database says nothing about other instances
			d.report(ctx, "look for stopped instances", err)
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

// returnOfDead makes due again what instances were sending that have been absent for absentFor. An
// instance whose own presence is lost judges no other.
func (d *Dispatcher) returnOfDead(ctx context.Context, absent map[string]time.Time) error {
	senders, err := d.store.OtherSenders(ctx, d.instance)
	if err != nil || !d.present.Load() {
		clear(absent)
		return err
	}
	seen := map[string]bool{}
	for _, instance := range senders {
		present, err := d.isPresent(ctx, instance)
		if err != nil {
			return err
		}
		if present {
			continue
		}
		seen[instance] = true
		if absent[instance].IsZero() {
			absent[instance] = time.Now()
		}
		if time.Since(absent[instance]) < absentFor {
			continue
		}
		if err := d.returnOf(ctx, instance); err != nil {
			return err
		}
	}
	for instance := range absent {
		if !seen[instance] {
			delete(absent, instance)
		}
	}
	return nil
}

func (d *Dispatcher) isPresent(ctx context.Context, instance string) (present bool, err error) {
	err = d.store.Write(ctx, func(tx *models.Tx) (err error) {
		present, err = tx.IsPresent(instance)
		return err
	})
	return present, err
}

// returnOf makes due again what a dead instance was sending.
func (d *Dispatcher) returnOf(ctx context.Context, instance string) error {
	for {
		var n int64
		err := d.store.Write(ctx, func(tx *models.Tx) (err error) {
			n, err = tx.ReturnOfAbsent(instance)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
		d.log.Info("return deliveries of a stopped instance", "instance", instance, "count", n)
		d.Wake()
	}
}
