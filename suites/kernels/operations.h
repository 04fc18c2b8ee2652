/* Every operation that kernels implement, sorted: OPERATION(name) defines `operation_<name>`. */
OPERATION(fma_peak)
OPERATION(knn)
OPERATION(stream_read)
