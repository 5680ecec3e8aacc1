package engine

import (
	"strconv"
	"strings"
	"sync"
)

// maxBound is how many statements a binder caches. The program has far fewer; lists of different
// lengths multiply them.
const maxBound = 2048

// binder caches statements with their placeholders replaced for PostgreSQL.
type binder struct {
	mu    sync.RWMutex
	cache map[string]string
}

func (b *binder) bind(query string) string {
	b.mu.RLock()
	bound, ok := b.cache[query]
	b.mu.RUnlock()
	if ok {
		return bound
	}
	bound = rebind(query)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cache == nil || len(b.cache) >= maxBound {
		b.cache = map[string]string{}
	}
	b.cache[query] = bound
	return bound
}

// rebind replaces each ? outside quotes and comments by $1, $2 and so on.
func rebind(query string) string {
	var out strings.Builder
	n := 0
	for i := 0; i < len(query); {
		size := quotedLength(query[i:])
		if size == 0 && query[i] == '?' {
			n++
			out.WriteString("$" + strconv.Itoa(n))
			i++
			continue
		}
		size = max(size, 1)
		out.WriteString(query[i : i+size])
		i += size
	}
	return out.String()
}

// quotedLength returns the length of the string, quoted name or comment at the start of query, or 0.
func quotedLength(query string) int {
	ends := ""
	switch {
	case query[0] == '\'' || query[0] == '"':
		ends = query[:1] // a doubled quote reads as two adjacent strings
	case strings.HasPrefix(query, "--"):
		ends = "\n"
	case strings.HasPrefix(query, "/*"):
		ends = "*/"
	default:
		return 0
	}
	skip := 1
	if ends == "*/" {
		skip = 2
	}
	end := strings.Index(query[skip:], ends)
	if end < 0 {
		return len(query)
	}
	return skip + end + len(ends)
}
