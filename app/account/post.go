package account

import (
	"context"
	"time"

	"gatecrier/app/module"
)

// mailTask is something to be mailed once who has asked for it has got an answer.
type mailTask func(ctx context.Context) ([]accountMail, error)

// accountMail is a mail to one user. It is in no ledger: what its link has would be
// readable there.
type accountMail struct {
	user    int64
	to      string
	message module.Message
}

// maxMailTasks bounds how many wait. Others are dropped, and asked for again.
const maxMailTasks = 100

// lastSends is how long a send may take, and all that is left at the end.
const lastSends = 8 * time.Second

// pauses are those after attempts that have failed.
var pauses = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute}

// ready is an errand whose letters are there.
func ready(mails ...accountMail) mailTask {
	return func(context.Context) ([]accountMail, error) { return mails, nil }
}

// sendLater has an errand done soon. It never waits.
func (s *Service) sendLater(e mailTask) {
	select {
	case s.tasks <- e:
	default:
		s.log.Warn("too many mails to people wait: one was dropped")
	}
}

// Run mails letters until ctx ends, and then what has been asked for before.
func (s *Service) Run(ctx context.Context) {
	for {
		select {
		case e := <-s.tasks:
			s.do(ctx, e)
		case <-ctx.Done():
			s.rest(context.WithoutCancel(ctx))
			return
		}
	}
}

// rest does what is left at the end, as far as it comes, each once.
func (s *Service) rest(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lastSends)
	defer cancel()
	for {
		select {
		case e := <-s.tasks:
			s.do(ctx, e)
		default:
			return
		}
	}
}

func (s *Service) do(ctx context.Context, e mailTask) {
	mails, err := e(context.WithoutCancel(ctx))
	if err != nil {
		s.log.ErrorContext(ctx, "mail to a person not written", "error", err)
	}
	for _, l := range mails {
		s.send(ctx, l)
	}
}

// send mails a letter, some times if it must be.
func (s *Service) send(ctx context.Context, l accountMail) {
	var why string
	for i := 0; ; i++ {
		r := s.attempt(ctx, l)
		if r.Kind() == module.KindDelivered {
			s.log.InfoContext(ctx, "mailed to a person", "user", l.user)
			return
		}
		why = r.Reason
		if i == len(pauses) || !again(r.Kind()) || !wait(ctx, pauses[i]) {
			break
		}
	}
	s.log.WarnContext(ctx, "mail to a person not sent", "user", l.user, "reason", why)
}

// attempt goes on for a while where the program ends.
func (s *Service) attempt(ctx context.Context, l accountMail) module.Result {
	limit := time.Now().Add(lastSends) // real time
	if end, bounded := ctx.Deadline(); bounded {
		limit = end
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), limit)
	defer cancel()
	return s.Post.Send(ctx, l.to, l.message)
}

func again(k module.Kind) bool {
	return k == module.KindTransient || k == module.KindRetryAfter || k == module.KindRejected
}

// wait waits, unless ctx ends before.
func wait(ctx context.Context, pause time.Duration) bool {
	if _, bounded := ctx.Deadline(); bounded { // at the end
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
