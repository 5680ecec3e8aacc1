package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"time"
)

// pipeSenders is how many webhooks the limit sends at the same time.
const pipeSenders = 16

// A pipe commits events in groups, sends each as a webhook, and commits that it was received.
type pipe struct {
	db                     *sql.DB
	hook                   string
	client                 *http.Client
	writes                 chan *entry
	queue                  chan *entry
	event, outbox, receipt *sql.Stmt
}

// An entry is one event on its way: first to the database, then to the receiver, then again to the
// database, as its receipt.
type entry struct {
	id, product int64
	payload     []byte
	deliver     bool
	committed   chan error // nil for a receipt
}

// newPipe starts the writer and the senders, which last as long as the program.
func newPipe(db *sql.DB, hook string) (*pipe, error) {
	p := &pipe{
		db: db, hook: hook,
		writes: make(chan *entry, 1<<12),
		queue:  make(chan *entry, 1<<18),
		client: &http.Client{
			Timeout:   10 * time.Second,
			Transport: &http.Transport{MaxIdleConnsPerHost: pipeSenders},
		},
	}
	for _, s := range []struct {
		to  **sql.Stmt
		sql string
	}{
		{&p.event, "INSERT INTO events (product_id, at, payload) VALUES (?, ?, ?)"},
		{&p.outbox, "INSERT INTO outbox (id, payload) VALUES (?, ?)"},
		{&p.receipt, "DELETE FROM outbox WHERE id = ?"},
	} {
		var err error
		if *s.to, err = db.PrepareContext(context.Background(), s.sql); err != nil {
			return nil, err
		}
	}
	go p.write()
	for range pipeSenders {
		go p.send()
	}
	return p, nil
}

// accept returns when the event is on the disk.
func (p *pipe) accept(product int64, payload []byte, deliver bool) error {
	e := &entry{product: product, payload: payload, deliver: deliver, committed: make(chan error, 1)}
	p.writes <- e
	return <-e.committed
}

// write commits everything that waits in one transaction.
func (p *pipe) write() {
	for first := range p.writes {
		group := []*entry{first}
		for more := true; more && len(group) < 512; {
			select {
			case e := <-p.writes:
				group = append(group, e)
			default:
				more = false
			}
		}
		err := p.commit(group)
		for _, e := range group {
			if e.committed == nil {
				continue
			}
			if err == nil && e.deliver {
				p.queue <- e
			}
			e.committed <- err
		}
	}
}

func (p *pipe) commit(group []*entry) error {
	ctx := context.Background()
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after the commit it does nothing
	event, outbox, receipt := tx.StmtContext(ctx, p.event), tx.StmtContext(ctx, p.outbox), tx.StmtContext(ctx, p.receipt)
	for _, e := range group {
		if e.committed == nil {
			if _, err := receipt.ExecContext(ctx, e.id); err != nil {
				return err
			}
			continue
		}
		res, err := event.ExecContext(ctx, e.product, time.Now().UnixMicro(), e.payload)
		if err != nil {
			return err
		}
		if e.id, err = res.LastInsertId(); err != nil {
			return err
		}
		if _, err := outbox.ExecContext(ctx, e.id, e.payload); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// send posts webhooks, one after the other. The receiver is the benchmark's own, so that an error
// is not repeated: the benchmark reports the webhook as lost.
func (p *pipe) send() {
	for e := range p.queue {
		if err := p.post(e); err == nil {
			p.writes <- &entry{id: e.id}
		}
	}
}

func (p *pipe) post(e *entry) error {
	body := fmt.Appendf(nil, `{"type":"gate.changed","data":{"product":{"id":%d},"report":%s}}`, e.product, e.payload)
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, p.hook, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Webhook-Id", fmt.Sprint(e.id))
	res, err := p.client.Do(req)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if err := res.Body.Close(); err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	return nil
}
