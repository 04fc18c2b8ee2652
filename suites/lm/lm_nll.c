#include <inttypes.h>
#include <math.h>

#include "../../harness/memory.h"
#include "../../harness/workers.h"
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
