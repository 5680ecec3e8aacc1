package models

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"gorm.io/gorm"

	"gatecrier/app/fault"
	"gatecrier/app/visible"
)

// User is a person with a local account.
type User struct {
	ID                 int64
	Name               string // unique in any case
	Email              string
	FirstName          string
	PasswordHash       string // argon2id, in its PHC string form
	Administrator      bool
	Active             bool
	MustChangePassword bool
	TimeZone           string    // an IANA name, "" for UTC
	Theme              string    // light or dark; "" = as the system
	EmailPending       string    // a new address that is not confirmed yet, "" for none
	CredentialsFrom    int64     // since when the credentials are valid, in microseconds; only grows
	LastSignInAt       time.Time `gorm:"serializer:micro;autoCreateTime:false;autoUpdateTime:false"`
	CreatedAt          time.Time `gorm:"serializer:micro;autoCreateTime:false;autoUpdateTime:false"`
	UpdatedAt          time.Time `gorm:"serializer:micro;autoCreateTime:false;autoUpdateTime:false"`
}

// TableName returns the name of gorm's table.
func (User) TableName() string { return "users" }

// User finds a user by id.
func (r queries) User(ctx context.Context, id int64) (User, error) {
	var u User
	err := r.db(ctx).Take(&u, "id = ?", id).Error
	return u, missing(err, "user")
}

// UserByName finds a user by name, in any case and any of its forms.
func (r queries) UserByName(ctx context.Context, name string) (User, error) {
	var list []User
	cond, args := inForms("lower(name)", "lower(?)", name)
	if err := r.db(ctx).Where(cond, args...).Find(&list).Error; err != nil {
		return User{}, err
	}
	u, ok := bestNamed(list, name, func(u User) string { return u.Name })
	if !ok {
		return User{}, fault.NewNotFound("user")
	}
	return u, nil
}

// FirstNameOf returns the first name of the active user with an email address, "" for none.
func (r queries) FirstNameOf(ctx context.Context, email string) (string, error) {
	var name string
	err := r.get(ctx, `
		SELECT first_name
		FROM users
		WHERE lower(email) = lower(?)
		AND active
		ORDER BY id
		LIMIT 1`, []any{email}, &name)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return name, err
}

// HasUsers reports whether any user exists.
func (r queries) HasUsers(ctx context.Context) (bool, error) {
	var n int64
	err := r.db(ctx).Model(&User{}).Limit(1).Count(&n).Error
	return n > 0, err
}

// CreateUser saves a new user and sets the id and times.
func (tx *Tx) CreateUser(u *User) error {
	u.Name = visible.Name(u.Name)
	if _, err := tx.UserByName(tx.Context(), u.Name); err == nil {
		return fault.BadField("name", "There is a user of that name already")
	} else if !fault.Is(err, fault.NotFound) {
		return err
	}
	u.CreatedAt, u.UpdatedAt = tx.Now(), tx.Now()
	return tx.db(tx.Context()).Create(u).Error
}

// SaveUser writes all fields of a user.
func (tx *Tx) SaveUser(u *User) error {
	u.UpdatedAt = tx.Now()
	return tx.db(tx.Context()).Save(u).Error
}

// missing turns gorm's "record not found" into a fault that names the missing entity.
func missing(err error, what string) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return fault.NewNotFound(what)
	}
	return err
}

// LockUsers makes other transactions that lock the users wait for this one, so that only one of
// them finds none. SQLite has one writer at a time anyway.
func (tx *Tx) LockUsers() error {
	if tx.dialect != Postgres {
		return nil
	}
	_, err := tx.exec("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE")
	return err
}
