package settings

import "net/url"

func generalSection(baseURL string) Section {
	return Section{
		Name:    SectionGeneral,
		Title:   "General",
		Summary: "The public address and the name of this installation.",
		Fields: []Field{
			{
				Name:        "base_url",
				Label:       "Address for users",
				Constant:    "BASE_URL",
				Kind:        KindText,
				Guarded:     true,
				Default:     baseURL,
				Placeholder: "https://gatecrier.example.org",
				Help: "The base URL of links in messages. Leave empty for the address that the server listens on. " +
					firstBaseURL(baseURL),
				check: badBaseURL,
			},
			{
				Name:      "site_name",
				Label:     "Name of the installation",
				Constant:  "SITE_NAME",
				Kind:      KindText,
				Default:   "Gatecrier",
				MaxLength: 60,
				Help:      "Shown in page titles, and as the sender's name of emails.",
				check:     required,
			},
		},
	}
}

// firstBaseURL says what the environment has to do with the address for users.
func firstBaseURL(baseURL string) string {
	if baseURL == "" {
		return "GATECRIER_BASE_URL is not set. It would be the first value only: a value that is saved here replaces it."
	}
	return "GATECRIER_BASE_URL (" + baseURL + ") is the first value only: a value that is saved here replaces it."
}

func badBaseURL(text string) string {
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	switch {
	case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https":
		return "Enter a URL that begins with http:// or https://"
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		return "Enter a URL without user, query or fragment"
	}
	return ""
}

func required(text string) string {
	if text == "" {
		return "Must not be empty"
	}
	return ""
}
