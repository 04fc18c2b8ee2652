/* Every operation that kernels implement, sorted: OPERATION(name) defines `operation_<name>`. */
OPERATION(attend)
OPERATION(attention)
OPERATION(fma_peak)
OPERATION(graph)
OPERATION(knn)
OPERATION(pages)
OPERATION(rank)
OPERATION(stream_read)
