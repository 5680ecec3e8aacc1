package feed

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// maxEntries bounds the notifications in a feed.
const maxEntries = 50

// suffix ends the address of a feed.
const suffix = ".atom"

// Service manages the addresses of feeds, and reads their content.
type Service struct {
	store   *models.Store
	baseURL func() string
	// Created is called in the transaction that gives a user's feed an address; nil: nothing follows.
	Created func(tx *models.Tx, u models.User) error
}

// New returns a service. baseURL returns the public URL of Gatecrier.
func New(store *models.Store, baseURL func() string) *Service {
	return &Service{store: store, baseURL: baseURL}
}

// State returns when the actor's feed got its address, zero if they have none.
func (s *Service) State(ctx context.Context, actor authz.Actor) (time.Time, error) {
	if err := requireUser(actor); err != nil {
		return time.Time{}, err
	}
	f, err := s.store.FeedOf(ctx, actor.User.ID)
	if fault.Is(err, fault.NotFound) {
		return time.Time{}, nil
	}
	return f.CreatedAt, err
}

// Make gives the actor's feed a new address and returns it. The address is not stored, and a
// former one stops working.
func (s *Service) Make(ctx context.Context, actor authz.Actor) (string, error) {
	if err := requireFullAccess(actor); err != nil {
		return "", err
	}
	token := rand.Text() + rand.Text()
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		if err := authz.RequireCurrent(tx, actor); err != nil {
			return err
		}
		entry := audit.Entry{Action: audit.Create, Kind: audit.Feed, Name: actor.User.Name, Became: maskedAddress()}
		_, err := tx.FeedOf(tx.Context(), actor.User.ID)
		switch {
		case err == nil:
			entry.Action, entry.Was = audit.Change, maskedAddress()
		case !fault.Is(err, fault.NotFound):
			return err
		}
		if err := tx.SaveFeed(actor.User, hash(token)); err != nil {
			return err
		}
		if err := audit.Write(tx, actor, entry); err != nil || s.Created == nil {
			return err
		}
		return s.Created(tx, actor.User)
	})
	return s.address(token), err
}

// Remove deletes the actor's feed, if they have one.
func (s *Service) Remove(ctx context.Context, actor authz.Actor) error {
	if err := requireFullAccess(actor); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		existed, err := tx.DeleteFeed(actor.User.ID)
		if err != nil || !existed {
			return err
		}
		entry := audit.Entry{Action: audit.Delete, Kind: audit.Feed, Name: actor.User.Name, Was: maskedAddress()}
		return audit.Write(tx, actor, entry)
	})
}

// Read returns the feed that belongs to a token: the inbox as its user can see it now.
func (s *Service) Read(ctx context.Context, token string) ([]byte, error) {
	row, u, err := s.store.FeedReader(ctx, hash(token))
	if err != nil {
		return nil, err
	}
	list, err := s.store.Inbox(ctx, authz.UserActor(u).Viewer(), models.InboxFilter{Limit: maxEntries})
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(list))
	for i, n := range list {
		ids[i] = n.EventID
	}
	origins, err := s.store.Origins(ctx, ids)
	if err != nil {
		return nil, err
	}
	f := Feed{
		ID:      urn(u),
		Title:   "Gatecrier: inbox of " + u.Name,
		Self:    s.address(token),
		Page:    s.baseURL() + "/inbox",
		Updated: row.CreatedAt,
	}
	for i, n := range list {
		if i == 0 {
			f.Updated = n.At
		}
		f.Entries = append(f.Entries, s.entry(n, origins[n.EventID]))
	}
	return Atom(f)
}

func (s *Service) entry(n models.Notification, o models.Origin) Entry {
	title := n.Name
	if n.Product != "" {
		title = n.Product + ": " + n.Name
	}
	return Entry{
		ID: "urn:uuid:" + o.UUID, Title: title, Page: s.baseURL() + "/inbox/" + strconv.FormatInt(n.EventID, 10),
		Author: o.Actor, Type: n.Type, Text: n.Message, Updated: n.At,
	}
}

func (s *Service) address(token string) string { return s.baseURL() + "/feed/" + token + suffix }

// urn names a user's feed, the same for all its addresses.
func urn(u models.User) string {
	name := "feed/" + strconv.FormatInt(u.ID, 10) + "/" + strconv.FormatInt(u.CreatedAt.UnixMicro(), 10)
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)).URN()
}

// Token returns the token in the file name of a feed's address; ok is false if there is none.
func Token(file string) (token string, ok bool) { return strings.CutSuffix(file, suffix) }

func requireUser(actor authz.Actor) error {
	if actor.User.ID == 0 {
		return fault.New(fault.Forbidden, "A product's token has no inbox")
	}
	return nil
}

// requireFullAccess refuses tokens with fewer rights than their user: the feed shows everything
// that the user can see.
func requireFullAccess(actor authz.Actor) error {
	if err := requireUser(actor); err != nil {
		return err
	}
	if actor.Role != "" {
		return fault.New(fault.Forbidden, "This token has fewer rights than the feed shows")
	}
	return nil
}

// hash returns the SHA-256 of a token. The token has 256 random bits, so it needs no salt.
func hash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

func maskedAddress() audit.Values { return audit.Values{"address": audit.Masked} }
