package inbox

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// MayDelete tells which of some notifications the actor may delete for all: as
// an owner of their product, or an administrator.
func (s *Service) MayDelete(
	ctx context.Context, actor authz.Actor, list []models.Notification,
) (map[int64]bool, error) {
	var products []int64
	for _, n := range list {
		if n.ProductID != 0 && !slices.Contains(products, n.ProductID) {
			products = append(products, n.ProductID)
		}
	}
	owned, err := authz.Among(ctx, s.store, actor, authz.Own, products)
	may := make(map[int64]bool, len(list))
	for _, n := range list {
		may[n.EventID] = n.ProductID == 0 && actor.Administrator() || owned[n.ProductID]
	}
	return may, err
}

// Delete removes notifications from everybody's inbox. Their events, and what
// was delivered, stay. All of them must be the actor's to delete.
func (s *Service) Delete(ctx context.Context, actor authz.Actor, ids []int64) error {
	if actor.User.ID == 0 {
		return errNoInbox()
	}
	ids, err := checked(ids)
	if err != nil {
		return err
	}
	list, err := s.store.ReadStates(ctx, actor.Reader(), ids)
	if err != nil {
		return err
	}
	if len(list) != len(ids) {
		return fault.NewNotFound("notification")
	}
	return s.remove(ctx, actor, list)
}

// DeleteFound is Delete for what a filter finds, up to the newest that the
// actor has seen listed: at most MaxBulk. It says how many it deleted.
func (s *Service) DeleteFound(ctx context.Context, actor authz.Actor, f models.InboxFilter, upTo int64) (int, error) {
	ids, err := s.found(ctx, actor, f, upTo)
	if err != nil {
		return 0, err
	}
	var list []models.Notification
	for some := range slices.Chunk(ids, batch) {
		rows, err := s.store.ReadStates(ctx, actor.Reader(), some)
		if err != nil {
			return 0, err
		}
		list = append(list, rows...)
	}
	return len(list), s.remove(ctx, actor, list)
}

func (s *Service) remove(ctx context.Context, actor authz.Actor, list []models.Notification) error {
	may, err := s.MayDelete(ctx, actor, list)
	if err != nil {
		return err
	}
	others := 0
	for _, n := range list {
		if !may[n.EventID] {
			others++
		}
	}
	if others > 0 {
		return fault.New(
			fault.Forbidden,
			fmt.Sprintf(
				"Only owners of a product delete its notifications for all: %d of these %d are not yours to delete",
				others,
				len(list),
			),
		)
	}
	defer s.live.RefreshAll()
	for some := range slices.Chunk(list, batch) {
		if err := s.store.Write(ctx, func(tx *models.Tx) error { return removeSome(tx, actor, some) }); err != nil {
			return err
		}
	}
	return nil
}

// removeSome writes down what is removed by product, so that owners find it.
func removeSome(tx *models.Tx, actor authz.Actor, list []models.Notification) error {
	ids := make([]int64, len(list))
	products := map[int64][]string{}
	for i, n := range list {
		ids[i] = n.EventID
		products[n.ProductID] = append(products[n.ProductID], fmt.Sprintf("%d %s", n.EventID, n.Name))
	}
	if _, err := tx.DeleteNotifications(ids); err != nil {
		return err
	}
	for product, names := range products {
		entry := audit.Entry{
			Action:    audit.Delete,
			Kind:      audit.Notification,
			ProductID: product,
			Name:      fmt.Sprintf("%d from all inboxes", len(names)),
		}
		entry.Was = audit.Values{"notifications": strings.Join(names[:min(len(names), maxNames)], "; ")}
		if err := audit.Write(tx, actor, entry); err != nil {
			return err
		}
	}
	return nil
}

// maxNames is how many names of what was deleted are kept.
const maxNames = 20
