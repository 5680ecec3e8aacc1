package settings

import "net/url"

func generalSection(baseURL string) Section {
	return Section{
		Name:    SectionGeneral,
		Title:   "General",
		Summary: "How people reach and recognise this installation.",
		Fields: []Field{
			{
				Name:        "base_url",
				Label:       "BASE_URL",
				Kind:        KindText,
				Default:     baseURL,
				Placeholder: "https://gatecrier.example.org",
				Help:        "The address that links in messages begin with. Empty: the one that the server listens on.",
				check:       badBaseURL,
			},
			{
				Name:      "site_name",
				Label:     "SITE_NAME",
				Kind:      KindText,
				Default:   "Gatecrier",
				MaxLength: 60,
				Help:      "Shown in titles of pages, and in mails as the sender's name.",
				check:     required,
			},
		},
	}
}

func badBaseURL(text string) string {
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	switch {
	case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https":
		return "An address that begins with http:// or https://"
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		return "Without user, query or fragment"
	}
	return ""
}

func required(text string) string {
	if text == "" {
		return "Must not be empty"
	}
	return ""
}
