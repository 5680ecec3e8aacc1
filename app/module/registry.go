package module

import "fmt"

// Registry has all modules, in the order in which they are shown.
type Registry struct {
	all    []Module
	byName map[string]Module
}

// NewRegistry returns a registry. The error names an invalid descriptor or a duplicate name.
func NewRegistry(modules ...Module) (*Registry, error) {
	r := &Registry{all: modules, byName: make(map[string]Module, len(modules))}
	for _, m := range modules {
		d := m.Descriptor()
		if err := d.check(); err != nil {
			return nil, err
		}
		if _, taken := r.byName[d.Name]; taken {
			return nil, fmt.Errorf("module %q: there are two of that name", d.Name)
		}
		r.byName[d.Name] = m
	}
	return r, nil
}

// Get returns the module with a name.
func (r *Registry) Get(name string) (Module, bool) {
	m, ok := r.byName[name]
	return m, ok
}

// All returns the modules in order.
func (r *Registry) All() []Module { return append([]Module(nil), r.all...) }
