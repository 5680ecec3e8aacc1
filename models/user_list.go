package models

import (
	"context"
	"slices"
)

// UserRow is a user as they are listed.
type UserRow struct {
	User
	Memberships int // in products, directly
	Sessions    int // that are valid
}

// UserFilter narrows a list of users. Zero fields do not narrow.
type UserFilter struct {
	Place
	Text          string // part of the name, the first name or the email address, in any case
	Active        *bool
	Administrator *bool
	Limit         int
}

// UsersBySignIn is the order of a list of users by their last sign-in, the last one first.
const UsersBySignIn = "sign_in"

var userName = orderColumn[UserRow]{sql: "lower(u.name)", value: func(u UserRow) any { return u.Name }, fold: true}

// UserOrders are the orders of a list of users.
var UserOrders = Orders[UserRow]{
	"": {columns: []orderColumn[UserRow]{userName}},
	UsersBySignIn: {desc: true, columns: []orderColumn[UserRow]{
		{sql: "coalesce(u.last_sign_in_at, 0)", value: func(u UserRow) any { return microOr0(u.LastSignInAt) }}, userName,
	}},
}

const userRowSelect = `
	SELECT u.id, u.name, u.email, u.first_name, u.administrator, u.active, u.must_change_password, u.time_zone,
		u.theme, u.email_pending, u.last_sign_in_at, u.created_at, u.updated_at,
		(SELECT count(*) FROM members m WHERE m.user_id = u.id),
		(SELECT count(*) FROM sessions s
			WHERE s.user_id = u.id AND s.credentials_from = u.credentials_from AND s.expiry > ?)
	FROM users u `

func (u *UserRow) dst() []any {
	return []any{
		&u.ID, &u.Name, &u.Email, &u.FirstName, &u.Administrator, &u.Active, &u.MustChangePassword, &u.TimeZone,
		&u.Theme, &u.EmailPending, timeTo(&u.LastSignInAt), timeTo(&u.CreatedAt), timeTo(&u.UpdatedAt),
		&u.Memberships, &u.Sessions,
	}
}

func (f UserFilter) where() sqlFragment {
	cond := sqlFragment{text: "1 = 1"}
	if f.Text != "" {
		like := contains(f.Text)
		cond.and(`(lower(u.name) LIKE lower(?) ESCAPE '\'
			OR lower(u.first_name) LIKE lower(?) ESCAPE '\'
			OR lower(u.email) LIKE lower(?) ESCAPE '\')`, like, like, like)
	}
	if f.Active != nil {
		cond.and("u.active = ?", *f.Active)
	}
	if f.Administrator != nil {
		cond.and("u.administrator = ?", *f.Administrator)
	}
	return cond
}

// Users lists users, by name unless the place has another order, without their password hashes.
func (r queries) Users(ctx context.Context, f UserFilter) ([]UserRow, error) {
	cond := f.where()
	UserOrders.where(&cond, f.Place)
	var list []UserRow
	err := r.query(ctx, userRowSelect+"WHERE "+cond.text+`
		ORDER BY `+UserOrders.by(f.Place)+`
		LIMIT ?`, slices.Concat([]any{micro(r.Now())}, cond.args, []any{f.Limit}), collect(&list, (*UserRow).dst))
	inOrder(f.Place, list)
	return list, err
}

// CountUsers counts users, up to one more than MaxCounted.
func (r queries) CountUsers(ctx context.Context, f UserFilter) (int, error) {
	return r.countUpTo(ctx, "FROM users u", f.where())
}

// UserRow reads a user as they are listed.
func (r queries) UserRow(ctx context.Context, id int64) (UserRow, error) {
	var u UserRow
	err := r.get(ctx, userRowSelect+"WHERE u.id = ?", []any{micro(r.Now()), id}, u.dst()...)
	if err != nil {
		return UserRow{}, notFound(err, "user")
	}
	return u, nil
}

// CountAdministrators counts the active administrators.
func (r queries) CountAdministrators(ctx context.Context) (int64, error) {
	var n int64
	err := r.get(ctx, "SELECT count(*) FROM users WHERE administrator AND active", nil, &n)
	return n, err
}

// UsersByEmail lists some of the active users with an email address, in any case.
func (r queries) UsersByEmail(ctx context.Context, email string, limit int) ([]User, error) {
	var list []User
	err := r.db(ctx).Where("lower(email) = lower(?) AND active", email).Order("id").Limit(limit).Find(&list).Error
	return list, err
}

// SignedIn records that a user has signed in now.
func (tx *Tx) SignedIn(userID int64) error {
	_, err := tx.exec("UPDATE users SET last_sign_in_at = ? WHERE id = ?", micro(tx.Now()), userID)
	return err
}
