package admin

import (
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"gatecrier/models"
	"gatecrier/templates/ui"
)

// The parameters of a page of a list, beside those of its filter.
const (
	afterField  = "after"  // the key of the row before the page
	beforeField = "before" // the key of the row after it
	rowField    = "row"    // how many rows are before the page
	sizeField   = "size"   // rows on a page
	sortField   = "sort"
	dirField    = "dir" // of the order, if it is not its usual one
)

// The values of dirField.
const (
	dirAsc  = "asc"
	dirDesc = "desc"
)

// smallestPage is the first of pageSizes.
const smallestPage = 25

// pageSizes are the numbers of rows on a page that lists offer.
func pageSizes() []string { return []string{"25", "50", "100"} }

// sortOption is an order that a list offers.
type sortOption struct {
	name string
	desc bool // its usual direction
}

// newestFirst are the options of a list that is sorted by time alone.
func newestFirst(name string) []sortOption { return []sortOption{{name: name, desc: true}} }

// listPage is the place of a page in its list.
type listPage struct {
	models.Place
	path    string
	filter  []string // names and values in the URL
	size    int      // rows on the page
	row     int      // rows before the page; -1 = unknown
	options []sortOption
	dir     string // in the URL, if it is not the usual one
}

// pageParams returns the parameters of a list that has pages, by keys of its orders, beside those of
// its filter.
func pageParams[T any](orders models.Orders[T], options []sortOption, filter ...listParam) []listParam {
	params := append(sizeParams(), keyParam(afterField, orders.Valid), keyParam(beforeField, orders.Valid))
	if len(options) > 0 {
		sort := listParam{name: sortField}
		for _, o := range options {
			sort.values = append(sort.values, o.name)
		}
		params = append(params, sort, oneOf(dirField, dirAsc, dirDesc))
	}
	return append(params, filter...)
}

// sizeParams returns the parameters of each list that has pages.
func sizeParams() []listParam {
	return []listParam{oneOf(sizeField, pageSizes()...), keyParam(rowField, isIDKey)}
}

// pageOf reads the place of a page from the URL. The first option is the order without a parameter.
func pageOf(c *gin.Context, options ...sortOption) listPage {
	p := listPage{size: sizeOf(c), options: options}
	if len(options) > 0 {
		p.sortBy(c.Query(sortField), c.Query(dirField))
	}
	switch after, before := knownValue(c, afterField), knownValue(c, beforeField); {
	case after != "":
		p.Key = after
	case before != "":
		p.Key, p.Back = before, true
	}
	if p.Key != "" {
		p.row = rowOf(c)
	}
	return p
}

// sizeOf reads the number of rows on a page from the URL.
func sizeOf(c *gin.Context) int {
	if text := c.Query(sizeField); slices.Contains(pageSizes(), text) {
		return int(idOf(text))
	}
	return pageSize
}

// rowOf reads the number of rows before a page that has a key from the URL, -1 if it has none.
func rowOf(c *gin.Context) int {
	const maxRow = 1_000_000_000
	text := c.Query(rowField)
	if !isIDKey(text) {
		return -1
	}
	return int(min(idOf(text), maxRow))
}

// rowAt returns the row that is n rows after the first one of the page, for a URL.
func (p *listPage) rowAt(n int) string {
	if p.row < 0 {
		return ""
	}
	return strconv.Itoa(max(0, p.row+n))
}

func (p *listPage) sortBy(name, dir string) {
	o := p.options[max(0, slices.IndexFunc(p.options, func(o sortOption) bool { return o.name == name }))]
	p.Sort = o.name
	if dir == dirAsc && o.desc || dir == dirDesc && !o.desc {
		p.Reverse, p.dir = true, dir
	}
}

// kept returns what the links of a list keep beside its filter: the order and the size of a page.
func (p *listPage) kept() []string {
	var kept []string
	if len(p.options) > 0 && p.Sort != p.options[0].name {
		kept = append(kept, sortField, p.Sort)
	}
	if p.dir != "" {
		kept = append(kept, dirField, p.dir)
	}
	return append(kept, sizePairs(p.size)...)
}

// sizePairs returns the size of a page for a URL, nothing for the usual one.
func sizePairs(size int) []string {
	if size == pageSize {
		return nil
	}
	return []string{sizeField, strconv.Itoa(size)}
}

// hiddenFields returns names and values as hidden fields of a form.
func hiddenFields(pairs []string) []ui.Hidden {
	var list []ui.Hidden
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			list = append(list, ui.Hidden{Name: pairs[i], Value: pairs[i+1]})
		}
	}
	return list
}

// in sets the path of the list and the filter in its URL.
func (p *listPage) in(path string, filter ...string) {
	p.path, p.filter = path, filter
}

// first returns the URL of the first page.
func (p *listPage) first() string { return p.link() }

func (p *listPage) link(pairs ...string) string {
	return link(p.path, slices.Concat(p.filter, p.kept(), pairs)...)
}

// sorting returns the links that sort the list. That of the current order turns its direction.
func (p *listPage) sorting() ui.Sorting {
	links := ui.Sorting{}
	for _, o := range p.options {
		to := listPage{path: p.path, filter: p.filter, size: p.size, options: p.options}
		to.sortBy(o.name, "")
		l := ui.SortLink{}
		if o.name == p.Sort {
			l.Direction = "ascending"
			turned := dirDesc
			if o.desc != p.Reverse {
				l.Direction, turned = "descending", dirAsc
			}
			to.sortBy(o.name, turned)
		}
		l.Href = to.first()
		links[o.name] = l
	}
	return links
}

// rowsOf reads and names the rows of a list.
type rowsOf[R any] struct {
	read      func(at models.Place, limit int) ([]R, error)
	key       func(at models.Place, row R) string
	count     func() (int, error) // up to one more than maxCount; nil = not counted
	maxCount  int                 // 0 = models.MaxCounted
	one, many string
}

// readPage reads the rows of a page and returns the links to the others. A page before which there are
// not enough rows is the first one, and so is one after all rows.
func readPage[R any](p *listPage, list rowsOf[R]) ([]R, ui.Pager, error) {
	rows, err := list.read(p.Place, p.size+1)
	if short := len(rows) == 0 || p.Back && len(rows) <= p.size; err == nil && p.Key != "" && short {
		p.Key, p.Back, p.row = "", false, 0
		rows, err = list.read(p.Place, p.size+1)
	}
	if err != nil {
		return nil, ui.Pager{}, err
	}
	more := len(rows) > p.size
	switch {
	case more && p.Back:
		rows = rows[1:] // the first one is only read to know that there are more
	case more:
		rows = rows[:p.size]
	}
	shown := shownRows{n: len(rows), more: more || p.Back, max: list.maxCount, one: list.one, many: list.many}
	if shown.max == 0 {
		shown.max = models.MaxCounted
	}
	v, err := p.pager(shown, list.count)
	if p.Key != "" {
		v.First = p.first()
		v.Prev = p.link(beforeField, list.key(p.Place, rows[0]), rowField, p.rowAt(-p.size))
	}
	if more || p.Back {
		last := rows[len(rows)-1]
		v.Next = p.link(afterField, list.key(p.Place, last), rowField, p.rowAt(len(rows)))
	}
	return rows, v, err
}

// shownRows are the rows of a page, and whether others follow.
type shownRows struct {
	n         int
	more      bool
	max       int // rows that are counted at most
	one, many string
}

// pager returns the text of a page and the links to other sizes of it.
func (p *listPage) pager(rows shownRows, count func() (int, error)) (ui.Pager, error) {
	if p.Key == "" && !rows.more {
		v := ui.Pager{Text: ui.Plural(rows.n, rows.one, rows.many) + " shown"}
		if rows.n > smallestPage || p.size != pageSize {
			v.Sizes = p.sizes()
		}
		return v, nil
	}
	total := 0 // unknown
	if count != nil {
		var err error
		if total, err = count(); err != nil {
			return ui.Pager{}, err
		}
	}
	if !rows.more && total > 0 && total <= rows.max {
		p.row = max(0, total-rows.n) // rows have come or gone since the page before
	}
	if p.row < 0 {
		return ui.Pager{Text: ui.Plural(rows.n, rows.one, rows.many) + " shown", Sizes: p.sizes()}, nil
	}
	return ui.Pager{Text: rows.text(p.row, total), Sizes: p.sizes()}, nil
}

// text says which rows of how many are shown: "26–50 of 312 products".
func (r shownRows) text(before, total int) string {
	last := before + r.n
	all := "more than " + ui.Plural(max(last, r.max), r.one, r.many)
	switch {
	case !r.more:
		all = ui.Plural(last, r.one, r.many)
	case total <= last: // unknown, or rows have come or gone since
		all = "more than " + ui.Plural(last, r.one, r.many)
	case total <= r.max:
		all = ui.Plural(total, r.one, r.many)
	}
	return ui.Number(int64(before+1)) + "–" + ui.Number(int64(last)) + " of " + all
}

// sizes returns the links to the list with other numbers of rows on a page.
func (p *listPage) sizes() []ui.Chip {
	var list []ui.Chip
	for _, size := range pageSizes() {
		to := *p
		to.size = int(idOf(size))
		list = append(list, ui.Chip{Label: size, Href: to.first(), Count: -1, Current: to.size == p.size})
	}
	return list
}
