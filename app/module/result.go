package module

import (
	"fmt"
	"time"
)

// Kind is what a result means for the delivery and for its connection.
type Kind int

// The kinds. The zero value is KindTransient, so that the zero Result is never a success.
const (
	KindTransient  Kind = iota // retry; counts for the breaker
	KindDelivered              // arrived, or was accepted
	KindRetryAfter             // retry, not before Wait; counts for the breaker
	KindRejected               // the receiver refused it: retry twice, then fail; not for the breaker
	KindPermanent              // it can never arrive: fail
	KindBlocked                // our guard refused the address: retry twice, then fail; not for the breaker
	KindGone                   // the receiver has ended: fail, and disable the connection
	KindSkipped                // not tried, because it is not set up; final, not for the breaker
)

// String returns the kind's name in the delivery log, the API and tests. Stored rows have it, so it
// does not change: that of KindBlocked is "refused".
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
	case KindBlocked:
		return "refused"
	case KindGone:
		return "gone"
	case KindSkipped:
		return "skipped"
	}
	return fmt.Sprintf("kind(%d)", int(k))
}

// Result is the outcome of one attempt. Only the constructors set its kind; the fields are for the
// delivery log and hold no secret.
type Result struct {
	kind Kind
	wait time.Duration

	Reason   string        // a phrase for the user
	Status   int           // of HTTP, or the code of SMTP; 0 for none
	Answer   string        // the start of the answer: at most 4 KiB, valid UTF-8, no NUL
	Unsure   bool          // it was sent and might have arrived, without an answer
	Private  bool          // the answer came from an address that is not public
	Duration time.Duration // of the attempt
}

// Kind returns what the result means.
func (r Result) Kind() Kind { return r.kind }

// Wait returns how long the receiver asked to wait; 0 unless the kind is KindRetryAfter.
func (r Result) Wait() time.Duration { return r.wait }

// WithMeaning returns another result of the same exchange: meaning, with the status, the answer
// and the duration of r. The result of a constructor alone has none of them.
func (r Result) WithMeaning(meaning Result) Result {
	meaning.Status, meaning.Answer, meaning.Private, meaning.Duration = r.Status, r.Answer, r.Private, r.Duration
	return meaning
}

// Delivered returns a success; detail is what is known of it ("200 OK", "accepted").
func Delivered(detail string) Result { return Result{kind: KindDelivered, Reason: detail} }

// RetryAfter returns a failure that the receiver asks to retry after d.
func RetryAfter(d time.Duration, reason string) Result {
	return Result{kind: KindRetryAfter, wait: d, Reason: reason}
}

// Transient returns a failure that can pass.
func Transient(reason string) Result { return Result{kind: KindTransient, Reason: reason} }

// Rejected returns a refusal by the receiver that is worth only a few more attempts.
func Rejected(reason string) Result { return Result{kind: KindRejected, Reason: reason} }

// Permanent returns a failure that no further attempt can solve.
func Permanent(reason string) Result { return Result{kind: KindPermanent, Reason: reason} }

// Blocked returns an attempt that our own guard of addresses refused. The receiver got nothing.
func Blocked(reason string) Result { return Result{kind: KindBlocked, Reason: reason} }

// Gone returns the answer of a receiver that has ended for good.
func Gone(reason string) Result { return Result{kind: KindGone, Reason: reason} }

// Skipped returns a message that was not sent, and will not be, because of our own settings.
func Skipped(reason string) Result { return Result{kind: KindSkipped, Reason: reason} }
