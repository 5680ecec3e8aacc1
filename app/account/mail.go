package account

import (
	"context"
	"time"

	"gatecrier/app/module"
)

// mailTask prepares mails after the request that caused them has its answer.
type mailTask func(ctx context.Context) ([]accountMail, error)

// accountMail is a mail to one user. It is not in the delivery log, which would show its link.
type accountMail struct {
	userID  int64
	to      string
	message module.Message
}

// maxMailTasks bounds the tasks that wait. More are dropped; users can ask again.
const maxMailTasks = 100

// sendTime bounds one attempt and, before the program stops, all that is left.
const sendTime = 8 * time.Second

// pauses are the pauses after failed attempts.
var pauses = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute}

// ready returns a task whose mails are prepared already.
func ready(mails ...accountMail) mailTask {
	return func(context.Context) ([]accountMail, error) { return mails, nil }
}

// sendLater queues a task. It never waits: a task that finds the queue full is dropped.
func (s *Service) sendLater(task mailTask) {
	select {
	case s.tasks <- task:
	default:
		s.log.Warn("drop account mail: queue is full")
	}
}

// Run sends mails until ctx ends, then those that were queued before.
func (s *Service) Run(ctx context.Context) {
	for {
		select {
		case task := <-s.tasks:
			s.runTask(ctx, task)
		case <-ctx.Done():
			s.drain(context.WithoutCancel(ctx))
			return
		}
	}
}

// drain runs the queued tasks within sendTime. It attempts each mail once.
func (s *Service) drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	for {
		select {
		case task := <-s.tasks:
			s.runTask(ctx, task)
		default:
			return
		}
	}
}

func (s *Service) runTask(ctx context.Context, task mailTask) {
	mails, err := task(context.WithoutCancel(ctx))
	if err != nil {
		s.log.ErrorContext(ctx, "prepare account mail", "error", err)
	}
	for _, m := range mails {
		s.send(ctx, m)
	}
}

// send sends a mail. It repeats attempts that failed for a time.
func (s *Service) send(ctx context.Context, m accountMail) {
	var reason string
	for i := 0; ; i++ {
		r := s.attempt(ctx, m)
		if r.Kind() == module.KindDelivered {
			s.log.InfoContext(ctx, "mail sent", "user", m.userID)
			return
		}
		reason = r.Reason
		if i == len(pauses) || !retryable(r.Kind()) || !wait(ctx, pauses[i]) {
			break
		}
	}
	s.log.WarnContext(ctx, "send account mail", "user", m.userID, "reason", reason)
}

// attempt tries to send a mail once. It continues for a while after ctx ends.
func (s *Service) attempt(ctx context.Context, m accountMail) module.Result {
	limit := time.Now().Add(sendTime) // not the store's clock
	if end, bounded := ctx.Deadline(); bounded {
		limit = end
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), limit)
	defer cancel()
	return s.Mailer.Send(ctx, m.to, m.message)
}

// retryable reports whether another attempt can succeed.
func retryable(k module.Kind) bool {
	return k == module.KindTransient || k == module.KindRetryAfter || k == module.KindRejected
}

// wait reports whether the pause passed before ctx ended. It does not wait under a deadline.
func wait(ctx context.Context, pause time.Duration) bool {
	if _, bounded := ctx.Deadline(); bounded { // the program stops
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
