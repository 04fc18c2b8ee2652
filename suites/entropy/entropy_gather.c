#include "entropy_gather.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "../../harness/base/memory.h"
#include "../../harness/base/workers.h"
#include "../../reference/entropy.h"

enum entropy_population entropy_series_population(size_t series) {
    return series == ENTROPY_SERIES_LAST  ? ENTROPY_LAST
           : series == ENTROPY_SERIES_ALL ? ENTROPY_ALL
                                          : ENTROPY_LAST_FEW;
}

enum entropy_keys entropy_series_keys(size_t series) {
    return series < ENTROPY_SERIES_FEW ? ENTROPY_MODEL
                                       : (enum entropy_keys)(series - ENTROPY_SERIES_FEW);
}

/* --- results ---------------------------------------------------------------------------------- */

enum status entropy_results_new(struct entropy_results *r) {
    const size_t curves = r->texts * r->layers * r->heads;
    for (size_t i = 0; i < ENTROPY_SERIES; i++) {
        r->values[i] = mem_alloc_array(curves, ENTROPY_POINTS * sizeof *r->values[i]);
        if (r->values[i] == NULL) {
            return ST_SYSTEM;
        }
    }
    r->judges = mem_alloc_array(r->layers, sizeof *r->judges);
    for (size_t i = 0; r->judges != NULL && i < r->layers; i++) {
        judge_begin(&r->judges[i]);
    }
    return r->judges == NULL ? ST_SYSTEM : ST_OK;
}

void entropy_results_free(struct entropy_results *r) {
    for (size_t i = 0; i < ENTROPY_SERIES; i++) {
        mem_free(r->values[i]);
    }
    for (size_t i = 0; r->judges != NULL && i < r->layers; i++) {
        judge_end(&r->judges[i]);
    }
    mem_free(r->judges);
    *r = (struct entropy_results){0};
}

struct entropy_view entropy_view_of(const struct entropy_results *r, size_t series, size_t first,
                                    size_t count) {
    return (struct entropy_view){.values = r->values[series],
                                 .population = entropy_series_population(series),
                                 .texts = r->texts,
                                 .heads = r->layers * r->heads,
                                 .points = r->points,
                                 .first = first,
                                 .count = count};
}

static struct entropy_mean *place(struct entropy_results *r, size_t series, size_t text,
                                  size_t layer, size_t head, size_t point) {
    const size_t curve = (text * r->layers + layer) * r->heads + head;
    return &r->values[series][curve * ENTROPY_POINTS + point];
}

/* --- a layer's last few rows ------------------------------------------------------------------ */

struct layer_job {
    struct entropy_results *r;
    const struct entropy_layer *l;
    struct entropy_sample *samples; /* (kv_heads, ENTROPY_KEYS) */
    atomic_bool refused;            /* memory */
};

/* What one KV head and one kind of keys need. */
struct work {
    struct entropy_head head;
    enum entropy_keys which;
    const float *keys; /* (length, d) */
    float *made, *logits, *q;
    double *squared;
};

static bool work_new(struct work *w, int64_t length, int32_t d) {
    w->made = mem_alloc_array((size_t)length, (size_t)d * sizeof *w->made);
    w->logits = mem_alloc_array((size_t)length, ENTROPY_TAIL * sizeof *w->logits);
    w->q = mem_alloc_array(ENTROPY_TAIL, (size_t)d * sizeof *w->q);
    w->squared = mem_alloc_array((size_t)length, sizeof *w->squared);
    return w->made != NULL && w->logits != NULL && w->q != NULL && w->squared != NULL;
}

static void work_free(struct work *w) {
    mem_free(w->made);
    mem_free(w->logits);
    mem_free(w->q);
    mem_free(w->squared);
}

static void scale_queries(const struct work *w, const float *q, int64_t first) {
    const int32_t d = w->head.d;
    for (int64_t i = 0; i < ENTROPY_TAIL; i++) {
        const double by =
            entropy_query_scale(&w->head, w->which, w->keys, q + i * d, first + i, w->logits);
        for (int32_t c = 0; c < d; c++) {
            w->q[i * d + c] = (float)(by * (double)q[i * d + c]);
        }
    }
}

static void point_of_head(const struct layer_job *job, const struct work *w, size_t head,
                          size_t point, struct entropy_sample *sample) {
    const struct entropy_layer *l = job->l;
    const int64_t context = entropy_context(point), first = context - ENTROPY_TAIL + 1;
    const float *q = l->q + ((int64_t)(head * job->r->points + point) * ENTROPY_TAIL) * l->d;
    double h[ENTROPY_TAIL];
    struct entropy_mean mean = {0, 0};
    scale_queries(w, q, first);
    const struct entropy_rows rows = {w->q, w->keys, l->d, l->d, l->d, ENTROPY_TAIL, first};
    entropy_of_rows(&rows, w->logits, h);
    for (int64_t i = 0; i < ENTROPY_TAIL; i++) {
        mean.h += h[i] / ENTROPY_TAIL;
        mean.exp_h += exp(h[i]) / ENTROPY_TAIL;
    }
    *place(job->r, ENTROPY_SERIES_FEW + w->which, l->text, l->layer, head, point) = mean;
    if (w->which == ENTROPY_MODEL) {
        *place(job->r, ENTROPY_SERIES_LAST, l->text, l->layer, head, point) =
            (struct entropy_mean){h[ENTROPY_TAIL - 1], exp(h[ENTROPY_TAIL - 1])};
    }
    if (sample != NULL) {
        *sample = (struct entropy_sample){.n = context, .got = h[ENTROPY_TAIL - 1]};
        sample->want = ref_entropy(w->q + (int64_t)(ENTROPY_TAIL - 1) * l->d, w->keys, l->d, l->d,
                                   context, &sample->reach);
    }
}

/* The head and the N that the oracle is asked for change from layer to layer and text to text. */
static void run_heads(const struct layer_job *job, const struct work *w, size_t kv,
                      struct entropy_sample *sample) {
    const struct entropy_results *r = job->r;
    const size_t group = r->heads / (size_t)job->l->kv_heads;
    const size_t turn = job->l->layer + job->l->text;
    for (size_t i = 0; i < group; i++) {
        for (size_t point = 0; point < r->points; point++) {
            const bool judged = i == turn % group && point == (turn + kv) % r->points;
            point_of_head(job, w, kv * group + i, point, judged ? sample : NULL);
        }
    }
}

static void run_keys(void *arg, int64_t item) {
    struct layer_job *job = arg;
    const struct entropy_layer *l = job->l;
    const size_t kv = (size_t)item / ENTROPY_KEYS, which = (size_t)item % ENTROPY_KEYS;
    const struct entropy_results *r = job->r;
    struct work w = {.which = (enum entropy_keys)which};
    if (work_new(&w, r->length, l->d)) {
        const size_t row = (l->text * r->layers + l->layer) * (size_t)l->kv_heads + kv;
        w.head = (struct entropy_head){.k = l->k + (int64_t)kv * l->capacity * l->d,
                                       .squared = w.squared,
                                       .length = r->length,
                                       .d = l->d,
                                       .seed = r->seed,
                                       .row = row};
        entropy_squared_norms(w.head.k, r->length, l->d, w.squared);
        entropy_make_keys(&w.head, w.which, w.made);
        w.keys = w.made;
        run_heads(job, &w, kv, &job->samples[item]);
    } else {
        atomic_store(&job->refused, true);
    }
    work_free(&w);
}

enum status entropy_gather_layer(struct entropy_results *r, const struct entropy_layer *l) {
    const int64_t items = (int64_t)l->kv_heads * ENTROPY_KEYS;
    struct layer_job job = {.r = r, .l = l};
    job.samples = mem_alloc_array((size_t)items, sizeof *job.samples);
    if (job.samples == NULL) {
        return ST_SYSTEM;
    }
    workers_run(r->threads, items, run_keys, &job);
    for (int64_t i = 0; i < items; i++) {
        entropy_judge(&r->judges[l->layer], entropy_keys_names[i % ENTROPY_KEYS], (int64_t)l->layer,
                      l->d, &job.samples[i]);
    }
    mem_free(job.samples);
    return atomic_load(&job.refused) ? status_set(ST_SYSTEM, "out of memory") : ST_OK;
}

/* --- every row of a model --------------------------------------------------------------------- */

/* What one forward gathers. */
struct watch {
    struct entropy_results *r;
    const struct lm_shape *shape;
    size_t text;
    double *h;                      /* (layers, heads, length) */
    float *q;                       /* (layers, heads, points, ENTROPY_TAIL, d) */
    struct entropy_sample *samples; /* (layers, heads, JUDGED) */
};

/* Rows of each head that the oracle computes too: the last one, and one that changes. */
enum { JUDGED = 2 };

static int64_t judged_row(const struct watch *w, int64_t head, int64_t which) {
    const int64_t length = w->r->length;
    return which == 0 ? length - 1 : (head * 2654435761 + (int64_t)w->text * 40503) % length;
}

struct rows_job {
    const struct watch *w;
    const struct lm_attention_call *call;
    float *scores; /* (threads, ENTROPY_ROWS, past + tokens) */
    int64_t blocks;
    atomic_int_fast64_t next;
};

/* Both rows of every head of the first text, later one head a layer: the oracle is slow. */
static void ask_oracle(const struct watch *w, const struct lm_attention_call *c, int64_t head) {
    const int64_t heads = c->shape->heads, d = c->shape->head_dim;
    const int64_t kv = head / (heads / c->shape->kv_heads), curve = c->layer * heads + head;
    const float *k = c->k + kv * c->capacity * d;
    for (int64_t i = 0; i < JUDGED; i++) {
        const int64_t row = judged_row(w, curve, i), t = row - c->past;
        if (t < 0 || t >= c->tokens ||
            (w->text > 0 && head != (c->layer + (int64_t)w->text) % heads)) {
            continue;
        }
        struct entropy_sample *s = &w->samples[curve * JUDGED + i];
        s->n = row + 1;
        s->got = w->h[curve * w->r->length + row];
        s->want = ref_entropy(c->q + (t * heads + head) * d, k, (int32_t)d, d, s->n, &s->reach);
    }
}

static void block_of_rows(const struct rows_job *job, int64_t item, float *scores) {
    const struct lm_attention_call *c = job->call;
    const int64_t heads = c->shape->heads, d = c->shape->head_dim;
    const int64_t head = item % heads, kv = head / (heads / c->shape->kv_heads);
    /* The last queries have the most keys: they go first, so that no thread is left with them. */
    const int64_t t = (job->blocks - 1 - item / heads) * ENTROPY_ROWS, left = c->tokens - t;
    const struct entropy_rows rows = {.q = c->q + (t * heads + head) * d,
                                      .k = c->k + kv * c->capacity * d,
                                      .query_stride = heads * d,
                                      .key_stride = d,
                                      .d = (int32_t)d,
                                      .rows = left < ENTROPY_ROWS ? left : ENTROPY_ROWS,
                                      .first = c->past + t + 1};
    const int64_t curve = c->layer * heads + head;
    entropy_of_rows(&rows, scores, job->w->h + curve * job->w->r->length + c->past + t);
}

static void take_blocks(void *arg, int64_t thread) {
    struct rows_job *job = arg;
    const struct lm_attention_call *c = job->call;
    float *scores = job->scores + thread * ENTROPY_ROWS * (c->past + c->tokens);
    for (;;) {
        const int64_t item = atomic_fetch_add(&job->next, 1);
        if (item >= job->blocks * c->shape->heads) {
            return;
        }
        block_of_rows(job, item, scores);
    }
}

static void oracle_of_head(void *arg, int64_t head) {
    const struct rows_job *job = arg;
    ask_oracle(job->w, job->call, head);
}

static enum status watch_rows(const struct watch *w, const struct lm_attention_call *call) {
    const int threads = call->threads > 1 ? call->threads : 1;
    struct rows_job job = {.w = w, .call = call};
    job.blocks = (call->tokens + ENTROPY_ROWS - 1) / ENTROPY_ROWS;
    job.scores = mem_alloc_array((size_t)threads * ENTROPY_ROWS,
                                 (size_t)(call->past + call->tokens) * sizeof *job.scores);
    if (job.scores == NULL) {
        return ST_SYSTEM;
    }
    workers_run(threads, threads, take_blocks, &job);
    workers_run(threads, call->shape->heads, oracle_of_head, &job);
    mem_free(job.scores);
    return ST_OK;
}

static float *kept_queries(const struct watch *w, int64_t curve, size_t point) {
    return w->q +
           (curve * (int64_t)w->r->points + (int64_t)point) * ENTROPY_TAIL * w->shape->head_dim;
}

static void keep_queries(const struct watch *w, const struct lm_attention_call *c) {
    const int64_t heads = c->shape->heads, d = c->shape->head_dim;
    for (size_t point = 0; point < w->r->points; point++) {
        for (int64_t i = 0; i < ENTROPY_TAIL; i++) {
            const int64_t t = entropy_context(point) - ENTROPY_TAIL + i - c->past;
            for (int64_t head = 0; t >= 0 && t < c->tokens && head < heads; head++) {
                memcpy(kept_queries(w, c->layer * heads + head, point) + i * d,
                       c->q + (t * heads + head) * d, (size_t)d * sizeof *c->q);
            }
        }
    }
}

/* The plug: attention as it is, and the rows' entropies beside it. */
static enum status watch(void *context, const struct lm_attention_call *call) {
    const struct watch *w = context;
    enum status st = lm_attention_full(NULL, call);
    st = st == ST_OK ? watch_rows(w, call) : st;
    keep_queries(w, call);
    if (st == ST_OK && call->past + call->tokens == w->r->length) {
        const struct entropy_layer l = {
            .text = w->text,
            .layer = (size_t)call->layer,
            .kv_heads = call->shape->kv_heads,
            .d = call->shape->head_dim,
            .capacity = call->capacity,
            .k = call->k,
            .q = kept_queries(w, (int64_t)call->layer * call->shape->heads, 0)};
        st = entropy_gather_layer(w->r, &l);
    }
    return st;
}

static void judge_head(const struct watch *w, size_t layer, size_t head) {
    const struct entropy_results *r = w->r;
    const size_t curve = layer * r->heads + head;
    const double *h = w->h + curve * (size_t)r->length;
    for (size_t i = 0; i < JUDGED; i++) {
        const struct entropy_sample *s = &w->samples[curve * JUDGED + i];
        if (s->n > 0) {
            entropy_judge(&r->judges[layer], "entropy", s->n - 1, w->shape->head_dim, s);
        }
    }
    for (int64_t t = 0; t < r->length; t++) {
        entropy_judge_range(&r->judges[layer], "entropy", t, t + 1, h[t]);
    }
}

static void reduce(const struct watch *w) {
    struct entropy_results *r = w->r;
    for (size_t layer = 0; layer < r->layers; layer++) {
        for (size_t head = 0; head < r->heads; head++) {
            const double *h = w->h + (layer * r->heads + head) * (size_t)r->length;
            judge_head(w, layer, head);
            for (size_t point = 0; point < r->points; point++) {
                const int64_t context = entropy_context(point);
                *place(r, ENTROPY_SERIES_ALL, w->text, layer, head, point) =
                    entropy_over_rows(ENTROPY_ALL, context, h);
            }
        }
    }
}

enum status entropy_gather_text(struct entropy_results *r, size_t text, struct lm_session *s,
                                const struct lm_shape *shape, const int32_t *ids) {
    const size_t curves = r->layers * r->heads;
    struct watch w = {.r = r, .shape = shape, .text = text};
    w.h = mem_alloc_array(curves, (size_t)r->length * sizeof *w.h);
    w.q = mem_alloc_array(curves * r->points * ENTROPY_TAIL, (size_t)shape->head_dim * sizeof *w.q);
    w.samples = mem_alloc_array(curves * JUDGED, sizeof *w.samples);
    enum status st = w.h == NULL || w.q == NULL || w.samples == NULL ? ST_SYSTEM : ST_OK;
    if (st == ST_OK) {
        const struct lm_attention plug = {watch, &w};
        lm_session_truncate(s, 0);
        st = lm_forward(s, &plug, ids, NULL, r->length, NULL);
    }
    if (st == ST_OK) {
        reduce(&w);
    }
    mem_free(w.h);
    mem_free(w.q);
    mem_free(w.samples);
    return st;
}
