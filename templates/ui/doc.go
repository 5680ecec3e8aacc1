// Package ui has the small parts that pages are made of: the gate chip, counts,
// states, times, fields. They take plain values, know no other package of ours
// but static, and escape whatever they are given.
package ui
