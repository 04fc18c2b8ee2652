#include "tiers_divergence.h"

#include <math.h>

#include "../../harness/base/memory.h"
#include "../../harness/base/workers.h"
#include "../../reference/divergence.h"

/* Predictions whose logits are held at once. */
enum { ROWS = 128 };

/* --- a row ------------------------------------------------------------------------------------ */

static int32_t largest(const float *z, int32_t n) {
    int32_t best = 0;
    for (int32_t v = 1; v < n; v++) {
        best = z[v] > z[best] ? v : best;
    }
    return best;
}

struct tiers_divergence tiers_divergence_of(const float *full, const float *kept,
                                            int32_t vocabulary, int32_t target) {
    const int32_t full_top = largest(full, vocabulary), kept_top = largest(kept, vocabulary);
    const double full_most = (double)full[full_top], kept_most = (double)kept[kept_top];
    double full_sum = 0, kept_sum = 0, gaps = 0;
    for (int32_t v = 0; v < vocabulary; v++) {
        const double p = exp((double)full[v] - full_most);
        full_sum += p;
        gaps += p * ((double)full[v] - (double)kept[v]);
        kept_sum += exp((double)kept[v] - kept_most);
    }
    const double full_log = log(full_sum) + full_most, kept_log = log(kept_sum) + kept_most;
    return (struct tiers_divergence){.kl = gaps / full_sum - (full_log - kept_log),
                                     .full_nll = full_log - (double)full[target],
                                     .kept_nll = kept_log - (double)kept[target],
                                     .same_top = full_top == kept_top};
}

/* --- a block of rows -------------------------------------------------------------------------- */

struct block {
    int32_t vocabulary;
    const int32_t *target; /* (rows) */
    float *full, *kept;    /* (rows, vocabulary) */
    struct tiers_divergence rows[ROWS];
};

static void compare_row(void *arg, int64_t row) {
    struct block *b = arg;
    const int64_t at = row * b->vocabulary;
    b->rows[row] = tiers_divergence_of(b->full + at, b->kept + at, b->vocabulary, b->target[row]);
}

/* Sums of n terms, each rounded, of logarithms no larger than the spread of both rows and ln n:
 * gamma_n of float64 for each of the four sums. */
static double bound_of(const double *full, const double *kept, int32_t n) {
    double most = 0;
    for (int32_t v = 0; v < n; v++) {
        most = fmax(most, fmax(fabs(full[v]), fabs(kept[v])));
    }
    return 4 * n * 0x1p-53 * (1 + 2 * most);
}

static enum status judge_first(const struct block *b, int64_t at, struct judge *j) {
    const int32_t n = b->vocabulary, target = b->target[0];
    const struct tiers_divergence *got = &b->rows[0];
    double *full = mem_alloc_array((size_t)n, sizeof *full),
           *kept = mem_alloc_array((size_t)n, sizeof *kept);
    const bool has_memory = full != NULL && kept != NULL;
    if (has_memory) {
        ref_log_softmax(b->full, n, full);
        ref_log_softmax(b->kept, n, kept);
        const double bound = bound_of(full, kept, n);
        judge_near(j, "divergence", at, got->kl, ref_divergence(full, kept, n), bound, bound);
        judge_near(j, "loss", at, got->full_nll, -full[target], bound, bound);
        judge_near(j, "loss with fewer layers", at, got->kept_nll, -kept[target], bound, bound);
        if (got->same_top != (ref_largest(b->full, n) == ref_largest(b->kept, n))) {
            judge_fail(j, "prediction %lld: the likeliest tokens are %s", (long long)at,
                       got->same_top ? "not the same" : "the same");
        }
    }
    mem_free(full);
    mem_free(kept);
    return has_memory ? ST_OK : ST_SYSTEM;
}

static void add_block(const struct block *b, int64_t rows, struct tiers_text *out) {
    for (int64_t i = 0; i < rows; i++) {
        out->full.sum += b->rows[i].full_nll;
        out->kept.sum += b->rows[i].kept_nll;
        out->kl += b->rows[i].kl;
        out->same_top += b->rows[i].same_top;
    }
    out->full.predictions += rows;
    out->kept.predictions += rows;
}

/* --- a text ----------------------------------------------------------------------------------- */

enum status tiers_compare(const struct lm_model *m, const float *full, const float *kept,
                          const int32_t *ids, int64_t count, int threads, struct judge *j,
                          struct tiers_text *out) {
    const int64_t hidden = lm_shape(m)->hidden;
    struct block b = {.vocabulary = lm_shape(m)->vocabulary};
    b.full = mem_alloc_array(ROWS, (size_t)b.vocabulary * sizeof *b.full);
    b.kept = mem_alloc_array(ROWS, (size_t)b.vocabulary * sizeof *b.kept);
    *out = (struct tiers_text){.kl = 0};
    enum status st = b.full != NULL && b.kept != NULL ? ST_OK : ST_SYSTEM;
    for (int64_t at = 0; at + 1 < count && st == ST_OK; at += ROWS) {
        const int64_t rows = ROWS < count - 1 - at ? ROWS : count - 1 - at;
        b.target = ids + at + 1;
        lm_logits(m, full + at * hidden, rows, threads, b.full);
        lm_logits(m, kept + at * hidden, rows, threads, b.kept);
        workers_run(threads, rows, compare_row, &b);
        st = j != NULL ? judge_first(&b, at, j) : ST_OK;
        add_block(&b, rows, out);
    }
    mem_free(b.full);
    mem_free(b.kept);
    return st;
}
