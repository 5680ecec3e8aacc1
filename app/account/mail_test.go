package account

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"gatecrier/app/module"
	"gatecrier/app/secret"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

func TestMain(m *testing.M) { os.Exit(modelstest.Main(m)) }

// fakeMailer answers sends with results in order, and repeats the last one.
type fakeMailer struct {
	mu      sync.Mutex
	results []module.Result
	sent    []string
	ids     []string

	messages []module.Message
}

func (o *fakeMailer) send(_ context.Context, to string, m module.Message) module.Result {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := o.results[min(len(o.sent), len(o.results)-1)]
	o.sent, o.ids = append(o.sent, to), append(o.ids, m.ID)
	o.messages = append(o.messages, m)
	return r
}

// mailWorld is an account service with a user of its own database and clock.
type mailWorld struct {
	*Service
	t      *testing.T
	clock  *modelstest.Clock
	mailer *fakeMailer
	log    bytes.Buffer
	user   models.User
}

func eachMailWorld(t *testing.T, fn func(w *mailWorld)) {
	clock := modelstest.NewClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	modelstest.EachAt(t, clock.Now, func(t *testing.T, store *models.Store) {
		ring, err := secret.NewRing(bytes.Repeat([]byte{7}, 32))
		if err != nil {
			t.Fatal(err)
		}
		w := &mailWorld{t: t, clock: clock, mailer: &fakeMailer{results: []module.Result{module.Delivered("ok")}}}
		w.Service = New(Parts{
			Store:      store,
			Log:        slog.New(slog.NewTextHandler(&w.log, nil)),
			Ring:       ring,
			Claim:      func() string { return models.NewClaim("me", true) },
			BaseURL:    func() string { return "https://gates.example" },
			Mailer:     Mailer{Ready: func() bool { return true }, Send: w.mailer.send},
			HashMemory: 64,
		})
		w.user, err = w.Create(t.Context(), NewUser{Name: "eve", Email: "eve@example.org", Password: "a good long password"})
		if err != nil {
			t.Fatal(err)
		}
		fn(w)
	})
}

// write runs fn in a transaction.
func (w *mailWorld) write(fn func(tx *models.Tx) error) {
	w.t.Helper()
	if err := w.store.Write(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// link stores an email with a link for the user.
func (w *mailWorld) link() link {
	l := newLink(models.LinkPassword, w.user.Email, resetTime)
	w.write(func(tx *models.Tx) error {
		return errors.Join(l.save(tx, w.user), w.queue(tx, w.resetMail(w.user, l, "192.0.2.1")))
	})
	return l
}

// sentAfter looks for due emails each second for a time, and returns after how long each was sent.
func (w *mailWorld) sentAfter(d time.Duration) []time.Duration {
	var list []time.Duration
	for i := range int(d / time.Second) {
		n := len(w.mailer.sent)
		w.sendMails(w.t.Context())
		for range len(w.mailer.sent) - n {
			list = append(list, time.Duration(i)*time.Second)
		}
		w.clock.Advance(time.Second)
	}
	return list
}

func TestMail_IsRetriedUntilItExpires(t *testing.T) {
	down, second, minute := module.Transient("down"), time.Second, time.Minute
	for name, test := range map[string]struct {
		results []module.Result
		want    []time.Duration
	}{
		"taken":           {[]module.Result{module.Delivered("ok")}, []time.Duration{0}},
		"taken late":      {[]module.Result{down, down, module.Delivered("ok")}, []time.Duration{0, 5 * second, 35 * second}},
		"no such address": {[]module.Result{module.Permanent("no")}, []time.Duration{0}},
		"not set up":      {[]module.Result{module.Skipped("no"), module.Delivered("ok")}, []time.Duration{0, 5 * second}},
		"never taken": {[]module.Result{down}, []time.Duration{
			0, 5 * second, 35 * second, 155 * second, 455 * second, 1055 * second, 1655 * second, 2255 * second,
			2855 * second, 3455 * second,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			eachMailWorld(t, func(w *mailWorld) {
				w.mailer.results = test.results
				l := w.link()
				if got := w.sentAfter(80 * minute); !slices.Equal(got, test.want) {
					t.Errorf("sent after %v, want %v", got, test.want)
				}
				if len(slices.Compact(w.mailer.ids)) != 1 {
					t.Errorf("attempts have different ids: %v", w.mailer.ids)
				}
				if bytes.Contains(w.log.Bytes(), []byte(l.text)) {
					t.Error("the link is in the log")
				}
				w.clock.Advance(-80 * minute)
			})
		})
	}
}

// An email whose link is used, replaced or ended is not sent.
func TestMail_IsNotSentWithoutValidLink(t *testing.T) {
	for name, end := range map[string]func(w *mailWorld, tx *models.Tx, l link) error{
		"used": func(_ *mailWorld, tx *models.Tx, l link) error {
			return tx.UseUserLink(models.UserLink{Hash: tokenHash(l.text)})
		},
		"replaced": func(w *mailWorld, tx *models.Tx, _ link) error {
			return newLink(models.LinkPassword, w.user.Email, resetTime).save(tx, w.user)
		},
		"ended": func(w *mailWorld, tx *models.Tx, _ link) error {
			return tx.EndUserLinks(w.user.ID, models.LinkPassword)
		},
		"credentials": func(w *mailWorld, tx *models.Tx, _ link) error {
			w.user.CredentialsFrom++
			return tx.SaveUser(&w.user)
		},
		"deactivated": func(w *mailWorld, tx *models.Tx, _ link) error { w.user.Active = false; return tx.SaveUser(&w.user) },
	} {
		t.Run(name, func(t *testing.T) {
			eachMailWorld(t, func(w *mailWorld) {
				l := w.link()
				w.write(func(tx *models.Tx) error { return end(w, tx, l) })
				if got := w.sentAfter(time.Minute); len(got) != 0 {
					t.Errorf("sent after %v", got)
				}
			})
		})
	}
}

// One of several instances sends an email. What an instance that is gone was sending is sent after
// its lease, with the same id: the mail server can have accepted it before.
func TestMail_IsClaimedByOneInstance(t *testing.T) {
	eachMailWorld(t, func(w *mailWorld) {
		w.link()
		gone, err := w.claimMails(t.Context())
		if err != nil || len(gone) != 1 {
			t.Fatalf("claimed %v, %v", gone, err)
		}
		if r := w.attempt(t.Context(), gone[0]); r.Kind() != module.KindDelivered {
			t.Fatalf("the first attempt: %v", r)
		}
		if got := w.sentAfter(mailLease + 5*time.Second); len(got) != 1 || got[0] != mailLease {
			t.Errorf("sent after %v, want once after %v", got, mailLease)
		}
		if ids := w.mailer.ids; len(ids) != 2 || ids[0] != ids[1] || ids[0] != gone[0].ID {
			t.Errorf("both attempts have the ids %v", ids)
		}
		w.write(func(tx *models.Tx) error { return tx.RetryAccountMail(gone[0], tx.Now()) })
		if got := w.sentAfter(time.Minute); len(got) != 0 {
			t.Errorf("a late result sends it again: %v", got)
		}
	})
}

// Emails that strangers cause are sent after all others.
func TestMail_OfStrangersGoesLast(t *testing.T) {
	eachMailWorld(t, func(w *mailWorld) {
		for i := range 2 * mailBatch {
			u, err := w.Create(t.Context(), NewUser{
				Name: fmt.Sprint("user", i), Email: fmt.Sprintf("u%d@example.org", i), Password: "a good long password",
			})
			if err != nil {
				t.Fatal(err)
			}
			w.write(func(tx *models.Tx) error { return w.queue(tx, w.attackMail(u)) })
		}
		w.clock.Advance(time.Second)
		w.write(func(tx *models.Tx) error { return w.queue(tx, w.movedMail(w.user, "old@example.org", "")) })
		mails, err := w.claimMails(t.Context())
		if err != nil || len(mails) != mailBatch || mails[0].UserID != w.user.ID {
			t.Errorf("claimed first: %+v, %v", mails, err)
		}
	})
}

// Requests that wait are bounded, and each of the answered ones is kept until its users are looked up.
func TestForgot_RequestsAreBounded(t *testing.T) {
	eachMailWorld(t, func(w *mailWorld) {
		for i := range maxLinkRequests + 1 {
			who := "eve"
			if i%2 == 1 {
				who = "nobody"
			}
			err := w.storeRequest(t.Context(), linkRequest{who, "192.0.2.1"})
			if (err != nil) != (i == maxLinkRequests) {
				t.Fatalf("request %d: %v", i, err)
			}
		}
		w.answerRequests(t.Context())
		if err := w.storeRequest(t.Context(), linkRequest{"eve", "192.0.2.1"}); err != nil {
			t.Errorf("after they were answered: %v", err)
		}
		if got := w.sentAfter(time.Minute); len(got) != 1 {
			t.Errorf("%d emails, want one: each link replaces the one before", len(got))
		}
	})
}
