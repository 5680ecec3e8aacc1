package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"gatecrier/app/exception"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Problem is an error as the API answers it (RFC 9457), with the fields that
// need another value.
type Problem struct {
	Title  string        `json:"title"`
	Status int           `json:"status"`
	Detail string        `json:"detail,omitempty"`
	Errors []fault.Field `json:"errors,omitempty"`
	// Reference names the request, where the fault is the server's.
	Reference string `json:"reference,omitempty" doc:"Where the fault is the server's: the request's id, by which its log has it"`
	// Exception is where administrators read about that.
	Exception string `json:"exception,omitempty" doc:"For administrators: the path of the page about it"`
	// Group is what that page is about, 0 for none.
	Group int64 `json:"-"`
}

// Error is the problem in one line.
func (p *Problem) Error() string { return p.Title + ": " + p.Detail }

// GetStatus is the answer's status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is RFC 9457's.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// StatusOf is the status that answers an error.
func StatusOf(err error) int {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return http.StatusRequestEntityTooLarge
	}
	switch fault.KindOf(err) {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Malformed:
		return http.StatusBadRequest
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.TooMany:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.Internal:
	}
	return http.StatusInternalServerError
}

// ToProblem turns an error into a problem. What the user may not read goes to
// the log alone.
func ToProblem(ctx context.Context, log *slog.Logger, err error) *Problem {
	status := StatusOf(err)
	p := &Problem{Title: http.StatusText(status), Status: status}
	var f *fault.Error
	switch {
	case errors.As(err, &f) && f.Kind != fault.Internal:
		p.Detail, p.Errors = f.Text, f.Fields
	case status == http.StatusRequestEntityTooLarge:
		p.Detail = "The body is too large"
	default:
		p.Detail = "Something went wrong here; the log has it under the request id " + RequestID(ctx)
	}
	if status < http.StatusInternalServerError {
		return p
	}
	p.Reference = RequestID(ctx)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return p // whoever asked has gone
	}
	log.ErrorContext(ctx, "request failed", "error", err, "request_id", p.Reference)
	if status == http.StatusInternalServerError { // the others have a cause that is known
		p.report(ctx, err)
	}
	return p
}

// report tells of an error before it is answered. Administrators learn where to
// read about it.
func (p *Problem) report(ctx context.Context, err error) {
	asked := requestOf(ctx)
	if asked.report == nil {
		return
	}
	actor, _ := ActorOf(ctx)
	r := exception.Of(models.ExceptionRequest, asked.function(), err)
	r.User, r.Reference = actor.Label, asked.id
	group := asked.report(ctx, r)
	if group != 0 && actor.Administrator() {
		p.Group, p.Exception = group, "/exceptions/"+strconv.FormatInt(group, 10)
	}
}

// function names what was asked for, without what differs from one request to
// the next.
func (r request) function() string {
	if r.route == "" {
		return r.method + " (no route)"
	}
	return r.method + " " + r.route
}
