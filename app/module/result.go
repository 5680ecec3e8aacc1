package module

import (
	"fmt"
	"time"
)

// Kind says what a result means for the delivery and for its connection.
type Kind int

// The kinds. The zero value is KindTransient, so that a result which nobody
// made is never taken for a success.
const (
	KindTransient  Kind = iota // try again; counts for the breaker
	KindDelivered              // arrived, or was accepted
	KindRetryAfter             // try again, not before Wait; counts for the breaker
	KindRejected               // the receiver did not want it: twice more, then dead; not for the breaker
	KindPermanent              // it can never arrive: dead
	KindRefused                // the guard did not let it out; not for the breaker
	KindGone                   // the receiver is no more: dead, and the connection is disabled
	KindSkipped                // it was not even tried, because this is not set up; final, not for the breaker
)

// String is the kind's name for logs and tests.
func (k Kind) String() string {
	switch k {
	case KindTransient:
		return "transient"
	case KindDelivered:
		return "delivered"
	case KindRetryAfter:
		return "retry_after"
	case KindRejected:
		return "rejected"
	case KindPermanent:
		return "permanent"
	case KindRefused:
		return "refused"
	case KindGone:
		return "gone"
	case KindSkipped:
		return "skipped"
	}
	return fmt.Sprintf("kind(%d)", int(k))
}

// Result is how one attempt ended. Its kind is set by the constructors alone;
// the fields are for the ledger and hold no secret.
type Result struct {
	kind Kind
	wait time.Duration

	Reason   string        // a phrase for the user
	Status   int           // of HTTP, or the code of SMTP; 0 where there was none
	Answer   string        // the start of what came back: at most 4 KB, valid UTF-8, no NUL
	Unsure   bool          // it was sent and may have arrived, though nothing says so
	Private  bool          // it came from an address that is not public
	Duration time.Duration // of the attempt
}

// Kind tells what the result means.
func (r Result) Kind() Kind { return r.kind }

// Wait is how long the receiver asked to be left alone; 0 unless the kind is
// KindRetryAfter.
func (r Result) Wait() time.Duration { return r.wait }

// WithMeaning returns another result of the same exchange: meaning, with the status, the answer
// and the duration of r.
func (r Result) WithMeaning(meaning Result) Result {
	meaning.Status, meaning.Answer, meaning.Private, meaning.Duration = r.Status, r.Answer, r.Private, r.Duration
	return meaning
}

// Delivered is a success; detail says what is known ("200 OK", "accepted").
func Delivered(detail string) Result { return Result{kind: KindDelivered, Reason: detail} }

// RetryAfter is a failure that the receiver wants tried again after d.
func RetryAfter(d time.Duration, reason string) Result {
	return Result{kind: KindRetryAfter, wait: d, Reason: reason}
}

// Transient is a failure that may pass.
func Transient(reason string) Result { return Result{kind: KindTransient, Reason: reason} }

// Rejected is a refusal by the receiver that is worth only a few more tries.
func Rejected(reason string) Result { return Result{kind: KindRejected, Reason: reason} }

// Permanent is a failure that no further attempt can mend.
func Permanent(reason string) Result { return Result{kind: KindPermanent, Reason: reason} }

// Refused is a connection that the guard of addresses did not let out.
func Refused(reason string) Result { return Result{kind: KindRefused, Reason: reason} }

// ResultGone is a receiver that says it will not be there any more.
func ResultGone(reason string) Result { return Result{kind: KindGone, Reason: reason} }

// Skipped is a message that was not sent, and is not to be, for a reason in our
// own settings.
func Skipped(reason string) Result { return Result{kind: KindSkipped, Reason: reason} }
