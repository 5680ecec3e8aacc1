package settings

func jobsSection(jobs []Job, badSpec func(string) string) Section {
	s := Section{
		Name:  SectionJobs,
		Title: "Jobs",
		Summary: "When jobs run, in UTC: cron expressions of five fields (minute, hour, day of the month, month, " +
			"day of the week). Changes take effect immediately.",
	}
	for _, j := range jobs {
		s.Fields = append(s.Fields, Field{
			Name:        j.Name,
			Label:       j.Title,
			Kind:        KindText,
			Default:     j.Spec,
			MaxLength:   100,
			Placeholder: j.Spec,
			Help:        j.About,
			check:       badSpec,
		})
	}
	return s
}
