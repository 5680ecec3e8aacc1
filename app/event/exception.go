package event

// TaskException is the payload of exception.task, version 1: work in the
// background has failed.
type TaskException struct {
	Function string `json:"function"` // which work: a job's name
	Message  string `json:"message"`  // the error's text
}

// Kind is exception.task, version 1.
func (TaskException) Kind() (Type, int) { return ExceptionTask, 1 }

func (e TaskException) notice() Notice {
	return Notice{
		Name: "Exception in background task " + quoted(e.Function) + " has occurred", Title: "Exception in background task " + quoted(e.Function) + " has occurred",
		Message: e.Message, Tone: ToneBad, Facts: []Fact{{"Function", e.Function}},
	}
}
