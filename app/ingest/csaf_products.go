package ingest

import (
	"fmt"
	"reflect"
	"slices"
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
	arch    string
	isRange bool
	limited bool // to something that no report names, such as a language: only an exact version identifies it
}

// csafFound are the products of a tree by their IDs.
type csafFound map[string][]vex.Product

// products returns the products of the tree by their IDs.
func (t *csafTree) products() (csafFound, error) {
	found := csafFound{}
	for i, p := range t.Products {
		if err := p.addTo(found, fmt.Sprintf("product_tree.full_product_names[%d]", i), csafPlace{}); err != nil {
			return nil, err
		}
	}
	for i, b := range t.Branches {
		if err := b.addTo(found, fmt.Sprintf("product_tree.branches[%d]", i), csafPlace{}); err != nil {
			return nil, err
		}
	}
	byID := map[string]csafRelationship{}
	for i, r := range t.Relationships {
		place, id := fmt.Sprintf("product_tree.relationships[%d].full_product_name.product_id", i), r.Product.ID
		if id == "" {
			return nil, wrongVEX(place, "the product has no product_id")
		}
		other, repeated := byID[id]
		if _, known := found[id]; known || repeated && !r.equals(other) {
			return nil, repeatedProduct(place, id)
		}
		byID[id] = r
	}
	for i, r := range t.Relationships {
		if err := resolveRelationship(fmt.Sprintf("product_tree.relationships[%d]", i), r, byID, found, 0); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// repeatedProduct is the error for an ID of two products.
func repeatedProduct(place, id string) error {
	return wrongVEX(place, "two different products have the ID "+clean(id, 100)+". Give each an ID of its own")
}

// equals reports whether a relationship is the same product as another one.
func (r csafRelationship) equals(other csafRelationship) bool {
	return r.Part == other.Part && r.Whole == other.Whole &&
		slices.Equal(r.Product.identifiers(), other.Product.identifiers())
}

func (b csafBranch) addTo(found csafFound, place string, at csafPlace) error {
	switch b.Category {
	case "product_name":
		at.name = b.Name
	case "product_version":
		at.version, at.isRange = b.Name, false
	case "product_version_range":
		version, exact := vex.ExactVersion(b.Name)
		at.version, at.isRange = version, !exact
	case "architecture":
		at.arch = strings.TrimSpace(b.Name)
	case "host_name", "language", "patch_level", "service_pack", "specification", "platform":
		at.limited = true
	}
	if b.Product != nil {
		if err := b.Product.addTo(found, place+".product", at); err != nil {
			return err
		}
	}
	for i, inner := range b.Branches {
		if err := inner.addTo(found, fmt.Sprintf("%s.branches[%d]", place, i), at); err != nil {
			return err
		}
	}
	return nil
}

// addTo adds a product. Its name counts only where nothing else identifies it.
func (p csafProduct) addTo(found csafFound, place string, at csafPlace) error {
	c := vex.Component{IDs: p.identifiers(), Version: at.version, Range: at.isRange || at.limited, Arch: at.arch}
	if c.Range {
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
	if p.ID == "" {
		return wrongVEX(place+".product_id", "the product has no product_id")
	}
	added := vex.Product{Component: c}
	if known, ok := found[p.ID]; ok {
		if !reflect.DeepEqual(known, []vex.Product{added}) {
			return repeatedProduct(place+".product_id", p.ID)
		}
		return nil
	}
	found[p.ID] = []vex.Product{added}
	return nil
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
	place string, r csafRelationship, byID map[string]csafRelationship, found csafFound, depth int,
) error {
	if _, done := found[r.Product.ID]; done {
		return nil
	}
	if depth == maxNested {
		return wrongVEX(place, "relationships are nested too deeply")
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
		for _, arch := range architectures(found[r.Part], found[r.Whole]) {
			list = append(list, vex.Product{Component: vex.Component{IDs: ids, Arch: arch}})
		}
	}
	found[r.Product.ID] = list
	return nil
}

// architectures returns those that the part of a relationship is limited to, else those of the whole;
// "" for no limit.
func architectures(parts, wholes []vex.Product) []string {
	for _, products := range [][]vex.Product{parts, wholes} {
		var list []string
		for _, p := range products {
			if p.Arch != "" && !slices.Contains(list, p.Arch) {
				list = append(list, p.Arch)
			}
		}
		if len(list) > 0 {
			return list
		}
	}
	return []string{""}
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
