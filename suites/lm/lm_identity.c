#include "lm_identity.h"

#include <math.h>
#include <string.h>

#include "../../harness/base/memory.h"

/* Rows whose logits are held at once. */
enum { ROWS = 128 };

double lm_max_abs_diff(const float *a, const float *b, size_t n) {
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        const double difference = fabs((double)a[i] - (double)b[i]);
        if (isnan(difference)) {
            return NAN;
        }
        most = difference > most ? difference : most;
    }
    return most;
}

static enum status forward(const struct lm_attention *attention, const struct lm_model *m,
                           const int32_t *ids, int64_t tokens, int threads, float *hidden) {
    struct lm_session *s;
    enum status st = lm_session_new(m, tokens, threads, &s);
    if (st == ST_OK) {
        st = lm_forward(s, attention, ids, NULL, tokens, hidden);
        lm_session_free(s);
    }
    return st;
}

static void compare_logits(const struct lm_model *m, const float *a, const float *b, int64_t rows,
                           int threads, float *logits, struct lm_identity *out) {
    const size_t count = (size_t)rows * (size_t)lm_shape(m)->vocabulary;
    lm_logits(m, a, rows, threads, logits);
    lm_logits(m, b, rows, threads, logits + count);
    const double largest = lm_max_abs_diff(logits, logits + count, count);
    out->largest = largest <= out->largest || isnan(out->largest) ? out->largest : largest;
    out->same_bits = out->same_bits && memcmp(logits, logits + count, count * sizeof *logits) == 0;
    out->logits += count;
}

enum status lm_identity(const struct lm_attention *attention, const struct lm_model *m,
                        const int32_t *ids, int64_t tokens, int threads, struct lm_identity *out) {
    const int64_t hidden = lm_shape(m)->hidden;
    const size_t row = (size_t)hidden * sizeof(float);
    float *plain = mem_alloc_array((size_t)tokens, row),
          *plugged = mem_alloc_array((size_t)tokens, row);
    float *logits = mem_alloc_array(2 * ROWS, (size_t)lm_shape(m)->vocabulary * sizeof *logits);
    *out = (struct lm_identity){.same_bits = true};
    enum status st = plain == NULL || plugged == NULL || logits == NULL ? ST_SYSTEM : ST_OK;
    st = st == ST_OK ? forward(NULL, m, ids, tokens, threads, plain) : st;
    st = st == ST_OK ? forward(attention, m, ids, tokens, threads, plugged) : st;
    for (int64_t at = 0; at < tokens && st == ST_OK; at += ROWS) {
        const int64_t rows = ROWS < tokens - at ? ROWS : tokens - at;
        compare_logits(m, plain + at * hidden, plugged + at * hidden, rows, threads, logits, out);
    }
    mem_free(plain);
    mem_free(plugged);
    mem_free(logits);
    return st;
}
