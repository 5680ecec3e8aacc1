package page

import (
	"testing"
	"time"
)

func TestDemoView_Now(t *testing.T) {
	for _, test := range []struct {
		v    DemoView
		want string
	}{
		{DemoView{}, "The receiver is online, and the queue is empty."},
		{DemoView{Down: time.Minute}, "The receiver is offline for another 60 s."},
		{
			DemoView{Down: 59*time.Second + time.Millisecond, Refused: 4, Waiting: 4, Next: 5 * time.Second},
			"The receiver is offline for another 60 s; 4 attempts refused; 4 messages queued for retry, " +
				"the next attempt in 5 s.",
		},
		{DemoView{Down: time.Millisecond}, "The receiver is offline for another 1 s."},
		{
			DemoView{Refused: 9, Waiting: 1, Next: 80 * time.Second},
			"The receiver is online; 9 attempts refused; 1 message queued for retry, the next attempt in 80 s.",
		},
		{DemoView{Waiting: 2}, "The receiver is online; 2 messages queued for retry."},
		{DemoView{Refused: 9}, "The receiver is online; 9 attempts refused."},
	} {
		if got := test.v.now(); got != test.want {
			t.Errorf("%+v: %q, want %q", test.v, got, test.want)
		}
	}
}
