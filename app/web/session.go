package web

import (
	"log/slog"
	"net/http"
)

// SessionError returns the answer to a request whose session could not be read or written. It comes
// before any page, so it is plain text.
func SessionError(log *slog.Logger) func(http.ResponseWriter, *http.Request, error) {
	return func(w http.ResponseWriter, r *http.Request, err error) {
		p := ToProblem(r.Context(), log, err)
		p.SetHeaders(w.Header())
		http.Error(w, p.Detail, p.Status)
	}
}
