#include "retrieval_measure.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "../../harness/base/memory.h"
#include "../../harness/base/workers.h"
#include "retrieval_arms.h"
#include "retrieval_rows.h"

const char *const retrieval_population_names[RETRIEVAL_POPULATIONS] = {"all", "long"};

/* --- sums ------------------------------------------------------------------------------------- */

enum status retrieval_measured_new(struct retrieval_measured *m) {
    const size_t entries =
        (size_t)m->sequences * m->arm_count * m->budget_count * (size_t)m->layers;
    m->sums = mem_alloc_array(entries, RETRIEVAL_POPULATIONS * sizeof *m->sums);
    m->counts = mem_alloc_array(entries, sizeof *m->counts);
    if (m->sums == NULL || m->counts == NULL) {
        retrieval_measured_free(m);
        return ST_SYSTEM;
    }
    return ST_OK;
}

void retrieval_measured_free(struct retrieval_measured *m) {
    mem_free(m->sums);
    mem_free(m->counts);
    m->sums = NULL;
    m->counts = NULL;
}

static size_t entry_at(const struct retrieval_measured *m, int64_t sequence, size_t arm,
                       size_t budget, int32_t layer) {
    const size_t at = (size_t)sequence * m->arm_count + arm;
    return (at * m->budget_count + budget) * (size_t)m->layers + (size_t)layer;
}

struct retrieval_sum *retrieval_sum_at(const struct retrieval_measured *m, int64_t sequence,
                                       size_t arm, size_t budget, int32_t layer,
                                       enum retrieval_population population) {
    return &m->sums[entry_at(m, sequence, arm, budget, layer) * RETRIEVAL_POPULATIONS + population];
}

struct selector_counts *retrieval_counts_at(const struct retrieval_measured *m, int64_t sequence,
                                            size_t arm, size_t budget, int32_t layer) {
    return &m->counts[entry_at(m, sequence, arm, budget, layer)];
}

void retrieval_sum_add(struct retrieval_sum *to, const struct retrieval_sum *from) {
    to->queries += from->queries;
    to->recall_per_head += from->recall_per_head;
    to->recall_shared += from->recall_shared;
    to->mass += from->mass;
    to->kept += from->kept;
    to->allowed += from->allowed;
    to->read += from->read;
}

struct retrieval_quality retrieval_quality_of(const struct retrieval_sum *total) {
    const double queries = total->queries > 0 ? (double)total->queries : NAN;
    const double allowed = total->queries > 0 ? total->allowed : NAN;
    return (struct retrieval_quality){.queries = total->queries,
                                      .recall_per_head = total->recall_per_head / queries,
                                      .recall_shared = total->recall_shared / queries,
                                      .mass = total->mass / queries,
                                      .retained_share = total->kept / allowed,
                                      .read_share = total->read / allowed};
}

/* --- one layer of one block of tokens --------------------------------------------------------- */

struct layer_job {
    const struct retrieval_measured *m;
    const struct retrieval_arms *arms;
    const bool *measured;        /* (tokens of the sequence) */
    struct retrieval_rows *rows; /* (threads) */
    const struct lm_attention_call *call;
    int64_t items, tokens;      /* pieces of the call, and tokens of one */
    struct retrieval_sum *sums; /* (items, arms, budgets, populations) */
    atomic_int_fast64_t next;
    atomic_int failed; /* the first status that is not ST_OK, with its line */
    char message[256];
};

static void fail(struct layer_job *job, enum status st) {
    int none = ST_OK;
    if (atomic_compare_exchange_strong(&job->failed, &none, (int)st)) {
        snprintf(job->message, sizeof job->message, "%s", status_message());
    }
}

static enum status measure_run(const struct layer_job *job, int thread, int64_t t, int64_t rows,
                               struct retrieval_sum *sums) {
    struct retrieval_rows *r = &job->rows[thread];
    enum status st = retrieval_rows_teach(r, job->call, t, rows);
    for (size_t a = 0; a < job->arms->count && st == ST_OK; a++) {
        const struct retrieval_arm *arm = &job->arms->arm[a];
        if (retrieval_arm_has(arm, job->call->layer)) {
            st = retrieval_rows_choose(r, job->call, arm->method, job->arms->state[a], thread);
            if (st == ST_OK) {
                retrieval_rows_add(r, job->call,
                                   sums + a * job->m->budget_count * RETRIEVAL_POPULATIONS);
            }
        }
    }
    return st;
}

/* Measured queries that stand together are taken together. */
static enum status measure_item(const struct layer_job *job, int thread, int64_t item) {
    const size_t width = job->arms->count * job->m->budget_count * RETRIEVAL_POPULATIONS;
    const bool *measured = job->measured + job->call->past;
    const int64_t from = item * job->tokens, next = from + job->tokens;
    const int64_t stop = next < job->call->tokens ? next : job->call->tokens;
    enum status st = ST_OK;
    for (int64_t t = from; t < stop && st == ST_OK;) {
        int64_t behind = t;
        while (behind < stop && measured[behind]) {
            behind++;
        }
        if (behind > t) {
            st = measure_run(job, thread, t, behind - t, job->sums + (size_t)item * width);
        }
        t = behind + 1;
    }
    return st;
}

static void take_items(void *arg, int64_t thread) {
    struct layer_job *job = arg;
    while (atomic_load(&job->failed) == ST_OK) {
        /* The last queries have the most keys: they go first. */
        const int64_t item = job->items - 1 - atomic_fetch_add(&job->next, 1);
        if (item < 0) {
            return;
        }
        const enum status st = measure_item(job, (int)thread, item);
        if (st != ST_OK) {
            fail(job, st);
        }
    }
}

/* In the order of the items, whoever computed them: sums are the same for any number of threads. */
static void add_items(const struct layer_job *job, int64_t sequence) {
    const struct retrieval_sum *from = job->sums;
    for (int64_t item = 0; item < job->items; item++) {
        for (size_t a = 0; a < job->arms->count; a++) {
            for (size_t b = 0; b < job->m->budget_count; b++) {
                for (int p = 0; p < RETRIEVAL_POPULATIONS; p++) {
                    retrieval_sum_add(retrieval_sum_at(job->m, sequence, a, b, job->call->layer,
                                                       (enum retrieval_population)p),
                                      from++);
                }
            }
        }
    }
}

static enum status measure_layer(struct layer_job *job, int64_t sequence) {
    const size_t width = job->arms->count * job->m->budget_count * RETRIEVAL_POPULATIONS;
    const int threads = job->call->threads > 1 ? job->call->threads : 1;
    job->tokens = job->rows[0].most;
    job->items = (job->call->tokens + job->tokens - 1) / job->tokens;
    job->sums = mem_alloc_array((size_t)job->items * width, sizeof *job->sums);
    if (job->sums == NULL) {
        return ST_SYSTEM;
    }
    workers_run(threads, threads, take_items, job);
    const enum status st = (enum status)job->failed;
    if (st == ST_OK) {
        add_items(job, sequence);
    } else {
        status_set(st, "%s", job->message);
    }
    mem_free(job->sums);
    return st;
}

/* --- one sequence ----------------------------------------------------------------------------- */

struct sequence_job {
    struct retrieval_measured *m;
    int64_t sequence;
    struct retrieval_arms arms;
    bool *measured;
    struct retrieval_rows *rows;
};

/* Adds what the searches of a layer did, or takes away what they had done before. */
static void add_counts(const struct sequence_job *s, int32_t layer, bool before) {
    for (size_t a = 0; a < s->arms.count; a++) {
        const struct selector *method = s->arms.arm[a].method;
        for (size_t b = 0; b < s->m->budget_count && method->counts != NULL; b++) {
            struct selector_counts *to = retrieval_counts_at(s->m, s->sequence, a, b, layer);
            const struct selector_counts now = method->counts(s->arms.state[a], b);
            to->evaluated += before ? 0 - now.evaluated : now.evaluated;
            to->present += before ? 0 - now.present : now.present;
        }
    }
}

static enum status run_layer(void *context, const struct lm_attention_call *call) {
    const struct sequence_job *s = context;
    enum status st = lm_attention_full(NULL, call);
    if (st != ST_OK || (s->m->only != NULL && !s->m->only[call->layer])) {
        return st;
    }
    struct layer_job job = {
        .m = s->m, .arms = &s->arms, .measured = s->measured, .rows = s->rows, .call = call};
    add_counts(s, call->layer, true);
    st = retrieval_arms_begin(&s->arms, call);
    st = st == ST_OK ? measure_layer(&job, s->sequence) : st;
    add_counts(s, call->layer, false);
    return st;
}

/* Each document's last token and every stride-th before it; padding is no query. */
static void mark_measured(const int32_t *segments, int64_t count, int64_t stride, bool *measured) {
    int64_t last = count - 1;
    for (int64_t t = count; t-- > 0;) {
        const int32_t segment = segments == NULL ? 0 : segments[t];
        last = segments == NULL || segments[last] == segment ? last : t;
        measured[t] = segment >= 0 && (last - t) % stride == 0;
    }
}

static enum status open_sequence(struct sequence_job *s, const struct lm_shape *shape, int threads,
                                 int64_t count) {
    enum status st = retrieval_arms_open(s->m, shape, count, &s->arms);
    s->measured = mem_alloc_array((size_t)count, sizeof *s->measured);
    s->rows = mem_alloc_array((size_t)threads, sizeof *s->rows);
    st = st == ST_OK && (s->measured == NULL || s->rows == NULL) ? ST_SYSTEM : st;
    for (int i = 0; i < threads && st == ST_OK; i++) {
        st = retrieval_rows_new(shape, s->m->budgets, s->m->budget_count, count, &s->rows[i]);
    }
    return st;
}

static void close_sequence(struct sequence_job *s, int threads) {
    for (int i = 0; i < threads && s->rows != NULL; i++) {
        retrieval_rows_free(&s->rows[i]);
    }
    mem_free(s->rows);
    mem_free(s->measured);
    retrieval_arms_close(&s->arms);
}

enum status retrieval_measure(struct retrieval_measured *m, int64_t sequence, struct lm_session *s,
                              const int32_t *ids, const int32_t *segments, int64_t count) {
    const struct lm_shape *shape = lm_shape(lm_session_model(s));
    const int threads = lm_session_threads(s) > 1 ? lm_session_threads(s) : 1;
    struct sequence_job job = {.m = m, .sequence = sequence};
    enum status st = open_sequence(&job, shape, threads, count);
    if (st == ST_OK) {
        const struct lm_attention attention = {run_layer, &job};
        mark_measured(segments, count, m->stride, job.measured);
        lm_session_truncate(s, 0);
        st = lm_forward(s, &attention, ids, segments, count, NULL);
    }
    close_sequence(&job, threads);
    return st;
}
