//go:build cgo

package engine

/*
#cgo linux LDFLAGS: -Wl,--unresolved-symbols=ignore-in-object-files
#cgo darwin LDFLAGS: -Wl,-undefined,dynamic_lookup

// From SQLite's C interface, which go-sqlite3 compiles into the program.
typedef struct sqlite3 sqlite3;
int sqlite3_db_config(sqlite3 *, int op, ...);
int sqlite3_auto_extension(void (*entry)(void));

enum { enable_qpsg = 1007 }; // SQLITE_DBCONFIG_ENABLE_QPSG

static int keep_plans(sqlite3 *db, char **message, const void *api) {
	return sqlite3_db_config(db, enable_qpsg, 1, (int *)0);
}

static int keep_plans_of_new_connections(void) {
	return sqlite3_auto_extension((void (*)(void))keep_plans);
}
*/
import "C"

import "sync"

// keepPlans makes SQLite prepare a statement once, for each connection that is opened afterwards.
// Without it, SQLite plans a statement anew for each call with "LIMIT ?", or with a parameter
// that is compared with a column of a partial index: that took more time than running it. See
// https://sqlite.org/c3ref/c_dbconfig_defensive.html#sqlitedbconfigenableqpsg.
var keepPlans = sync.OnceValue(func() bool { return C.keep_plans_of_new_connections() == 0 })
