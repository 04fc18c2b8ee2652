#include "opcount.h"

#include <math.h>

double ref_full_ops(int64_t n, int32_t d) { return (double)n * d; }

double ref_quest_ops(int64_t n, int32_t page, int32_t d) {
    return (double)((n + page - 1) / page) * 2 * d;
}

double ref_hnsw_ops(int64_t n, int32_t m, int32_t ef, int32_t d_search) {
    return (double)m * ef * log2((double)n) * d_search;
}

int64_t ref_crossover(int32_t page, int32_t d, int32_t m, int32_t ef, int32_t d_search,
                      int64_t limit, int64_t *first) {
    int64_t last_cheaper = 0;
    *first = 0;
    for (int64_t n = 2; n <= limit; n++) {
        if (ref_quest_ops(n, page, d) < ref_hnsw_ops(n, m, ef, d_search)) {
            last_cheaper = n;
        } else if (*first == 0) {
            *first = n;
        }
    }
    return last_cheaper == 0 ? 0 : last_cheaper == limit ? -1 : last_cheaper + 1;
}
