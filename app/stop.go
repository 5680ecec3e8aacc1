package app

import (
	"context"
	"errors"
)

// Stop stops accepting requests, waits for the running ones and for the loops, writes what is
// in memory, and closes the database. ctx bounds the wait for requests.
func (a *App) Stop(ctx context.Context) error {
	err := a.server.Shutdown(ctx)
	if a.stop != nil {
		a.stop()
	}
	a.loops.Wait()
	a.mail.Close()
	last := context.WithoutCancel(ctx)
	return errors.Join(err, a.Exceptions.Flush(last), a.keyBudget.Flush(last), a.flush(last), a.Close())
}

// Close closes the database and the address, and releases the lock. Call it instead of Stop for a program
// that has not started.
func (a *App) Close() error {
	var err error
	if a.listener != nil {
		err = a.listener.Close()
	}
	return errors.Join(err, a.Store.Close(), a.lock.Close())
}

// Failed returns the channel of the error that ended the server before Stop.
func (a *App) Failed() <-chan error { return a.served }
