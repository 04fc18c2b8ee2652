#include <stdint.h>

static inline int64_t list_from(const float *row, int64_t n, float least, int32_t *out) {
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        out[count] = (int32_t)i;
        count += row[i] >= least;
    }
    return count;
}

#define ATTENTION_SELECT attention_select_scalar
#include "attention_select_body.h"
