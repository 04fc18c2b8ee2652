#include <cblas.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "../../harness/base/memory.h"
#include "../../harness/base/workers.h"
#include "lm.h"
#include "row_math.h"

/* Queries of one head taken together: their scores over all their keys fit the L2 cache up to a few
 * thousand keys, so a row's softmax is plain and needs no rescaling. */
enum { QUERIES = 64 };

struct full_job {
    const struct lm_attention_call *call;
    const struct lm_weighing *weighing;
    float *scores; /* (threads, QUERIES, keys) */
    int64_t keys, blocks;
    atomic_int_fast64_t next;
};

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* out (rows, outputs) = alpha a b or alpha a b', row-major. */
static void multiply(bool transposed, int64_t rows, int64_t outputs, int64_t inner, float alpha,
                     const float *a, int64_t lda, const float *b, int64_t ldb, float *out,
                     int64_t ldo) {
    const CBLAS_TRANSPOSE t = transposed ? CblasTrans : CblasNoTrans;
    if (rows == 1) {
        const int64_t height = transposed ? outputs : inner, width = transposed ? inner : outputs;
        cblas_sgemv(CblasRowMajor, transposed ? CblasNoTrans : CblasTrans, (int)height, (int)width,
                    alpha, b, (int)ldb, a, 1, 0, out, 1);
    } else {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, t, (int)rows, (int)outputs, (int)inner, alpha, a,
                    (int)lda, b, (int)ldb, 0, out, (int)ldo);
    }
}

/* Turns scores over the keys low .. high - 1 of query `row` into weights: 0 for keys it may not
 * read. */
static void weigh(const struct full_job *job, int thread, int64_t head, float *scores, int64_t row,
                  int64_t low, int64_t high) {
    const struct lm_attention_call *c = job->call;
    const int64_t first = c->first[row], behind = row + 1;
    if (c->segment[row] < 0) {
        memset(scores, 0, (size_t)(high - low) * sizeof *scores);
        return;
    }
    job->weighing->run(job->weighing->context, c, thread, head, row, scores + (first - low),
                       behind - first);
    memset(scores, 0, (size_t)(first - low) * sizeof *scores);
    memset(scores + (behind - low), 0, (size_t)(high - behind) * sizeof *scores);
}

static void attend(const struct full_job *job, int thread, int64_t item, float *scores) {
    const struct lm_attention_call *c = job->call;
    const int64_t d = c->shape->head_dim, heads = c->shape->heads;
    const int64_t head = item % heads, kv = head / (heads / c->shape->kv_heads);
    /* The last queries have the most keys: they go first, so that no thread is left with them. */
    const int64_t t = (job->blocks - 1 - item / heads) * QUERIES;
    const int64_t rows = smaller(QUERIES, c->tokens - t);
    const int64_t high = c->past + t + rows;
    int64_t low = high - 1;
    for (int64_t i = 0; i < rows; i++) {
        low = smaller(low, c->first[c->past + t + i]);
    }
    const float *q = c->q + (t * heads + head) * d;
    const float *k = c->k + (kv * c->capacity + low) * d, *v = c->v + (kv * c->capacity + low) * d;
    float *out = c->out + (t * heads + head) * d;
    const int64_t keys = high - low;
    multiply(true, rows, keys, d, 1 / sqrtf((float)d), q, heads * d, k, d, scores, keys);
    for (int64_t i = 0; i < rows; i++) {
        weigh(job, thread, head, scores + i * keys, c->past + t + i, low, high);
    }
    multiply(false, rows, d, keys, 1, scores, keys, v, d, out, heads * d);
}

/* One item a thread: it takes blocks until none is left, with scores of its own. */
static void take_blocks(void *arg, int64_t thread) {
    struct full_job *job = arg;
    float *scores = job->scores + thread * QUERIES * job->keys;
    for (;;) {
        const int64_t item = atomic_fetch_add(&job->next, 1);
        if (item >= job->blocks * job->call->shape->heads) {
            return;
        }
        attend(job, (int)thread, item, scores);
    }
}

enum status lm_attention_weighed(const struct lm_weighing *weighing,
                                 const struct lm_attention_call *call) {
    const int threads = call->threads > 1 ? call->threads : 1;
    struct full_job job = {.call = call,
                           .weighing = weighing,
                           .keys = call->past + call->tokens,
                           .blocks = (call->tokens + QUERIES - 1) / QUERIES};
    const int64_t rows = smaller(QUERIES, call->tokens);
    job.scores = mem_alloc_array((size_t)(threads - 1) * QUERIES + (size_t)rows,
                                 (size_t)job.keys * sizeof *job.scores);
    if (job.scores == NULL) {
        return ST_SYSTEM;
    }
    workers_run(threads, threads, take_blocks, &job);
    mem_free(job.scores);
    return ST_OK;
}

static void weigh_all(void *context, const struct lm_attention_call *call, int thread, int64_t head,
                      int64_t row, float *scores, int64_t keys) {
    const struct row_math *math = context;
    (void)call;
    (void)thread;
    (void)head;
    (void)row;
    math->softmax(scores, keys);
}

enum status lm_attention_full(void *context, const struct lm_attention_call *call) {
    const struct lm_weighing all = {weigh_all, (void *)(uintptr_t)row_math()};
    (void)context;
    return lm_attention_weighed(&all, call);
}
