package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"strconv"
	"time"

	"gatecrier/app/exception"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// MediaProblem is the media type of RFC 9457.
const MediaProblem = "application/problem+json"

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
	// Outage is what keeps the database from working, if that is the fault.
	Outage models.State `json:"-"`
	// Group is the exception group of that page, 0 for none.
	Group int64 `json:"-"`
}

// Error returns the problem in one line.
func (p *Problem) Error() string { return p.Title + ": " + p.Detail }

// GetStatus returns the status of the answer.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType returns the media type of RFC 9457.
func (p *Problem) ContentType(string) string { return MediaProblem }

// GetHeaders returns the headers of the answer beside its type.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.Outage != models.Available {
		h.Set("Retry-After", strconv.Itoa(int(p.Outage.RetryAfter()/time.Second)))
	}
	return h
}

// SetHeaders adds the headers of the answer to those of a response.
func (p *Problem) SetHeaders(to http.Header) { maps.Copy(to, p.GetHeaders()) }

// statusClientGone is the status in the log of a request whose client did not wait for the answer.
const statusClientGone = 499

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
	case fault.BadMethod:
		return http.StatusMethodNotAllowed
	case fault.Conflict:
		return http.StatusConflict
	case fault.Precondition:
		return http.StatusPreconditionFailed
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
	switch {
	case outageOf(err) != models.Available:
		return http.StatusServiceUnavailable
	case errors.Is(err, os.ErrDeadlineExceeded):
		return http.StatusRequestTimeout
	}
	return http.StatusInternalServerError
}

// outageOf returns what keeps the database from working by an error. The deadline of a request
// counts: what it waited for is the database.
func outageOf(err error) models.State {
	if s := models.StateOf(err); s != models.Available {
		return s
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return models.Timeout
	}
	return models.Available
}

// isClientGone reports whether a request failed because its client closed the connection.
func isClientGone(ctx context.Context, err error) bool {
	return errors.Is(context.Cause(ctx), context.Canceled) &&
		(errors.Is(err, context.Canceled) || errors.Is(err, io.ErrUnexpectedEOF))
}

// ToProblem turns an error into a problem. A cause that the user must not read goes only to the
// log. Errors that are answered by 500 are reported as exceptions.
func ToProblem(ctx context.Context, log *slog.Logger, err error) *Problem {
	if isClientGone(ctx, err) && isLate(ctx) {
		err = os.ErrDeadlineExceeded
	}
	if isClientGone(ctx, err) {
		log.DebugContext(ctx, "client closed the connection", "error", err, "request_id", RequestID(ctx))
		return &Problem{Title: "Client closed the connection", Status: statusClientGone, Reference: RequestID(ctx)}
	}
	status := StatusOf(err)
	p := &Problem{Title: http.StatusText(status), Status: status}
	var f *fault.Error
	switch {
	case errors.As(err, &f) && f.Kind != fault.Internal:
		p.Detail, p.Errors = f.Text, f.Fields
	case status == http.StatusRequestEntityTooLarge:
		p.Detail = "The body is too large"
	case status == http.StatusRequestTimeout:
		p.Detail = "The body did not arrive in time"
	case status == http.StatusServiceUnavailable:
		p.Outage = outageOf(err)
		p.Detail = p.Outage.Sentence() + "; send the request again later"
		if models.IsUnsure(err) {
			p.Detail = p.Outage.Sentence() + "; the change might be stored or lost: check it before you send the request again"
		}
	default:
		p.Detail = "Something went wrong. Administrators find it in the server log by the request ID " + RequestID(ctx)
	}
	if status < http.StatusInternalServerError {
		return p
	}
	p.Reference = RequestID(ctx)
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
