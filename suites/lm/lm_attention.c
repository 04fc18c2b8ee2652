#include <cblas.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "../../harness/base/memory.h"
#include "../../harness/base/workers.h"
#include "lm.h"
#include "row_math.h"

/* Tokens taken together, each with all the query heads that read the same keys: sgemm packs keys
 * and values once for all of those rows, and has as many as make that cheap. */
enum { TOKENS = 64 };

struct full_job {
    const struct lm_attention_call *call;
    const struct lm_weighing *weighing;
    int64_t tokens, heads; /* taken together */
    int64_t blocks;        /* of tokens */
    int64_t space;         /* floats a thread: q, out (tokens, heads, head_dim), scores (tokens,
                            * heads, keys) */
    float *spaces;         /* (threads, space) */
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

/* Copies rows of `width` floats that stand from_step and to_step apart. */
static void copy_rows(const float *from, int64_t from_step, float *to, int64_t to_step,
                      int64_t rows, int64_t width) {
    for (int64_t i = 0; i < rows; i++) {
        memcpy(to + i * to_step, from + i * from_step, (size_t)width * sizeof *to);
    }
}

static void attend(const struct full_job *job, int thread, int64_t item, float *space) {
    const struct lm_attention_call *c = job->call;
    const int64_t d = c->shape->head_dim, heads = c->shape->heads, parts = heads / job->heads;
    const int64_t head = item % parts * job->heads, kv = head / (heads / c->shape->kv_heads);
    /* The last queries have the most keys: they go first, so that no thread is left with them. */
    const int64_t t = (job->blocks - 1 - item / parts) * job->tokens;
    const int64_t tokens = smaller(job->tokens, c->tokens - t), rows = tokens * job->heads;
    const int64_t high = c->past + t + tokens, width = job->heads * d;
    int64_t low = high - 1;
    for (int64_t i = 0; i < tokens; i++) {
        low = smaller(low, c->first[c->past + t + i]);
    }
    const float *k = c->k + (kv * c->capacity + low) * d, *v = c->v + (kv * c->capacity + low) * d;
    const int64_t keys = high - low, at = (t * heads + head) * d;
    float *q = space, *out = q + tokens * width, *scores = out + tokens * width;
    copy_rows(c->q + at, heads * d, q, width, tokens, width);
    multiply(true, rows, keys, d, 1 / sqrtf((float)d), q, d, k, d, scores, keys);
    for (int64_t i = 0; i < rows; i++) {
        weigh(job, thread, head + i % job->heads, scores + i * keys, c->past + t + i / job->heads,
              low, high);
    }
    multiply(false, rows, d, keys, 1, scores, keys, v, d, out, d);
    copy_rows(out, width, c->out + at, heads * d, tokens, width);
}

/* One item a thread: it takes blocks until none is left, with space of its own. */
static void take_blocks(void *arg, int64_t thread) {
    struct full_job *job = arg;
    for (;;) {
        const int64_t item = atomic_fetch_add(&job->next, 1);
        if (item >= job->blocks * (job->call->shape->heads / job->heads)) {
            return;
        }
        attend(job, (int)thread, item, job->spaces + thread * job->space);
    }
}

enum status lm_attention_weighed(const struct lm_weighing *weighing,
                                 const struct lm_attention_call *call) {
    const int threads = call->threads > 1 ? call->threads : 1;
    const struct lm_shape *shape = call->shape;
    struct full_job job = {.call = call,
                           .weighing = weighing,
                           .tokens = smaller(TOKENS, call->tokens),
                           /* A single row is multiplied without packing. */
                           .heads = call->tokens > 1 ? shape->heads / shape->kv_heads : 1};
    job.blocks = (call->tokens + TOKENS - 1) / TOKENS;
    job.space = job.tokens * job.heads * (2 * shape->head_dim + call->past + call->tokens);
    job.spaces = mem_alloc_array((size_t)threads, (size_t)job.space * sizeof *job.spaces);
    if (job.spaces == NULL) {
        return ST_SYSTEM;
    }
    workers_run(threads, threads, take_blocks, &job);
    mem_free(job.spaces);
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
