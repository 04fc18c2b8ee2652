/* graph/hnswlib: HierarchicalNSW over inner products, one query a call; graph_hnswlib.cc. */
#include <stddef.h>

#include "../../../harness/judge/kernel.h"
#include "../graph.h"

#if ATTEST_HNSWLIB
extern const struct graph_impl graph_hnswlib_impl;
#define IMPL (&graph_hnswlib_impl)
static const char *unavailable(void) { return NULL; }
#else
/* The row stays listed, with the reason why it cannot run. */
#define IMPL NULL
static const char *unavailable(void) { return "built without hnswlib (Debian's libhnswlib-dev)"; }
#endif

extern const struct kernel kernel_graph_hnswlib;
const struct kernel kernel_graph_hnswlib = {
    .name = "graph/hnswlib",
    .operation = "graph",
    .backend = BACKEND_CPU,
    .dtype = "f32",
    .impl = IMPL,
    .source = "hnswlib HierarchicalNSW, inner product, single queries",
    .bound = GRAPH_BOUND,
    .unavailable = unavailable,
};
