/* Keys in the formats that an exact choice scores: the data's own float32, binary16, or 8 bits with
 * a scale a key.  Only what a group's cells ask for is made. */
#include <math.h>
#include <string.h>

#include "../../datasets/half.h"
#include "../../harness/base/memory.h"
#include "crossover.h"
#include "crossover_metrics.h"

const char *const crossover_dtypes[CROSSOVER_FORMATS] = {
    [SCORES_F32] = "f32", [SCORES_F16] = "f16", [SCORES_INT8] = "int8"};

enum scores_format crossover_format_of(const struct cell *c) {
    int format = CROSSOVER_FORMATS - 1;
    while (format > SCORES_F32 && strcmp(crossover_dtypes[format], cell_string(c, "dtype")) != 0) {
        format--;
    }
    return (enum scores_format)format;
}

static bool has_cells(const struct group *g, enum scores_format format) {
    for (size_t i = 0; i < g->cell_count; i++) {
        if (crossover_format_of(&g->cells[i]) == format) {
            return true;
        }
    }
    return false;
}

double crossover_narrow_bytes(const struct group *g, int32_t d) {
    double bytes = 0;
    for (int format = SCORES_F16; format < CROSSOVER_FORMATS; format++) {
        const enum scores_format of = (enum scores_format)format;
        bytes += has_cells(g, of) ? (double)crossover_key_bytes(of, d) : 0;
    }
    return bytes;
}

static enum status make_f16(const struct crossover_data *data, struct crossover_keys *out) {
    const size_t values = (size_t)data->plan.heads * (size_t)data->plan.n * (size_t)data->plan.d;
    out->k = mem_alloc_array(values, HALF_BYTES);
    return out->k != NULL ? halves_encode(data->k, values, "crossover: keys", out->k) : ST_SYSTEM;
}

static enum status make_int8(const struct crossover_data *data, struct crossover_keys *out) {
    const int64_t keys = data->plan.heads * data->plan.n;
    out->k = mem_alloc_array((size_t)keys, (size_t)data->plan.d);
    out->scale = mem_alloc_array((size_t)keys, sizeof *out->scale);
    if (out->k == NULL || out->scale == NULL) {
        return ST_SYSTEM;
    }
    scores_pack_int8(data->k, keys, data->plan.d, out->k, out->scale);
    for (int64_t i = 0; i < keys; i++) {
        if (!isfinite(out->scale[i])) {
            return status_set(ST_INPUT, "crossover: key %lld does not fit 8 bits and a scale",
                              (long long)i);
        }
    }
    return ST_OK;
}

enum status crossover_keys_make(struct crossover_group *s, const struct group *g) {
    enum status st = ST_OK;
    s->keys[SCORES_F32].k = s->data.k;
    if (has_cells(g, SCORES_F16)) {
        st = make_f16(&s->data, &s->keys[SCORES_F16]);
    }
    if (st == ST_OK && has_cells(g, SCORES_INT8)) {
        st = make_int8(&s->data, &s->keys[SCORES_INT8]);
    }
    return st;
}

void crossover_keys_free(struct crossover_group *s) {
    for (int format = SCORES_F16; format < CROSSOVER_FORMATS; format++) {
        mem_free(s->keys[format].k);
        mem_free(s->keys[format].scale);
    }
    memset(s->keys, 0, sizeof s->keys);
}

struct scores_call crossover_scores_call(const struct crossover_group *s,
                                         const struct crossover_arm *a, int64_t query,
                                         int32_t head) {
    const struct crossover_plan *p = &s->data.plan;
    const struct crossover_keys *keys = &s->keys[a->scores->format];
    const size_t row = (size_t)p->d * scores_value_size(a->scores->format);
    const int64_t first = head * p->n;
    return (struct scores_call){.q = crossover_query_of(&s->data, head, query),
                                .k = (const char *)keys->k + (size_t)first * row,
                                .scale = keys->scale != NULL ? keys->scale + first : NULL,
                                .n = p->n,
                                .d = p->d};
}
