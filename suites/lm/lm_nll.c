#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "../../harness/base/memory.h"
#include "../../harness/base/workers.h"
#include "lm_model.h"

/* Rows whose logits are held at once: 512 x 49,152 float32 are 100 MB. */
enum { ROWS = 512 };

void lm_logits(const struct lm_model *m, const float *hidden, int64_t count, int threads,
               float *logits) {
    lm_linear(hidden, m->output, logits, count, m->shape.hidden, m->shape.vocabulary, false,
              threads);
}

struct nll_job {
    const float *logits;
    const int32_t *target;
    double *nll;
    int64_t vocabulary;
};

static void nll_row(void *arg, int64_t item) {
    const struct nll_job *job = arg;
    const float *z = job->logits + item * job->vocabulary;
    if (job->target[item] < 0) {
        job->nll[item] = 0;
        return;
    }
    float most = z[0];
    for (int64_t i = 1; i < job->vocabulary; i++) {
        most = z[i] > most ? z[i] : most;
    }
    double sum = 0;
    for (int64_t i = 0; i < job->vocabulary; i++) {
        sum += exp((double)z[i] - (double)most);
    }
    job->nll[item] = log(sum) + (double)most - (double)z[job->target[item]];
}

enum status lm_nll(const struct lm_model *m, const float *hidden, const int32_t *target,
                   int64_t count, int threads, double *nll) {
    const int64_t vocabulary = m->shape.vocabulary, rows = count < ROWS ? count : ROWS;
    for (int64_t i = 0; i < count; i++) {
        if (target[i] >= vocabulary) {
            return status_set(
                ST_INPUT, "target %" PRId64 " is id %" PRId32 ", outside a vocabulary of %" PRId64,
                i, target[i], vocabulary);
        }
    }
    float *logits = mem_alloc_array((size_t)rows, (size_t)vocabulary * sizeof *logits);
    if (logits == NULL) {
        return ST_SYSTEM;
    }
    for (int64_t done = 0; done < count; done += rows) {
        const int64_t n = rows < count - done ? rows : count - done;
        struct nll_job job = {logits, target + done, nll + done, vocabulary};
        lm_logits(m, hidden + done * m->shape.hidden, n, threads, logits);
        workers_run(threads, n, nll_row, &job);
    }
    mem_free(logits);
    return ST_OK;
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
    enum status st = count < 1 ? status_set(ST_INPUT, "a sequence of %" PRId64 " tokens", count)
                               : sequence_new(m, count, &q);
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
