// Package engine is the store without its entities: it opens a SQLite or PostgreSQL database,
// migrates it, reads it, and writes it through closures.
//
// A [DB] only reads. The statements that write are methods of [Tx], and only [DB.Write] creates
// a Tx: its closure's statements are stored together or not at all. On SQLite, closures that wait
// at the same time share one commit, each in its own savepoint, so that they pay for one synced
// commit.
//
// SQL is written once, with ? for arguments; [Queries] replaces these for PostgreSQL. Times are
// stored as microseconds since 1970 in UTC, a zero time as NULL.
//
// Only package models imports this package: a method that runs SQL is out of reach elsewhere.
package engine
