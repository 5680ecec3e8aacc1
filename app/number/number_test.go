package number

import "testing"

func TestOf(t *testing.T) {
	for n, want := range map[int64]string{0: "0 boxes", 1: "1 box", 2: "2 boxes", -1: "-1 boxes", 12345: "12345 boxes"} {
		if got := Of(n, "box", "boxes"); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
