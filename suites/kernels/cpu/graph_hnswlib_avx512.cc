#include "graph_hnswlib_distance.h"
#include "graph_hnswlib_inner.h"

graph_hnswlib_distance *graph_hnswlib_distance_avx512(std::size_t d) {
    return hnswlib::InnerProductSpace(d).get_dist_func();
}
