#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "../../harness/base/memory.h"
#include "../../harness/base/workers.h"
#include "lm_model.h"
#include "row_math.h"

/* Logits are computed in tiles of so many tokens and vocabulary entries: large enough that sgemm
 * packs its operands seldom, small enough (2.25 MB) that the exponentials are taken from a cache.
 */
enum { ROWS = 768, ENTRIES = 768 };

void lm_logits(const struct lm_model *m, const float *hidden, int64_t count, int threads,
               float *logits) {
    lm_linear(hidden, m->output, logits, count, m->shape.hidden, m->shape.vocabulary, false,
              threads);
}

/* What one tile knows of one token: sum = sum exp(z - most) over its logits z. */
struct part {
    double sum;
    float most;
};

struct nll_job {
    const struct lm_model *m;
    const float *hidden;
    const int32_t *target;
    int64_t count, panels;
    int64_t rows;        /* of a tile, the last ones may have fewer */
    float *logits;       /* (threads, rows, ENTRIES) */
    struct part *parts;  /* (count, panels) */
    float *target_logit; /* (count) */
    double *nll;
    atomic_int_fast64_t next;
};

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

static void sum_tile(const struct nll_job *job, int64_t item, float *logits) {
    const struct lm_shape *m = &job->m->shape;
    const int64_t panel = item % job->panels, low = panel * ENTRIES;
    const int64_t entries = smaller(ENTRIES, m->vocabulary - low);
    const int64_t first = item / job->panels * job->rows;
    const int64_t rows = smaller(job->rows, job->count - first);
    lm_linear(job->hidden + first * m->hidden, job->m->output + low * m->hidden, logits, rows,
              m->hidden, entries, false, 1);
    for (int64_t i = 0; i < rows; i++) {
        const float *z = logits + i * entries;
        const int64_t row = first + i, at = job->target[row] - low;
        struct part *part = job->parts + row * job->panels + panel;
        if (job->target[row] >= 0) {
            part->sum = row_math()->exp_sum(z, entries, &part->most);
        }
        if (at >= 0 && at < entries) {
            job->target_logit[row] = z[at];
        }
    }
}

/* One item a thread: it takes tiles until none is left, with logits of its own. */
static void take_tiles(void *arg, int64_t thread) {
    struct nll_job *job = arg;
    const int64_t tiles = (job->count + job->rows - 1) / job->rows * job->panels;
    for (;;) {
        const int64_t item = atomic_fetch_add(&job->next, 1);
        if (item >= tiles) {
            return;
        }
        sum_tile(job, item, job->logits + thread * job->rows * ENTRIES);
    }
}

static double join_parts(const struct part *part, int64_t panels, float target_logit) {
    float most = part[0].most;
    double sum = 0;
    for (int64_t i = 1; i < panels; i++) {
        most = part[i].most > most ? part[i].most : most;
    }
    for (int64_t i = 0; i < panels; i++) {
        sum += part[i].sum * exp((double)part[i].most - (double)most);
    }
    return log(sum) + (double)most - (double)target_logit;
}

static enum status run_tiles(struct nll_job *job, int threads) {
    const size_t count = (size_t)job->count;
    job->logits = mem_alloc_array((size_t)threads * (size_t)job->rows, sizeof(float[ENTRIES]));
    job->parts = mem_alloc_array(count * (size_t)job->panels, sizeof *job->parts);
    job->target_logit = mem_alloc_array(count, sizeof *job->target_logit);
    if (job->logits == NULL || job->parts == NULL || job->target_logit == NULL) {
        return ST_SYSTEM;
    }
    workers_run(threads, threads, take_tiles, job);
    for (int64_t i = 0; i < job->count; i++) {
        job->nll[i] = job->target[i] < 0 ? 0
                                         : join_parts(job->parts + i * job->panels, job->panels,
                                                      job->target_logit[i]);
    }
    return ST_OK;
}

enum status lm_nll(const struct lm_model *m, const float *hidden, const int32_t *target,
                   int64_t count, int threads, double *nll) {
    const int64_t vocabulary = m->shape.vocabulary;
    for (int64_t i = 0; i < count; i++) {
        if (target[i] >= vocabulary) {
            return status_set(
                ST_INPUT, "target %" PRId64 " is id %" PRId32 ", outside a vocabulary of %" PRId64,
                i, target[i], vocabulary);
        }
    }
    struct nll_job job = {.m = m,
                          .hidden = hidden,
                          .target = target,
                          .count = count,
                          .rows = count < 1 ? 1 : smaller(ROWS, count),
                          .panels = (vocabulary + ENTRIES - 1) / ENTRIES,
                          .nll = nll};
    const enum status st = run_tiles(&job, threads > 1 ? threads : 1);
    mem_free(job.logits);
    mem_free(job.parts);
    mem_free(job.target_logit);
    return st;
}

/* --- a sequence ------------------------------------------------------------------------------ */

/* What the losses of a sequence are computed in. */
struct sequence {
    float *hidden;   /* (count, hidden) */
    int32_t *target; /* (count - 1) */
    double *nll;     /* (count - 1) */
};

static enum status sequence_new(const struct lm_model *m, int64_t count, struct sequence *out) {
    const size_t n = (size_t)count;
    out->hidden = mem_alloc_array(n, (size_t)m->shape.hidden * sizeof *out->hidden);
    out->target = mem_alloc_array(n, sizeof *out->target);
    out->nll = mem_alloc_array(n, sizeof *out->nll);
    return out->hidden != NULL && out->target != NULL && out->nll != NULL ? ST_OK : ST_SYSTEM;
}

static void sequence_free(struct sequence *q) {
    mem_free(q->hidden);
    mem_free(q->target);
    mem_free(q->nll);
}

static void set_targets(const int32_t *ids, const int32_t *segments, int64_t count,
                        int32_t *target) {
    for (int64_t t = 0; t + 1 < count; t++) {
        const int predicts =
            segments == NULL || (segments[t] >= 0 && segments[t] == segments[t + 1]);
        target[t] = predicts ? ids[t + 1] : -1;
    }
}

static enum status add_up(const struct sequence *q, int64_t count, struct lm_loss *out) {
    *out = (struct lm_loss){.sum = 0};
    for (int64_t t = 0; t + 1 < count; t++) {
        out->predictions += q->target[t] >= 0;
        out->sum += q->nll[t];
    }
    return isfinite(out->sum)
               ? ST_OK
               : status_set(ST_INPUT, "the model's logits are not finite: its weights or the "
                                      "attention in it are broken");
}

enum status lm_sequence_loss(struct lm_session *s, const struct lm_attention *attention,
                             const int32_t *ids, const int32_t *segments, int64_t count,
                             double *nll, struct lm_loss *out) {
    const struct lm_model *m = lm_session_model(s);
    struct sequence q = {.hidden = NULL};
    if (count < 1) {
        return status_set(ST_INPUT, "a sequence of %" PRId64 " tokens", count);
    }
    enum status st = sequence_new(m, count, &q);
    if (st == ST_OK) {
        lm_session_truncate(s, 0);
        st = lm_forward(s, attention, ids, segments, count, q.hidden);
    }
    if (st == ST_OK) {
        set_targets(ids, segments, count, q.target);
        st = lm_nll(m, q.hidden, q.target, count - 1, lm_session_threads(s), q.nll);
    }
    if (st == ST_OK) {
        st = add_up(&q, count, out);
    }
    if (st == ST_OK && nll != NULL) {
        memcpy(nll, q.nll, (size_t)(count - 1) * sizeof *nll);
    }
    sequence_free(&q);
    return st;
}
