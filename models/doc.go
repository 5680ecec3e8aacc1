// Package models has the entities that Gatecrier stores, their rules and queries, and the Store
// that reads and writes them in SQLite or PostgreSQL.
//
// A [Store] only reads. Every method that changes data is a method of [Tx], and [Store.Write] is
// the only way to get one: it runs a closure in a transaction. On SQLite, closures that wait at
// the same time share one synced commit, each in a savepoint of its own.
//
// Every statement is written once, with ? for arguments, and rebound for PostgreSQL. Times are
// stored as microseconds since 1970 in UTC, a zero time as NULL.
//
// A read of data that belongs to products takes a [Scope]. A read that takes an id or an entity
// instead says in its comment which check the caller must have made.
package models
