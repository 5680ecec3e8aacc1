package account

import (
	"context"
	"strings"
	"sync"
	"time"
	"unicode"

	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/visible"
	"gatecrier/models"
)

// trouble is what failed or was refused: the thing that was tried, the name as it was typed, and the
// network.
type trouble struct{ what, name, network string }

type troubleHour struct {
	trouble
	hour time.Time
}

type troubleCounts struct{ failed, refused int }

// maxTroubles bounds the troubles that wait for their flush; those beyond are joined.
const maxTroubles = 2000

// troubles counts failed and refused tries until their flush to the database, so that an attack
// costs no write for each. The zero value is ready, and safe for concurrent use.
type troubles struct {
	flushing sync.Mutex // a flush that returns has written all that was counted before

	mu     sync.Mutex
	counts map[troubleHour]troubleCounts
	logged time.Time     // when the last line was logged
	since  troubleCounts // what has not been logged
}

func (t *troubles) failed(who trouble, now time.Time)  { t.add(who, now, troubleCounts{failed: 1}) }
func (t *troubles) refused(who trouble, now time.Time) { t.add(who, now, troubleCounts{refused: 1}) }

func (t *troubles) add(who trouble, now time.Time, n troubleCounts) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[troubleHour]troubleCounts{}
	}
	who.name = strings.ToLower(visible.Name(who.name)) // all forms of a name are one
	key := troubleHour{who, now.UTC().Truncate(time.Hour)}
	if _, found := t.counts[key]; !found && len(t.counts) >= maxTroubles {
		key.trouble = trouble{who.what, models.OtherNames, models.OtherNetworks}
	}
	c := t.counts[key]
	t.counts[key] = troubleCounts{c.failed + n.failed, c.refused + n.refused}
}

// take returns the counts since the last take.
func (t *troubles) take() map[troubleHour]troubleCounts {
	t.mu.Lock()
	defer t.mu.Unlock()
	counts := t.counts
	t.counts = nil
	return counts
}

// troubleLogEvery is the time between two lines in the log: those of an attack are joined.
const troubleLogEvery = 10 * time.Minute

// toLog adds counts to those that are not logged yet. It returns them if a line is due.
func (t *troubles) toLog(n troubleCounts, now time.Time) (troubleCounts, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.since.failed += n.failed
	t.since.refused += n.refused
	waits := now.Sub(t.logged) < troubleLogEvery && !t.logged.After(now)
	if waits || t.since == (troubleCounts{}) {
		return troubleCounts{}, false
	}
	n, t.since, t.logged = t.since, troubleCounts{}, now
	return n, true
}

// troublesAtOnce is the number of reports in one transaction, which must be short.
const troublesAtOnce = 50

// flushTroubles writes what failed and was refused to the audit log and the log, and notifies the
// users that it is about. What it cannot write waits for the next flush.
func (s *Service) flushTroubles(ctx context.Context) error {
	s.troubles.flushing.Lock()
	defer s.troubles.flushing.Unlock()
	counts := s.troubles.take()
	users, err := s.reportTroubles(ctx, counts)
	for key, n := range counts {
		s.troubles.add(key.trouble, key.hour, n)
	}
	if err != nil {
		return err
	}
	for _, u := range users {
		if err := s.noticeTroubles(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

// auditedName returns the name for the audit log. A name that no user has can be a password, typed
// there by mistake.
func auditedName(typed string, u models.User) string {
	switch {
	case u.ID != 0:
		return u.Name
	case typed == models.OtherNames:
		return typed
	case typed == "":
		return "-"
	case strings.ContainsFunc(typed, unicode.IsControl):
		return "an unknown name"
	}
	return "an unknown name (" + hashed(typed)[:8] + ")"
}

func (s *Service) logTroubles(ctx context.Context, reports []models.SignInReport) {
	var sum troubleCounts
	for _, r := range reports {
		sum.failed, sum.refused = sum.failed+r.Failed, sum.refused+r.Refused
	}
	n, due := s.troubles.toLog(sum, s.store.Now())
	if !due {
		return
	}
	args := []any{"failed", n.failed, "refused", n.refused}
	if len(reports) == 1 {
		args = append(args, "what", reports[0].What, "user", reports[0].UserID, "network", reports[0].Network)
	}
	s.log.WarnContext(ctx, "sign-ins failed or were refused", args...)
}

// reportTroubles writes counts to the audit log, and removes those from the map that it has written.
// It returns the users of their names.
func (s *Service) reportTroubles(
	ctx context.Context, counts map[troubleHour]troubleCounts,
) (map[string]models.User, error) {
	users := map[string]models.User{}
	var keys []troubleHour
	var reports []models.SignInReport
	for key, n := range counts {
		u, known := users[key.name]
		if !known {
			var err error
			if u, err = s.store.UserByName(ctx, key.name); err != nil && !fault.Is(err, fault.NotFound) {
				return nil, err
			}
			users[key.name] = u
		}
		keys = append(keys, key)
		reports = append(reports, models.SignInReport{
			What: key.what, Name: auditedName(key.name, u), Network: key.network, UserID: u.ID,
			At: key.hour, Failed: n.failed, Refused: n.refused,
		})
	}
	for len(reports) > 0 {
		n := min(troublesAtOnce, len(reports))
		err := s.store.Write(ctx, func(tx *models.Tx) error {
			for _, r := range reports[:n] {
				if err := tx.ReportSignIns(r); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		for _, key := range keys[:n] {
			delete(counts, key)
		}
		s.logTroubles(ctx, reports[:n])
		keys, reports = keys[n:], reports[n:]
	}
	return users, nil
}

const (
	manyTroubles = 50             // in noticeEvery, of which a user is notified
	noticeEvery  = 24 * time.Hour // the time between two notices to a user
)

// noticeTroubles notifies a user of many failed and refused tries, in the inbox and by email.
func (s *Service) noticeTroubles(ctx context.Context, u models.User) error {
	if u.ID == 0 || !u.Active || s.Events == nil {
		return nil
	}
	since := s.store.Now().Add(-noticeEvery)
	n, err := s.store.SignInTrouble(ctx, u.ID, since)
	if err != nil || n < manyTroubles {
		return err
	}
	due := false
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		if due, err = tx.NoticeSignIns(u.ID, since); err != nil || !due {
			return err
		}
		p := event.AccountAttack{UserID: u.ID, Tries: n}
		if _, err := s.Events.Append(tx, 0, "", p); err != nil {
			return err
		}
		if u.Email == "" || !s.CanSendMail() {
			return nil
		}
		return s.queue(tx, s.attackMail(u))
	})
	if err == nil && due {
		s.wakeMail()
	}
	return err
}
