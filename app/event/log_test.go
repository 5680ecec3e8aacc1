package event_test

import (
	"os"
	"slices"
	"testing"

	"gatecrier/app/event"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

func TestMain(m *testing.M) { os.Exit(modelstest.Main(m)) }

// woken reports whether a signal was notified since the last call.
func woken(s *event.Signal) bool {
	select {
	case <-s.C():
		return true
	default:
		return false
	}
}

// Each reader gets work for the types that it wants, and is woken by them alone. What a reader wants
// can change.
func TestLog_Readers(t *testing.T) {
	store := modelstest.SQLite(t)
	var stale bool
	all := event.Subscription{Reader: "all", Signal: event.NewSignal()}
	some := event.Subscription{Reader: "some", Signal: event.NewSignal(), Wants: func(t event.Type) bool {
		return t == event.GateChanged || stale && t == event.ProductIsStale
	}}
	log := event.NewLog(all, some)
	write := func(fn func(tx *models.Tx) error) {
		t.Helper()
		if err := store.Write(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	work := func(reader event.Reader) (types []string) {
		t.Helper()
		list, err := store.EventWork(t.Context(), string(reader), 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range list {
			types = append(types, w.Event.Type)
		}
		return types
	}
	appended := func(p event.Payload) (firstWoken, secondWoken bool) {
		t.Helper()
		write(func(tx *models.Tx) error {
			_, err := log.Append(tx, 0, "", p)
			return err
		})
		return woken(all.Signal), woken(some.Signal)
	}
	for i, test := range []struct {
		p           event.Payload
		first, next bool
	}{{event.GateChange{}, true, true}, {event.ProductStale{}, true, false}} {
		if first, next := appended(test.p); first != test.first || next != test.next {
			t.Errorf("event %d woke %v and %v", i, first, next)
		}
	}
	stale = true
	if _, next := appended(event.ProductStale{}); !next {
		t.Error("the reader was not woken by what it wants now")
	}
	once := func() (made bool) {
		t.Helper()
		write(func(tx *models.Tx) (err error) {
			from := event.Provenance{Source: "soc", SourceID: "1"}
			_, made, err = log.AppendOnce(tx, from, 0, "", event.GateChange{})
			return err
		})
		return made
	}
	if !once() || !woken(all.Signal) || !woken(some.Signal) {
		t.Error("an event from outside did not wake its readers")
	}
	if once() || woken(all.Signal) || woken(some.Signal) {
		t.Error("an event that is stored already woke a reader")
	}
	write(func(tx *models.Tx) error {
		_, err := log.Record(tx, 0, "", event.GateChange{})
		return err
	})
	const gate, old = "gate.changed", "product.stale"
	if got := work("all"); !slices.Equal(got, []string{gate, old, old, gate}) {
		t.Errorf("the reader of all has %v", got)
	}
	if got := work("some"); !slices.Equal(got, []string{gate, old, gate}) {
		t.Errorf("the reader of some has %v", got)
	}
}
