package settings

import "time"

func usersSection() Section {
	d := DefaultUsers()
	return Section{
		Name:    SectionUsers,
		Title:   "Users",
		Summary: "Passwords, sessions, and what users who are not administrators can do.",
		Fields: []Field{
			{
				Name:     "password_min_length",
				Label:    "Minimum length of passwords",
				Constant: "PASSWORD_MIN_LENGTH",
				Kind:     KindInt,
				Guarded:  true,
				Default:  int64(d.PasswordMinLength),
				Min:      8,
				Max:      128,
				Unit:     "characters",
				Help:     "Applies to passwords that are set from now on.",
			},
			{
				Name:     "session_hours",
				Label:    "Sessions end after",
				Constant: "SESSION_HOURS",
				Kind:     KindInt,
				Guarded:  true,
				Default:  int64(d.SessionTime / time.Hour),
				Min:      1,
				Max:      720,
				Unit:     "hours",
				Help:     "How long a user stays signed in. Applies to new sessions.",
			},
			{
				Name:     "may_create_products",
				Label:    "Users can create products",
				Constant: "MAY_CREATE_PRODUCTS",
				Kind:     KindBool,
				Default:  d.MayCreateProducts,
				Help:     "If off, only administrators can create products.",
			},
		},
	}
}
