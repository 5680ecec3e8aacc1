package doctor

import (
	"context"
	"net"
	"time"

	"gatecrier/app/secret"
	"gatecrier/models"
)

// Parts are what the checks look at. A part that is nil is not checked.
type Parts struct {
	Store        *models.Store
	StoreErr     error  // why Store is nil
	DatabaseFile string // of SQLite, "" for PostgreSQL
	DataDir      string
	BackupDir    string // of scheduled backups, "" for none
	KeyName      string // the file or the variable of the key
	Ring         *secret.Ring
	KeyErr       error // why Ring is nil
	Serving      bool  // a server runs, on SQLite
	Mail         func() (host, from string)
	CheckMail    func(ctx context.Context) error
	Addresses    func(ctx context.Context) (list []Address, unread int, err error)
	Dial         func(ctx context.Context, network, address string) (net.Conn, error)
	Jobs         func(ctx context.Context) ([]Job, error)
	Held         func(ctx context.Context) (int, error)
	Free         func(path string) (uint64, error) // bytes of a file system; nil: the system's
	Now          func() time.Time
}

// Address is where a connection sends.
type Address struct {
	Address  string // host:port
	Name     string // of the connection, "" for one of a user
	Personal bool
}

// Job is the state of a scheduled job.
type Job struct {
	Name    string
	Title   string
	Failed  string    // the message of the last run, if it failed
	Overdue time.Time // the due time that no instance has taken, zero for none
}

// maxCheckTime bounds one check.
const maxCheckTime = 90 * time.Second

// checks are all checks in their order.
var checks = []struct {
	name  string
	check func(Parts, context.Context) Check
}{
	{"database", Parts.database},
	{"integrity", Parts.integrity},
	{"key", Parts.key},
	{"disk", Parts.disk},
	{"clock", Parts.clock},
	{"mail", Parts.mail},
	{"jobs", Parts.jobs},
	{"addresses", Parts.addresses},
	{"held messages", Parts.held},
	{"instances", Parts.instances},
}

// Run runs all checks. progress gets the name of each before it begins; nil: none.
func Run(ctx context.Context, p Parts, progress func(name string)) Report {
	if p.Free == nil {
		p.Free = freeBytes
	}
	r := Report{At: p.Now().UTC().Truncate(time.Microsecond)}
	for _, c := range checks {
		if progress != nil {
			progress(c.name)
		}
		ctx, cancel := context.WithTimeout(ctx, maxCheckTime)
		result := c.check(p, ctx)
		cancel()
		result.Name = c.name
		r.Checks = append(r.Checks, result)
	}
	return r
}
