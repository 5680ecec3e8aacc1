package ingest

import (
	"fmt"
	"strings"

	"gatecrier/app/vex"
)

// csafTree is the product tree of a CSAF document.
type csafTree struct {
	Branches      []csafBranch       `json:"branches"`
	Products      []csafProduct      `json:"full_product_names"`
	Relationships []csafRelationship `json:"relationships"`
	Groups        []struct {
		ID       string   `json:"group_id"`
		Products []string `json:"product_ids"`
	} `json:"product_groups"`
}

type csafBranch struct {
	Category string       `json:"category"`
	Name     string       `json:"name"`
	Product  *csafProduct `json:"product"`
	Branches []csafBranch `json:"branches"`
}

type csafProduct struct {
	ID     string `json:"product_id"`
	Name   string `json:"name"`
	Helper struct {
		PURL  string   `json:"purl"`
		PURLs []string `json:"purls"` // since CSAF 2.1
		CPE   string   `json:"cpe"`
	} `json:"product_identification_helper"`
}

// csafRelationship is a product that is part of another one.
type csafRelationship struct {
	Part    string      `json:"product_reference"`
	Whole   string      `json:"relates_to_product_reference"`
	Product csafProduct `json:"full_product_name"`
}

// csafPlace is what the branches above a product say of it.
type csafPlace struct {
	name    string // of the product
	version string
	isRange bool
}

// products returns the products of the tree by their IDs.
func (t *csafTree) products() (map[string][]vex.Product, error) {
	found := map[string][]vex.Product{}
	for _, p := range t.Products {
		p.addTo(found, csafPlace{})
	}
	for _, b := range t.Branches {
		b.addTo(found, csafPlace{})
	}
	byID := map[string]csafRelationship{}
	for _, r := range t.Relationships {
		byID[r.Product.ID] = r
	}
	for i, r := range t.Relationships {
		if err := resolveRelationship(fmt.Sprintf("product_tree.relationships[%d]", i), r, byID, found, 0); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (b csafBranch) addTo(found map[string][]vex.Product, at csafPlace) {
	switch b.Category {
	case "product_name":
		at.name = b.Name
	case "product_version":
		at.version, at.isRange = b.Name, false
	case "product_version_range":
		version, exact := vex.ExactVersion(b.Name)
		at.version, at.isRange = version, !exact
	}
	if b.Product != nil {
		b.Product.addTo(found, at)
	}
	for _, inner := range b.Branches {
		inner.addTo(found, at)
	}
}

// addTo adds a product. Its name counts only where nothing else identifies it.
func (p csafProduct) addTo(found map[string][]vex.Product, at csafPlace) {
	c := vex.Component{IDs: p.identifiers(), Version: at.version, Range: at.isRange}
	if at.isRange {
		c.Version = ""
	}
	if len(c.IDs) == 0 {
		name := at.name
		if at.version == "" || name == "" {
			name = p.Name
		}
		if name = clean(name, maxComponent); name != "" {
			c.IDs = []string{name}
		}
	}
	found[p.ID] = append(found[p.ID], vex.Product{Component: c})
}

func (p csafProduct) identifiers() []string {
	var ids []string
	for _, id := range append([]string{p.Helper.PURL, p.Helper.CPE}, p.Helper.PURLs...) {
		if id = strings.TrimSpace(strings.ReplaceAll(id, "\x00", "")); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// maxNested is how many relationships can lie in each other.
const maxNested = 10

// resolveRelationship adds the product of a relationship: the whole with the part, and what its own
// identifiers name.
func resolveRelationship(
	place string, r csafRelationship, byID map[string]csafRelationship, found map[string][]vex.Product, depth int,
) error {
	if _, done := found[r.Product.ID]; done {
		return nil
	}
	if depth == maxNested {
		return wrongVEX(place, "relationships lie too deep in each other")
	}
	for _, id := range []string{r.Part, r.Whole} {
		if inner, ok := byID[id]; ok {
			if err := resolveRelationship(place, inner, byID, found, depth+1); err != nil {
				return err
			}
		}
		if _, ok := found[id]; !ok {
			return wrongVEX(place, "the product tree has no product "+clean(id, 100))
		}
	}
	var list []vex.Product
	for _, whole := range found[r.Whole] {
		p := vex.Product{Component: whole.Component}
		for _, part := range found[r.Part] {
			if len(part.Parts) > 0 {
				p.Parts = append(p.Parts, part.Parts...)
			} else {
				p.Parts = append(p.Parts, part.Component)
			}
		}
		list = append(list, p)
	}
	if ids := r.Product.identifiers(); len(ids) > 0 {
		list = append(list, vex.Product{Component: vex.Component{IDs: ids}})
	}
	found[r.Product.ID] = list
	return nil
}

// csafSaids are what a document says of products, by their IDs; "" for what it says of all.
type csafSaids map[string]csafSaid

// said returns what flags, threats or remediations say of products. With a category only those of it
// count.
func (t *csafTree) said(list []csafSaid, category string) csafSaids {
	groups := map[string][]string{}
	for _, g := range t.Groups {
		groups[g.ID] = g.Products
	}
	saids := csafSaids{}
	for _, s := range list {
		if category != "" && s.Category != category {
			continue
		}
		ids := s.Products
		for _, g := range s.Groups {
			ids = append(ids, groups[g]...)
		}
		if len(s.Products) == 0 && len(s.Groups) == 0 {
			ids = []string{""}
		}
		for _, id := range ids {
			if _, known := saids[id]; !known {
				saids[id] = s
			}
		}
	}
	return saids
}

// of returns what is said of a product.
func (s csafSaids) of(id string) csafSaid {
	if said, ok := s[id]; ok {
		return said
	}
	return s[""]
}
