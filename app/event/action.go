package event

import (
	"net/url"
	"strconv"
	"unicode/utf8"

	"gatecrier/models"
)

// Action is what a reader of a notice can do.
type Action struct {
	Label string // verb and object: "Assess observation"
	Page  string // the path of the page to do it on
}

// OpenLabel returns the label of the link to the page about an event: "Open change".
func (t Type) OpenLabel() string {
	switch t {
	case GateChanged:
		return "Open change"
	case ExceptionRequest, ExceptionTask, ExceptionReported:
		return "Open exception"
	case ExceptionSummary, IngestExceeded:
		return "Open exceptions"
	case WaiverEnds, ProductIsStale:
		return "Open product"
	case SilenceHasEnded:
		return "Open silence"
	case RoutingFailed:
		return "Open events"
	case AccountIsAttacked:
		return "Open profile"
	case ConnectorBroken, ConnectorRecovered:
	}
	return "Open in Gatecrier"
}

// maxSilenceText is the maximum length of the text of a silence in a link, in characters: a receiver
// bounds links.
const maxSilenceText = 100

// silence returns the action that silences notices of a type about a product, and with text only
// those that contain it.
func silence(productID int64, t Type, text string) Action {
	q := url.Values{"product": {strconv.FormatInt(productID, 10)}, "type": {string(t)}}
	if text != "" && utf8.RuneCountInString(text) <= maxSilenceText {
		q.Set("text", text)
	}
	return Action{"Silence notifications", "/silences/new?" + q.Encode()}
}

// assess returns the action that assesses observations of a product: the only one on its page, or
// several from the list on the product's page.
func assess(productID int64, count int, named []Finding, list string) Action {
	if count == 1 && len(named) == 1 && named[0].ID != 0 {
		return Action{"Assess observation", observationPage(productID, named[0].ID)}
	}
	return Action{"Assess observations", list}
}

func observationPage(productID, id int64) string {
	return ProductPage(productID) + "/observations/" + strconv.FormatInt(id, 10)
}

// actions returns what to do about a failed gate. There is nothing to assess if only counts are known.
func (g GateChange) actions() []Action {
	if g.To != models.GateFailed {
		return nil
	}
	var list []Action
	if len(g.Failing.Items) > 0 {
		list = append(list, assess(g.Product.ID, g.failingCount(), g.Failing.Items, g.assessPage()))
	}
	return append(list, silence(g.Product.ID, GateChanged, ""))
}
