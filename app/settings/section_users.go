package settings

import "time"

func usersSection() Section {
	d := DefaultUsers()
	return Section{
		Name:    SectionUsers,
		Title:   "Users",
		Summary: "Passwords, sessions, and what people may do who are no administrators.",
		Fields: []Field{
			{
				Name:    "password_min_length",
				Label:   "PASSWORD_MIN_LENGTH",
				Kind:    KindInt,
				Default: int64(d.PasswordMinLength),
				Min:     8,
				Max:     128,
				Unit:    "characters",
				Help:    "Of passwords that are chosen from now on, by whichever way.",
			},
			{
				Name:    "session_hours",
				Label:   "SESSION_HOURS",
				Kind:    KindInt,
				Default: int64(d.SessionTime / time.Hour),
				Min:     1,
				Max:     720,
				Unit:    "hours",
				Help:    "How long one stays signed in. Sessions that have begun keep their time.",
			},
			{
				Name:    "may_create_products",
				Label:   "MAY_CREATE_PRODUCTS",
				Kind:    KindBool,
				Default: d.MayCreateProducts,
				Help:    "Off: only administrators create products.",
			},
		},
	}
}
