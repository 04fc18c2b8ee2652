/* graph/faiss: IndexHNSWFlat over inner products, one query a call; graph_faiss.cc. */
#include "../../../harness/judge/kernel.h"
#include "../graph.h"

extern const struct graph_impl graph_faiss_impl;

extern const struct kernel kernel_graph_faiss;
const struct kernel kernel_graph_faiss = {
    .name = "graph/faiss",
    .operation = "graph",
    .backend = BACKEND_CPU,
    .dtype = "f32",
    .impl = &graph_faiss_impl,
    .source = "FAISS IndexHNSWFlat, inner product, single queries",
    .bound = GRAPH_BOUND,
};
