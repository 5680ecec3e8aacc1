// Package page has the screens: a template and a view struct for each. View
// structs hold plain values, so that a page can be rendered without a database.
// Paths that forms post to are named at the struct of their page.
package page
