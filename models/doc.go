// Package models holds what Gatecrier stores: the entities with their rules,
// the queries, and the Store that reads and writes them in SQLite or
// PostgreSQL.
//
// A [Store] only reads. Whatever changes something is a method of [Tx], and
// the only way to a Tx is [Store.Write]: a closure whose statements are kept
// together or not at all. On SQLite closures that wait at the same time share
// one commit, each in a savepoint of its own, so that a synced commit is paid
// once for all of them.
//
// SQL is written once, with ? for arguments, and rebound for PostgreSQL. Times
// are stored as microseconds since 1970 in UTC, a zero time as NULL.
package models
