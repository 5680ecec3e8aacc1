package admin

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/templates/ui"
)

// backField has the pages before, in the URL of a list that is read in one direction only.
const backField = "back"

// maxPagesBack bounds the pages that "Previous" leads back to, one after the other. With more, it
// leads to the first page.
const maxPagesBack = 20

// forwardPage is the place of a page in a list that is read in one direction only. The URL has the keys
// at which the pages before it begin.
type forwardPage struct {
	listPage

	name string   // of the parameter with the key
	back []string // the pages before but the first: the key of each, a dot, and the rows before it
}

// forwardParams returns the parameters of such a list, beside those of its filter.
func forwardParams(key listParam, filter ...listParam) []listParam {
	return slices.Concat(sizeParams(), []listParam{key, {name: backField}}, filter)
}

// forwardPageOf reads the place of a page from the URL; key is the parameter with its key.
func forwardPageOf(c *gin.Context, key listParam) forwardPage {
	p := forwardPage{listPage: listPage{size: sizeOf(c)}, name: key.name}
	if p.Key = c.Query(key.name); p.Key == "" || !key.takes(p.Key) {
		p.Key = ""
		return p
	}
	p.row = rowOf(c)
	if text := c.Query(backField); text != "" {
		p.back = strings.Split(text, ",")
	}
	return p
}

// next returns the URL of the page that begins after n rows of this one, at a key.
func (p *forwardPage) next(key string, n int) string {
	back := p.back
	if p.Key != "" {
		back = append(slices.Clone(back), p.Key+"."+strconv.Itoa(p.row))
	}
	back = back[max(0, len(back)-maxPagesBack):]
	return p.link(p.name, key, rowField, p.rowAt(n), backField, strings.Join(back, ","))
}

// cut cuts rows, of which the caller has read one more than the page shows, to the page, and returns the
// links to other pages.
func cut[R any](p *forwardPage, rows []R, one, many string, key func(last R) string) ([]R, ui.Pager, error) {
	shown := shownRows{n: min(len(rows), p.size), more: len(rows) > p.size, one: one, many: many}
	next := ""
	if shown.more {
		rows = rows[:p.size]
		next = key(rows[p.size-1])
	}
	v, err := p.pages(shown, nil, next)
	return rows, v, err
}

// pages returns the links to other pages; next is the key of the next one, "" on the last page.
func (p *forwardPage) pages(rows shownRows, count func() (int, error), next string) (ui.Pager, error) {
	v, err := p.pager(rows, count)
	if p.Key != "" {
		v.First, v.Prev = p.first(), p.first()
		if n := len(p.back); n > 0 {
			key, row, _ := strings.Cut(p.back[n-1], ".")
			v.Prev = p.link(p.name, key, rowField, row, backField, strings.Join(p.back[:n-1], ","))
		}
	}
	if next != "" {
		v.Next = p.next(next, rows.n)
	}
	return v, err
}
