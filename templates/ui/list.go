package ui

// Chip is a filter: a link with a count.
type Chip struct {
	Label   string
	Href    string
	Count   int // -1 = not counted
	Current bool
}

// Removable is a filter that narrows a list; Clear is the URL of the list without it.
type Removable struct{ Label, Clear string }

// Hidden is a value that a form carries along.
type Hidden struct{ Name, Value string }

// Column is the head of a column.
type Column struct {
	Label  string
	Class  string
	Sort   string // the order that the list has by it; "" = none
	Title  string // of the link that sorts; "" = named by the label
	Hidden bool   // the label is for screen readers only
	Skip   bool   // the table does not have it: not here, or not for this user
}

// Sorting are the links that sort a list, by the names of its orders.
type Sorting map[string]SortLink

// SortLink sorts a list by a column.
type SortLink struct {
	Href      string // "" = the list has one direction of this order only
	Direction string // ascending or descending, if the list is sorted by it; Href turns it
}

// Pager leads to the pages around this one. Paging is by key, so there are no
// page numbers.
type Pager struct {
	First string // URL of the first page; "" on the first page
	Prev  string // URL of the page before; "" on the first page
	Next  string // URL of the next page; "" on the last page
	Text  string // what is shown: "26–50 of 318 products"
	Sizes []Chip // the list with other numbers of rows on a page
	// Export is the URL of the list as a file; "" if it has none.
	Export string
}

func (c Column) title() string {
	if c.Title != "" {
		return c.Title
	}
	return "Sort by " + c.Label
}
