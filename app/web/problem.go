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

// Problem is the API's answer to an error (RFC 9457), with the fields that need another value.
type Problem struct {
	Title  string        `json:"title"`
	Status int           `json:"status"`
	Detail string        `json:"detail,omitempty"`
	Errors []fault.Field `json:"errors,omitempty"`
	// Reference is the id of the request, if the fault is the server's.
	Reference string `json:"reference,omitempty" doc:"Where the fault is the server's: the request's id, by which its log has it"`
	// Exception is the path of the page about the fault, for administrators.
	Exception string `json:"exception,omitempty" doc:"For administrators: the path of the page about it"`
	// Group is the exception group of that page, 0 for none.
	Group int64 `json:"-"`
}

// Error returns the problem in one line.
func (p *Problem) Error() string { return p.Title + ": " + p.Detail }

// GetStatus returns the status of the answer.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType returns the media type of RFC 9457.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// StatusOf returns the HTTP status that answers an error.
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
	case fault.Unsupported:
		return http.StatusUnsupportedMediaType
	case fault.TooMany:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.Internal:
	}
	return http.StatusInternalServerError
}

// ToProblem turns an error into a problem. A cause that the user must not read goes only to the
// log. Errors that are answered by 500 are reported as exceptions.
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
		return p // the client has gone
	}
	log.ErrorContext(ctx, "answer request", "error", err, "request_id", p.Reference)
	if status == http.StatusInternalServerError { // the others have a known cause
		p.report(ctx, err)
	}
	return p
}

// report reports an error as an exception before it is answered. It adds the page about the
// exception for administrators.
func (p *Problem) report(ctx context.Context, err error) {
	request := requestOf(ctx)
	if request.report == nil {
		return
	}
	actor, _ := ActorOf(ctx)
	r := exception.FromError(models.ExceptionRequest, request.function(), err)
	r.User, r.Reference = actor.Label, request.id
	group := request.report(ctx, r)
	if group != 0 && actor.Administrator() {
		p.Group, p.Exception = group, "/exceptions/"+strconv.FormatInt(group, 10)
	}
}

// function returns the method and the route, which are the same for all requests of a kind.
func (r request) function() string {
	if r.route == "" {
		return r.method + " (no route)"
	}
	return r.method + " " + r.route
}
