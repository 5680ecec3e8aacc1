package admin

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/exception"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// exceptionRoutes adds the page of an exception.
func (a *Admin) exceptionRoutes(r router) {
	r.get("/exceptions/:id", a.exception)
}

const (
	// weekHours is the number of hours that an exception's page shows.
	weekHours = 7 * 24
	// maxOthers bounds the exceptions that an exception can be merged with on its page. On the
	// list, any can be chosen.
	maxOthers = 50
)

func (a *Admin) exception(c *gin.Context) error {
	d, err := a.exceptionOf(c)
	if err != nil {
		return err
	}
	return a.exceptionPage(c, http.StatusOK, d, nil)
}

// exceptionPage renders an exception; change, unless nil, edits the view last.
func (a *Admin) exceptionPage(c *gin.Context, status int, d exception.Detail, change func(*page.ExceptionView)) error {
	v := page.ExceptionView{
		Row:         a.exceptionRow(c, d.Group),
		By:          d.By,
		Key:         d.Key,
		Notified:    d.Notified,
		NotifiedAt:  a.inUserZone(c, d.NotifiedAt),
		Suppressed:  d.Suppressed,
		Until:       a.inUserZone(c, d.Until),
		ResolvedBy:  d.ResolvedBy,
		ResolvedAt:  a.inUserZone(c, d.ResolvedAt),
		RegressedAt: a.inUserZone(c, d.RegressedAt),
		CanAct:      d.Rights.Assess,
		CanDelete:   d.Rights.Delete,
		Sample:      a.sampleView(c, d),
		Masked:      d.Redacted,
		MuteZone:    a.uiZone(a.userZone(c), time.Time{}),
	}
	if v.Row.MutedUntil.After(v.Until) {
		v.Until = v.Row.MutedUntil
	}
	for _, r := range d.Releases {
		v.Releases = append(v.Releases, page.ReleaseRow{
			Name: r.Name, FirstAt: a.inUserZone(c, r.FirstAt), LastAt: a.inUserZone(c, r.LastAt),
		})
	}
	for _, m := range d.Merges {
		v.Merges = append(v.Merges, page.MergeRow{
			Key:     m.Key,
			Class:   m.Class,
			Message: m.Message,
			By:      m.By,
			At:      a.inUserZone(c, m.At),
		})
	}
	var err error
	if v.Hours, err = a.weekOf(c, d.ID); err != nil {
		return err
	}
	if v.CanAct {
		if v.Others, err = a.othersOf(c, d.Group); err != nil {
			return err
		}
	}
	if change != nil {
		change(&v)
	}
	v.Frame = a.frame(c, d.Class, layout.NavExceptions)
	return render(c, status, page.Exception(v))
}

// weekOf returns how often an exception occurred in each hour of the last week.
func (a *Admin) weekOf(c *gin.Context, id int64) ([]ui.Beat, error) {
	first := a.Store.Now().Truncate(time.Hour).Add(-(weekHours - 1) * time.Hour)
	counts, err := a.Store.ExceptionHours(c.Request.Context(), []int64{id}, first)
	beats := make([]ui.Beat, weekHours)
	for i := range beats {
		at := first.Add(time.Duration(i) * time.Hour)
		beats[i] = ui.Beat{At: a.inUserZone(c, at), N: counts[id][at.Unix()/int64(time.Hour/time.Second)]}
	}
	return beats, err
}

// othersOf returns the exceptions that an exception can be merged with.
func (a *Admin) othersOf(c *gin.Context, g exception.Group) ([]ui.Option, error) {
	f := models.ExceptionFilter{ProductID: g.ProductID, Own: g.ProductID == 0, Kind: g.Kind, Limit: maxOthers}
	groups, err := a.Exceptions.List(c.Request.Context(), actorOf(c), f)
	var options []ui.Option
	for _, o := range groups {
		if o.ID != g.ID {
			options = append(options, ui.Option{
				Value: formatInt(o.ID), Label: exception.Clean("#"+formatInt(o.ID)+" "+o.Class+": "+o.Message, 100),
			})
		}
	}
	return options, err
}

// sampleView returns the latest occurrence, or nil if none is known.
func (a *Admin) sampleView(c *gin.Context, d exception.Detail) *page.SampleView {
	s := d.Sample
	if s.At.IsZero() {
		return nil
	}
	v := &page.SampleView{
		At:        a.inUserZone(c, s.At),
		Frames:    frameRows(s.Frames),
		Truncated: s.Truncated,
		Arguments: sortedPairs(s.Arguments),
		Tags:      sortedPairs(s.Tags),
	}
	if s.Message != d.Message {
		v.Message = s.Message
	}
	for _, cause := range s.Chain {
		v.Chain = append(v.Chain, page.CauseView{Class: cause.Class, Message: cause.Message, Frames: frameRows(cause.Frames)})
	}
	for _, p := range []page.Pair{
		{Name: "Class", Value: ifDifferent(s.Class, d.Class)},
		{Name: "Function", Value: ifDifferent(s.Function, d.Function)},
		{Name: "Level", Value: s.Level},
		{Name: "Release", Value: s.Release},
		{Name: "Environment", Value: s.Environment},
		{Name: "Server", Value: s.Server},
		{Name: "Platform", Value: s.Platform},
		{Name: "User", Value: s.User},
		{Name: "Reference", Value: s.Reference},
	} {
		if p.Value != "" {
			v.Facts = append(v.Facts, p)
		}
	}
	return v
}

// ifDifferent returns text, or "" if it equals the text that is shown already.
func ifDifferent(text, shown string) string {
	if text == shown {
		return ""
	}
	return text
}

func frameRows(frames []exception.Frame) []page.FrameRow {
	var rows []page.FrameRow
	for _, f := range frames {
		row := page.FrameRow{Name: f.Name(), Where: f.File, InApp: f.InApp}
		if row.Where != "" && f.Line > 0 {
			row.Where += ":" + strconv.Itoa(f.Line)
		}
		if row.Name == "" && row.Where == "" {
			row.Name = "(no name)"
		}
		rows = append(rows, row)
	}
	return rows
}

// sortedPairs returns the values of a map, sorted by name.
func sortedPairs(m map[string]string) []page.Pair {
	var list []page.Pair
	for _, name := range slices.Sorted(maps.Keys(m)) {
		list = append(list, page.Pair{Name: name, Value: m[name]})
	}
	return list
}
