#include "select_project.h"

#include <cblas.h>
#include <inttypes.h>

enum status select_project_fits(const struct projection_set *set, const struct lm_shape *shape) {
    if (set == NULL) {
        return status_set(ST_INPUT, "no projections are given; `attest train` makes them");
    }
    return set->hidden == shape->hidden
               ? ST_OK
               : status_set(ST_INPUT,
                            "projections of a model of width %" PRId32 " for one of %" PRId32
                            "; take those that were trained for it",
                            set->hidden, shape->hidden);
}

enum status select_project_covers(const struct projection_set *set, const bool *layers,
                                  int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        if (layers[i] && projection_set_layer(set, i) < 0) {
            return status_set(ST_SKIP,
                              "no projections of layer %" PRId32 " with d_search %" PRId32
                              " and seed %" PRIu64 "; `attest train` makes them",
                              i, set->d_search, set->seed);
        }
    }
    return ST_OK;
}

static void project(const float *x, int64_t rows, int32_t hidden, const float *w, int32_t d,
                    float *out) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, d, hidden, 1, x, hidden, w,
                hidden, 0, out, d);
}

void select_project(const void *context, const struct lm_attention_call *call, int64_t t,
                    int64_t rows, float *queries, float *keys) {
    const struct projection_set *set = context;
    const int64_t size = (int64_t)set->d_search * set->hidden;
    const int64_t at = projection_set_layer(set, call->layer) * size;
    const float *x = call->x + t * set->hidden;
    project(x, rows, set->hidden, set->wq + at, set->d_search, queries);
    project(x, rows, set->hidden, set->wk + at, set->d_search, keys);
}
