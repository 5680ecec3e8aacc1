package main

import (
	"bytes"
	"context"
	"database/sql"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"
)

// limitSchema is what the limit stores: events with an outbox, and an inbox of one reader that is
// spread over notifications.
const limitSchema = `
	CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, product_id INTEGER, at INTEGER, payload BLOB);
	CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY, payload BLOB);
	CREATE TABLE IF NOT EXISTS notifications (
		id INTEGER PRIMARY KEY, product_id INTEGER, at INTEGER, name TEXT, message TEXT);
	CREATE TABLE IF NOT EXISTS inbox (
		user_id INTEGER, notification_id INTEGER, viewed INTEGER, PRIMARY KEY (user_id, notification_id)) WITHOUT ROWID;`

// limitFill makes notifications of 10,000 products, and the inbox of a reader who can see 100.
const limitFill = `
	WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
	INSERT INTO notifications SELECT i, (i * 7919) %% 10000, i, 'Security gate failed', '1 critical (threshold 0)' FROM n;
	INSERT INTO inbox SELECT 1, id, id %% 2 FROM notifications WHERE product_id %% 100 = 0;`

// openSQLite opens a file as the limit uses it: what is committed is on the disk.
func openSQLite(file string, connections int) (*sql.DB, error) {
	const settings = "?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=10000&_cache_size=-16000"
	db, err := sql.Open("sqlite3", "file:"+file+settings)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// serveLimit is the command "limit": a server that does the least that a durable notifier can do,
// and so shows what the machine allows. It has no gates, users, rights or retries.
func serveLimit(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("limit", flag.ContinueOnError)
	dir := flags.String("dir", "", "directory of the database")
	hook := flags.String("hook", "", "URL of the webhook")
	rows := flags.Int("rows", 0, "notifications to make in an empty database")
	if err := flags.Parse(args); err != nil {
		return err
	}
	file := filepath.Join(*dir, "limit.db")
	write, err := openSQLite(file, 1)
	if err != nil {
		return err
	}
	if _, err := write.ExecContext(context.Background(), limitSchema); err != nil {
		return err
	}
	if *rows > 0 {
		if _, err := write.ExecContext(context.Background(), fmt.Sprintf(limitFill, *rows)); err != nil {
			return err
		}
	}
	read, err := openSQLite(file, 4)
	if err != nil {
		return err
	}
	pipe, err := newPipe(write, *hook)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, listener.Addr()); err != nil {
		return err
	}
	server := &http.Server{Handler: limitHandler(read, pipe), ReadHeaderTimeout: 10 * time.Second}
	return server.Serve(listener)
}

func limitHandler(read *sql.DB, p *pipe) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	g := gin.New()
	g.GET("/healthz", func(c *gin.Context) { c.String(http.StatusOK, "ok\n") })
	take := func(deliver bool) gin.HandlerFunc {
		return func(c *gin.Context) {
			product, err := strconv.ParseInt(c.Param("product"), 10, 64)
			if err != nil {
				c.Status(http.StatusNotFound)
				return
			}
			body, err := io.ReadAll(io.LimitReader(c.Request.Body, 1<<20))
			if err == nil {
				err = p.accept(product, body, deliver)
			}
			if err != nil {
				c.Status(http.StatusInternalServerError)
				return
			}
			c.JSON(http.StatusOK, gin.H{"ok": true})
		}
	}
	g.PUT("/store/:product", take(false))
	g.PUT("/deliver/:product", take(true))
	bind := func(c *gin.Context) {
		var in struct {
			Class   string           `json:"class"`
			Message string           `json:"message"`
			Product string           `json:"product"`
			Scanner string           `json:"scanner"`
			Counts  map[string]int64 `json:"counts"`
		}
		if err := c.ShouldBindJSON(&in); err != nil {
			c.Status(http.StatusBadRequest)
			return
		}
		c.JSON(http.StatusOK, gin.H{"ok": true})
	}
	g.PUT("/bind", bind)
	g.POST("/bind", bind)
	g.GET("/inbox", func(c *gin.Context) {
		list, err := inboxRows(c.Request.Context(), read)
		var page bytes.Buffer
		if err == nil {
			err = limitPage(list).Render(c.Request.Context(), &page)
		}
		if err != nil {
			c.Status(http.StatusInternalServerError)
			return
		}
		c.Data(http.StatusOK, "text/html; charset=utf-8", page.Bytes())
	})
	return g
}

// An inboxRow is one line of the limit's page.
type inboxRow struct {
	id, product, at int64
	name, message   string
	viewed          bool
}

func inboxRows(ctx context.Context, db *sql.DB) ([]inboxRow, error) {
	rows, err := db.QueryContext(ctx, `
		SELECT n.id, n.product_id, n.at, n.name, n.message, i.viewed
		FROM inbox i
		JOIN notifications n ON n.id = i.notification_id
		WHERE i.user_id = 1
		AND i.notification_id < ?
		ORDER BY i.notification_id DESC
		LIMIT 50`, int64(1)<<62)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	list := make([]inboxRow, 0, 50)
	for rows.Next() {
		var r inboxRow
		if err := rows.Scan(&r.id, &r.product, &r.at, &r.name, &r.message, &r.viewed); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}
