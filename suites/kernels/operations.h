/* Every operation that kernels implement, sorted: OPERATION(name) defines `operation_<name>`. */
OPERATION(knn)
OPERATION(stream_read)
