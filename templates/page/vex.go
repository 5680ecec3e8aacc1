package page

import "time"

// VEXSaid is what a VEX document says about an observation; the zero value is nothing.
type VEXSaid struct {
	Status        string
	Document      string // the ID that its author gave it
	Justification string
}

// VEXRow is a VEX document of a product.
type VEXRow struct {
	ID                        int64
	Document, Author, Version string
	Format                    string
	Branch                    string // "" = all branches
	Statements, Observations  int64
	At                        time.Time
	By                        string
}

// VEXResult is what a VEX document has changed.
type VEXResult struct {
	Document                     string
	Statements                   int64
	Changed, Unchanged, NotFound int
}
