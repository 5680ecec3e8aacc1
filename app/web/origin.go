package web

import (
	"log/slog"
	"net/http"
)

// SameOrigin refuses what a browser sends from another site and that could
// change something. Requests of programs, without the headers of browsers,
// pass. trusted are origins beside the request's own host, for a proxy that
// changes it.
func SameOrigin(next http.Handler, trusted []string, log *slog.Logger) (http.Handler, error) {
	protection := http.NewCrossOriginProtection()
	for _, origin := range trusted {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, err
		}
	}
	for _, path := range []string{"/api/{product_id}/envelope", "/api/{product_id}/envelope/{$}"} { // pages of any site report their exceptions
		protection.AddInsecureBypassPattern(path)
	}
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log.Warn("cross-origin request refused", "path", r.URL.Path, "origin", r.Header.Get("Origin"))
		http.Error(
			w,
			"This request comes from another site. If you reach Gatecrier by another address than its BASE_URL, set that.",
			http.StatusForbidden,
		)
	}))
	return protection.Handler(next), nil
}
