package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"gatecrier/app/web"
)

// register adds an operation to the API. An error of handle is answered as a problem.
func register[I, O any](
	a *API, op huma.Operation, summary string, handle func(context.Context, *I) (*O, error),
) {
	op.Summary = summary
	op.BodyReadTimeout = -1 // app/web sets the deadlines; huma's stays on the connection after the body
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, web.ToProblem(ctx, a.Log, outdated(in, err))
		}
		checkKnown(in, out)
		return out, nil
	})
}

// onGet describes the operation of a GET request. id names it in the OpenAPI document.
func onGet(path, id string) huma.Operation { return operation(http.MethodGet, path, id, 0) }

// onPost describes the operation of a POST request that is answered with status.
func onPost(path, id string, status int) huma.Operation {
	return operation(http.MethodPost, path, id, status)
}

// onPut describes the operation of a PUT request.
func onPut(path, id string) huma.Operation { return operation(http.MethodPut, path, id, 0) }

// onPatch describes the operation of a PATCH request.
func onPatch(path, id string) huma.Operation { return operation(http.MethodPatch, path, id, 0) }

// onDelete describes the operation of a DELETE request. It is answered without a body.
func onDelete(path, id string) huma.Operation {
	return operation(http.MethodDelete, path, id, http.StatusNoContent)
}

// operation describes an operation. Its tag is the first part of its path. With status 0
// huma picks the status.
func operation(method, path, id string, status int) huma.Operation {
	resource, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return huma.Operation{
		Method:        method,
		Path:          path,
		OperationID:   id,
		DefaultStatus: status,
		Tags:          []string{resource},
	}
}
