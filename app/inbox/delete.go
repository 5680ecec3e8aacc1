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

// MayDelete returns, by event ID, which notifications the actor can delete for all users: as
// an owner of their product, or as an administrator.
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

// Delete deletes notifications from the inboxes of all users. Their events and deliveries
// stay. If the actor cannot delete one of them, it returns an error and deletes none.
func (s *Service) Delete(ctx context.Context, actor authz.Actor, ids []int64) error {
	if actor.User.ID == 0 {
		return errTokenHasNoInbox()
	}
	ids, err := checkIDs(ids)
	if err != nil {
		return err
	}
	list, err := s.store.ReadStates(ctx, actor.Viewer(), ids)
	if err != nil {
		return err
	}
	if len(list) != len(ids) {
		return fault.NewNotFound("notification")
	}
	return s.deleteAll(ctx, actor, list)
}

// DeleteFound is Delete for the notifications of a filter, up to the newest one that the actor
// has seen, at most MaxBulk. It returns how many it has deleted.
func (s *Service) DeleteFound(ctx context.Context, actor authz.Actor, f models.InboxFilter, upTo int64) (int, error) {
	ids, err := s.foundIDs(ctx, actor, f, upTo)
	if err != nil {
		return 0, err
	}
	var list []models.Notification
	for part := range slices.Chunk(ids, batchSize) {
		rows, err := s.store.ReadStates(ctx, actor.Viewer(), part)
		if err != nil {
			return 0, err
		}
		list = append(list, rows...)
	}
	return len(list), s.deleteAll(ctx, actor, list)
}

func (s *Service) deleteAll(ctx context.Context, actor authz.Actor, list []models.Notification) error {
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
		const text = "Only owners of a product can delete its notifications for all users: " +
			"you cannot delete %d of these %d"
		return fault.New(fault.Forbidden, fmt.Sprintf(text, others, len(list)))
	}
	defer s.hub.RefreshAll()
	for part := range slices.Chunk(list, batchSize) {
		if err := s.store.Write(ctx, func(tx *models.Tx) error { return deleteBatch(tx, actor, part) }); err != nil {
			return err
		}
	}
	return nil
}

// deleteBatch deletes notifications, with one audit entry per product for its owners.
func deleteBatch(tx *models.Tx, actor authz.Actor, list []models.Notification) error {
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
		entry.Was = audit.Values{"notifications": strings.Join(names[:min(len(names), maxNamesInAudit)], "; ")}
		if err := audit.Write(tx, actor, entry); err != nil {
			return err
		}
	}
	return nil
}

// maxNamesInAudit is how many names of deleted notifications an audit entry has.
const maxNamesInAudit = 20
