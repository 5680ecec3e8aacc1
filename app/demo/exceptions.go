package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gatecrier/admin"
	"gatecrier/app/exception"
	"gatecrier/models"
)

// pastException is an exception of a sample product.
type pastException struct {
	product  string
	report   exception.Report
	episodes []episode
	resolved time.Duration // how long ago it was resolved, 0 for never
}

// episode is a number of occurrences some time ago.
type episode struct {
	ago   time.Duration
	times int
}

// gatewayTimeout returns the exception that the guided page throws.
func gatewayTimeout() exception.Report {
	return exception.Report{
		Kind:        models.ExceptionReported,
		Class:       "GatewayTimeout",
		Message:     "no answer from the payment gateway in 10.0 s",
		Release:     "checkout@3.12.0",
		Environment: "production",
		Level:       "error",
		Platform:    "python",
		Server:      "checkout-7c9d",
		User:        "customer 48213",
		Tags:        map[string]string{"gateway": "northpay", "basket": "4 items"},
		Frames: []exception.Frame{
			{
				Module:   "urllib3.connectionpool",
				Function: "HTTPConnectionPool._raise_timeout",
				File:     "urllib3/connectionpool.py",
				Line:     367,
			},
			{Module: "requests.adapters", Function: "HTTPAdapter.send", File: "requests/adapters.py", Line: 713},
			{Module: "checkout.gateway", Function: "Gateway.capture", File: "checkout/gateway.py", Line: 88, InApp: true},
			{Module: "checkout.orders", Function: "Order.pay", File: "checkout/orders.py", Line: 141, InApp: true},
			{Module: "checkout.views", Function: "pay", File: "checkout/views.py", Line: 57, InApp: true},
		},
		Chain: []exception.Cause{
			{Class: "PaymentFailed", Message: "order 20418 is not paid"},
			{Class: "GatewayTimeout", Message: "no answer from the payment gateway in 10.0 s"},
		},
	}
}

// pastExceptions returns the exceptions of the demo's history.
func pastExceptions() []pastException {
	const day = 24 * time.Hour
	return []pastException{
		{
			product: "Billing API",
			report: exception.Report{
				Kind:        models.ExceptionReported,
				Class:       "psycopg.OperationalError",
				Message:     "connection failed: remaining connection slots are reserved",
				Release:     "billing@2.4.1",
				Environment: "production",
				Level:       "error",
				Platform:    "python",
				Server:      "billing-5f7b",
				Frames: []exception.Frame{
					{Module: "psycopg.connection", Function: "Connection.connect", File: "psycopg/connection.py", Line: 117},
					{Module: "psycopg_pool.pool", Function: "ConnectionPool._connect", File: "psycopg_pool/pool.py", Line: 636},
					{Module: "billing.store", Function: "connect", File: "billing/store.py", Line: 42, InApp: true},
					{Module: "billing.invoices", Function: "close_month", File: "billing/invoices.py", Line: 188, InApp: true},
				},
			},
			episodes: []episode{
				{6 * day, 4},
				{5*day + 7*time.Hour, 11},
				{4 * day, 3},
				{2*day + 2*time.Hour, 26},
				{28 * time.Hour, 9},
				{11 * time.Hour, 14},
				{6 * time.Hour, 5},
				{40 * time.Minute, 8},
			},
		},
		{
			product: "Customer portal",
			report: exception.Report{
				Kind:        models.ExceptionReported,
				Class:       "TypeError",
				Message:     "Cannot read properties of undefined (reading 'locale')",
				Release:     "portal@1.9.0",
				Environment: "production",
				Level:       "error",
				Platform:    "node",
				Frames: []exception.Frame{
					{Module: "src/profile/greeting", Function: "greet", File: "src/profile/greeting.ts", Line: 31, InApp: true},
					{Module: "express", Function: "Layer.handle", File: "node_modules/express/lib/router/layer.js", Line: 95},
				},
			},
			episodes: []episode{{9 * day, 7}, {8 * day, 31}},
			resolved: 7 * day,
		},
	}
}

// moment is something that happened in the past.
type moment struct {
	at time.Time
	do func(ctx context.Context) error
}

// exceptionMoments returns the moments of the past exceptions.
func (d *Demo) exceptionMoments(now time.Time, ids []int64) []moment {
	var list []moment
	for _, t := range pastExceptions() {
		r := t.report
		i := slices.IndexFunc(sampleProducts, func(p sampleProduct) bool { return p.name == t.product })
		r.ProductID = ids[i]
		var group int64
		for _, e := range t.episodes {
			list = append(list, moment{now.Add(-e.ago), func(ctx context.Context) error {
				for range e.times {
					result, err := d.Exceptions.Report(ctx, r)
					if err != nil {
						return err
					}
					group = result.Group
				}
				return d.Exceptions.Flush(ctx)
			}})
		}
		if t.resolved == 0 {
			continue
		}
		list = append(list, moment{now.Add(-t.resolved), func(ctx context.Context) error {
			actor, err := d.actor(ctx)
			if err != nil {
				return err
			}
			return d.Exceptions.Resolve(ctx, actor, group)
		}})
	}
	return list
}

// throw reports an exception of the guided product, as its program would.
func (d *Demo) throw(p *admin.Page) error {
	row, err := d.guided(p.Context())
	if err != nil {
		return err
	}
	r := gatewayTimeout()
	r.ProductID = row.ID
	result, err := d.Exceptions.Report(p.Context(), r)
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.lastStep, d.lastException = thrownText(result), result.Group
	d.mu.Unlock()
	return p.SeeOther("/demo", "", "")
}

// thrownText returns a text about the result of a report.
func thrownText(r exception.Result) string {
	if r.Notified {
		return "You triggered GatewayTimeout: one message to each target. " +
			"Within the next hour, repeats are only counted."
	}
	const text = "You triggered GatewayTimeout again. " +
		"No one is notified again: %d suppressed. The next notification has the number."
	return fmt.Sprintf(text, r.Suppressed)
}
