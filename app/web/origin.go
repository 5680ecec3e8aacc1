package web

import (
	"log/slog"
	"net/http"
)

// SameOrigin refuses requests that a browser sends from another site and that could change
// something. Requests without the headers of browsers pass. trusted are allowed origins besides
// the request's own host, for a proxy that changes the host.
func SameOrigin(next http.Handler, trusted []string, log *slog.Logger) (http.Handler, error) {
	protection := http.NewCrossOriginProtection()
	for _, origin := range trusted {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, err
		}
	}
	// Pages of any site report their exceptions.
	for _, path := range []string{"/api/{product_id}/envelope", "/api/{product_id}/envelope/{$}"} {
		protection.AddInsecureBypassPattern(path)
	}
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log.Warn("refuse cross-origin request", "path", r.URL.Path, "origin", r.Header.Get("Origin"))
		const text = "This request comes from another site. " +
			"If you reach Gatecrier by another address than its BASE_URL, set that."
		http.Error(w, text, http.StatusForbidden)
	}))
	return protection.Handler(next), nil
}
