package page

import (
	"strings"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// peopleStories returns the stories of users, for administrators.
func peopleStories() []story {
	row := UserRow{
		ID:            7,
		Name:          script,
		FirstName:     cjk,
		Email:         "ilse@northquay.example",
		Administrator: true,
		Active:        true,
		Memberships:   12,
		LastSignIn:    days(3),
	}
	gone := UserRow{ID: 8, Name: strings.Repeat("w", 150), FirstName: arabic}
	users := UsersView{
		Frame:   frame("Users", layout.NavUsers),
		Query:   script,
		Keep:    []ui.Hidden{{Name: "show", Value: "active"}},
		Sorting: sorting("name", "sign_in"),
		Rows:    []UserRow{row, gone, {ID: 9, Name: single, Active: true, Memberships: 1}},
		Chips: []ui.Chip{
			{Label: "All", Href: "/admin/users", Count: -1},
			{Label: "Active", Href: "/admin/users?show=active", Count: -1, Current: true},
		},
		Pager: pager("1–3 of 6 users"),
	}
	user := UserView{
		Frame:        frame("ilse", layout.NavUsers),
		User:         row,
		EmailPending: "new@northquay.example",
		MustChange:   true,
		Sessions:     2,
		TimeZone:     "Europe/Berlin",
		Created:      days(400),
		Memberships:  []UserMembership{{1, script, "owner", ""}, {2, long, "reader", long}},
	}
	self := user
	self.Self = true
	self.User.Administrator = false
	self.Memberships = nil
	self.Errors = map[string]string{"email": "Enter a valid email address"}
	deactivated := UserView{Frame: frame("w", layout.NavUsers), User: gone, Created: days(2)}
	return []story{
		{"users", Users(users)},
		{"users-none", Users(UsersView{Frame: users.Frame, Query: "x"})},
		{
			"user-new",
			UserNew(UserNewView{
				Frame:  frame("New user", layout.NavUsers),
				Name:   script,
				Mails:  true,
				ByLink: true,
				Errors: map[string]string{"name": "There is a user of that name already", "": "x"},
			}),
		},
		{"user-new-no-mail", UserNew(UserNewView{Frame: frame("New user", layout.NavUsers)})},
		{
			"user-made",
			UserMade(UserMadeView{
				Frame:    frame("A user", layout.NavUsers),
				ID:       7,
				Title:    "A new user",
				Name:     script,
				Password: "abcdefghijklmnopqrstuvwxyz",
			}),
		},
		{"user", User(user)},
		{"user-self", User(self)},
		{"user-deactivated", User(deactivated)},
		{"source-rename", SourceRename(SourceRenameView{
			Frame:   frame("Rename", layout.NavProducts),
			Crumbs:  []ui.Crumb{{Label: script, Href: "/"}},
			Title:   "Rename source " + script,
			Effects: []string{"Observations stay.", script},
			Action:  "/products/7/sources/1/rename",
			Cancel:  "/",
			Name:    arabic,
			Error:   script,
			Problem: "A large import is at work",
		})},
		{"ask-password", Ask(AskView{
			Frame:         frame("A new address", ""),
			Title:         "Regenerate the feed URL?",
			Effects:       []string{script},
			Action:        "/profile/feed/rotate",
			Buttons:       []AskButton{{Label: "Regenerate URL", Danger: true}},
			Cancel:        "/profile",
			Password:      true,
			PasswordError: "The current password is wrong",
		})},
		{"ask", Ask(AskView{
			Frame:   frame("Deactivate", layout.NavUsers),
			Crumbs:  []ui.Crumb{{Label: script, Href: "/"}},
			Title:   "Deactivate " + script + "?",
			Effects: []string{"All sessions end.", script},
			Action:  "/admin/users/7/deactivate",
			Buttons: []AskButton{{Label: "Send link", Value: "link"}, {Label: "Deactivate", Danger: true}},
			Cancel:  "/",
			Error:   "This is the last active administrator",
		})},
	}
}

// profileStories returns the stories of a user's own account.
func profileStories() []story {
	profile := ProfileView{
		Frame:        frame("Your profile", ""),
		Name:         script,
		FirstName:    "Ilse",
		Email:        "ilse@northquay.example",
		EmailPending: "new@northquay.example",
		Mails:        true,
		TimeZone:     "Europe/Berlin",
		Zones:        []string{"Europe/Berlin", "UTC"},
		Theme:        "dark",
		Token: TokenForm{
			Roles:   []string{"reader", "owner"},
			Role:    "reader",
			Soonest: "2026-11-20",
			Made:    "gct_" + strings.Repeat("A", 52),
		},
		Tokens: []TokenRow{
			{ID: 1, Name: script, Role: "upload", Hint: "ABCD", Created: days(9), LastUsed: days(1), Expires: days(-90)},
			{ID: 2, Name: long, Hint: "2345", Created: days(90), Expires: days(1), Expired: true},
		},
		Sessions: []SessionRow{
			{ID: "a1", Browser: "Firefox on Linux", Address: "2001:db8::7", Since: days(0), Seen: now, This: true},
			{ID: "b2", Browser: "an unknown browser", Since: days(1), Seen: days(1)},
		},
	}
	alone := ProfileView{
		Frame:    frame("Your profile", ""),
		Name:     single,
		Sessions: profile.Sessions[:1],
		Errors:   map[string]string{"": "Too often", "time_zone": "Enter a time zone, such as Europe/Berlin"},
		Token: TokenForm{
			Roles:  []string{"reader"},
			Errors: map[string]string{"name": "Enter 1 to 100 characters", "expires_at": "Must be in the future"},
		},
	}
	return []story{
		{"profile", Profile(profile)},
		{"profile-alone", Profile(alone)},
	}
}

// passwordStories returns the stories of forgotten passwords and of mailed links.
func passwordStories() []story {
	plain := layout.View{Title: "Sign in", Now: now}
	return []story{
		{
			"forgot",
			Forgot(ForgotView{Frame: plain, Mails: true, Who: script, Error: "Too many requests. Try again in 4s"}),
		},
		{"forgot-asked", Forgot(ForgotView{Frame: plain, Mails: true, Asked: true})},
		{"forgot-no-mail", Forgot(ForgotView{Frame: plain})},
		{
			"password-link",
			Password(PasswordView{
				Frame:     plain,
				Link:      script,
				Name:      script,
				MinLength: 10,
				Errors:    map[string]string{"new": "At least 10 characters"},
			}),
		},
		{
			"password-tokens",
			Password(PasswordView{
				Frame: frame("Change your password", ""),
				Tokens: []KeepRow{
					{TokenRow: TokenRow{ID: 1, Name: script, Hint: "ABCD", Created: days(9), LastUsed: days(1)}, Keep: true},
					{TokenRow: TokenRow{ID: 2, Name: long, Hint: "2345", Created: days(90)}},
				},
				Errors: map[string]string{"keep_tokens": "7 is none of your tokens"},
			}),
		},
		{
			"door-tokens",
			Door(DoorView{
				Frame:  plain,
				Title:  "Confirm email address",
				Text:   script,
				Action: "/login/mail",
				Button: "Confirm",
				Link:   script,
				Tokens: []KeepRow{{TokenRow: TokenRow{ID: 1, Name: arabic, Hint: "ABCD", Created: days(9)}}},
				Errors: map[string]string{"keep_tokens": script},
				Href:   "/login",
				Label:  "Not now",
			}),
		},
		{
			"door",
			Door(DoorView{
				Frame:  plain,
				Title:  "Confirm email address",
				Text:   "From then on " + script,
				Action: "/login/mail",
				Button: "Confirm",
				Link:   script,
				Href:   "/login",
				Label:  "Not now",
			}),
		},
	}
}
