package condition

import (
	"cmp"
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"
)

// The sizes that an estimate assumes. An event has at most 250 KiB, so that the texts of 100 entries
// cannot be as long as a single one.
const (
	textSize  = 4 << 10
	entryText = 1 << 10
	listSize  = 100
)

// sizes estimates the sizes of values that are known only when an event comes.
type sizes struct {
	ranges map[int64]bool // what loops go over
}

// EstimateCallCost leaves calls to CEL's own models.
func (sizes) EstimateCallCost(_, _ string, _ *cost.AstNode, _ []cost.AstNode) *cost.CallEstimate {
	return nil
}

// EstimateSize returns the size of a list or a text.
func (s sizes) EstimateSize(node cost.AstNode) *cost.SizeEstimate {
	path := node.Path()
	switch {
	case node.Expr() == nil && len(path) > 0 && path[len(path)-1][0] == '@':
		return nil
	case node.Expr() != nil && s.ranges[node.Expr().ID()]:
		return &cost.SizeEstimate{Max: listSize}
	case slices.ContainsFunc(path, func(part string) bool { return part == "@items" || part == "@keys" }):
		return &cost.SizeEstimate{Max: entryText}
	default:
		return &cost.SizeEstimate{Max: textSize}
	}
}

// checkCost returns an estimate of what an evaluation costs. It refuses what exceeds MaxCost, and
// names the most expensive part.
func checkCost(env *cel.Env, checked *cel.Ast) (uint64, error) {
	a := checked.NativeRep()
	s := sizesOf(a)
	estimated, err := env.EstimateCost(checked, s, s.options()...)
	if err != nil {
		return 0, Faults{{Text: err.Error()}}
	}
	total := estimated.Max
	if total <= MaxCost {
		return total, nil
	}
	worst := a.Expr()
	for parts := branches(worst); len(parts) > 0; parts = branches(worst) {
		worst = slices.MaxFunc(parts, func(x, y ast.Expr) int { return cmp.Compare(s.cost(a, x), s.cost(a, y)) })
	}
	text, err := parser.Unparse(worst, a.SourceInfo())
	if err != nil {
		text = "this part"
	}
	return 0, Faults{faultAt(a, worst.ID(), fmt.Sprintf("The expression can be too expensive (%d, at most %d). "+
		"The most expensive part is `%s`: look at fewer lists, use shorter patterns, or make several rules",
		total, MaxCost, shorten(text, 100)))}
}

// sizesOf returns the estimator of an expression.
func sizesOf(a *ast.AST) sizes {
	s := sizes{ranges: map[int64]bool{}}
	visit(a.Expr(), func(e ast.Expr) {
		if e.Kind() == ast.ComprehensionKind {
			s.ranges[e.AsComprehension().IterRange().ID()] = true
		}
	})
	return s
}

func (s sizes) options() []cost.Option {
	options := []cost.Option{cost.OverloadCostEstimate(overloads.MatchesString, estimatePattern)}
	for _, name := range []string{"lowerAscii", "upperAscii", "trim"} {
		options = append(options, cost.OverloadCostEstimate("text_"+name, estimateText))
	}
	return options
}

// cost estimates a part of an expression, to compare it with the others.
func (s sizes) cost(a *ast.AST, part ast.Expr) uint64 {
	estimated, err := cost.Cost(subtree(a, part), s, s.options()...)
	if err != nil {
		return 0
	}
	return estimated.Max
}

// estimateText estimates a function that reads a text and returns one of at most its length.
func estimateText(e cost.Estimator, target *cost.AstNode, _ []cost.AstNode) *cost.CallEstimate {
	size := &cost.SizeEstimate{Max: textSize}
	if target != nil {
		if of := e.EstimateSize(*target); of != nil {
			size = of
		}
	}
	return &cost.CallEstimate{CostEstimate: cost.RangedCostEstimate(1, size.Max/10+1), ResultSize: size}
}

// estimatePattern estimates a search for a pattern like patternCost.
func estimatePattern(e cost.Estimator, target *cost.AstNode, args []cost.AstNode) *cost.CallEstimate {
	text := args[0]
	pattern := args[len(args)-1]
	if target != nil {
		text = *target
	}
	size := maxPattern
	if pattern.Expr() != nil && pattern.Expr().Kind() == ast.LiteralKind {
		if literal, ok := pattern.Expr().AsLiteral().(types.String); ok {
			if n, err := types.RegexProgramSize(string(literal)); err == nil {
				size = n
			}
		}
	}
	long := uint64(textSize)
	if of := e.EstimateSize(text); of != nil {
		long = of.Max
	}
	return &cost.CallEstimate{CostEstimate: cost.RangedCostEstimate(1, long*uint64(size)/patternSteps+1)}
}

// branches returns the operands of a logical operator, nil for other expressions.
func branches(e ast.Expr) []ast.Expr {
	if e.Kind() != ast.CallKind {
		return nil
	}
	switch e.AsCall().FunctionName() {
	case "_&&_", "_||_", "!_":
		return e.AsCall().Args()
	default:
		return nil
	}
}

// subtree returns a part of an expression as one of its own.
func subtree(a *ast.AST, e ast.Expr) *ast.AST {
	return ast.NewCheckedAST(ast.NewAST(e, a.SourceInfo()), a.TypeMap(), a.ReferenceMap())
}
