package app

import (
	"context"
	"errors"

	"gatecrier/models"
)

// Start starts the loops and serves. Failed reports an error of the server. After an error, call Close.
func (a *App) Start(ctx context.Context) error {
	a.addr = a.listener.Addr().String()
	if a.config.BaseURL == "" {
		a.base.Store("http://" + a.addr)
	}
	if err := a.recoverWork(ctx); err != nil {
		return err
	}
	loopCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	a.stop = stop
	for _, l := range a.loopList() {
		a.loops.Start(loopCtx, l)
	}
	listener := a.conns.Listener(a.listener)
	a.listener = nil // the server closes it
	go func() { a.served <- a.server.Serve(listener) }()
	a.log.Info("listening", "address", a.addr, "url", a.BaseURL(), "version", Version)
	return nil
}

// recoverWork brings back the times that a wrong clock has stored, and takes over the deliveries and
// the job runs that an earlier process has left. On PostgreSQL other instances can be working on
// them: what a dead one has left ends by itself.
func (a *App) recoverWork(ctx context.Context) error {
	if err := a.clock.RepairAll(ctx); err != nil {
		return err
	}
	if a.Store.Dialect() != models.SQLite {
		return nil
	}
	return errors.Join(a.Dispatcher.ReturnLeases(ctx), a.schedule.MarkRunsLost(ctx))
}
