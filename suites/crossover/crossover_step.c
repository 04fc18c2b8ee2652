/* One step of each arm, and one timed sample. */
#include <math.h>
#include <string.h>

#include "../../harness/base/clock.h"
#include "../../harness/run/roofline.h"
#include "../kernels/attention_select.h"
#include "../kernels/pages.h"
#include "crossover.h"

/* A step of one head, with the stage's clock. */
struct turn {
    struct crossover_group *s;
    const struct crossover_arm *a;
    int32_t head;
    int64_t query;
    double *stage, since;
};

static void begin(struct turn *t) { t->since = clock_seconds(); }

static void end(struct turn *t, enum crossover_stage stage) {
    const double now = clock_seconds();
    t->stage[stage] += now - t->since;
    t->since = now;
}

int32_t *crossover_chosen_of(const struct crossover_group *s, int32_t head) {
    return s->space.chosen + head * s->space.stride;
}

/* --- choosing --------------------------------------------------------------------------------- */

static enum status no_number(void) {
    return status_set(ST_INPUT, "crossover: a score is not a number");
}

static enum status choose_topk(struct turn *t) {
    struct crossover_space *w = &t->s->space;
    const struct scores_call call = crossover_scores_call(t->s, t->a, t->query, t->head);
    begin(t);
    t->a->scores->run(&call, w->scores);
    end(t, CROSSOVER_ESTIMATE);
    w->count[t->head] = attention_select()(w->scores, call.n, t->a->k,
                                           crossover_chosen_of(t->s, t->head), w->select);
    end(t, CROSSOVER_SELECT);
    return w->count[t->head] < 0 ? no_number() : ST_OK;
}

/* The last page is always read: it holds the newest keys. */
static enum status choose_quest(struct turn *t) {
    const struct crossover_plan *p = &t->s->data.plan;
    struct crossover_space *w = &t->s->space;
    const int64_t last = t->s->pages - 1, others = t->a->k / t->s->page - 1;
    const struct pages_call call = {.q = crossover_query_of(&t->s->data, t->head, t->query),
                                    .bounds = t->s->bounds + t->head * t->s->pages * 2 * p->d,
                                    .pages = last,
                                    .d = p->d};
    begin(t);
    pages_best()->run(&call, w->scores);
    end(t, CROSSOVER_ESTIMATE);
    const int64_t found =
        others > 0 ? attention_select()(w->scores, last, others, w->picked, w->select) : 0;
    end(t, CROSSOVER_SELECT);
    if (found < 0) {
        return no_number();
    }
    int32_t *const chosen = crossover_chosen_of(t->s, t->head), *out = chosen;
    w->picked[found] = (int32_t)last;
    for (int64_t i = 0; i <= found; i++) {
        const int64_t from = (int64_t)w->picked[i] * t->s->page, to = from + t->s->page;
        for (int64_t row = from; row < to && row < p->n; row++) {
            *out++ = (int32_t)row;
        }
    }
    w->count[t->head] = out - chosen;
    end(t, CROSSOVER_GATHER);
    return ST_OK;
}

/* Rows (count), all below n, in ascending order: a radix sort, since a search's ids come in the
 * order of their scores and a sort by comparing would cost as much as a small search. */
static void sort_rows(int32_t *rows, int64_t count, int64_t n, int32_t *space) {
    enum { BITS = 11, DIGITS = 1 << BITS };
    for (int shift = 0; (n - 1) >> shift > 0; shift += BITS) {
        int32_t before[DIGITS + 1] = {0};
        for (int64_t i = 0; i < count; i++) {
            before[(rows[i] >> shift) % DIGITS + 1]++;
        }
        for (int digit = 0; digit < DIGITS; digit++) {
            before[digit + 1] += before[digit];
        }
        for (int64_t i = 0; i < count; i++) {
            space[before[(rows[i] >> shift) % DIGITS]++] = rows[i];
        }
        memcpy(rows, space, (size_t)count * sizeof *rows);
    }
}

/* Key 0 is attended to whether it was found or not: models send to the first token what attention
 * they have no use for, and a search near the query passes it by.  Source: Xiao et al., "Efficient
 * Streaming Language Models with Attention Sinks", ICLR 2024. */
static int64_t with_first(int32_t *rows, int64_t count) {
    if (count > 0 && rows[0] == 0) {
        return count;
    }
    memmove(rows + 1, rows, (size_t)count * sizeof *rows);
    rows[0] = 0;
    return count + 1;
}

/* A search for all heads is done for the first; the others take what it found. */
static enum status choose_hnsw(struct turn *t, struct graph_counts *counts) {
    const struct crossover_data *d = &t->s->data;
    struct crossover_space *w = &t->s->space;
    const struct graph_impl *impl = t->a->graph->kernel->impl;
    int32_t *out = crossover_chosen_of(t->s, t->head);
    begin(t);
    if (t->head >= d->graphs) {
        w->count[t->head] = w->count[0];
        memcpy(out, w->chosen, (size_t)w->count[0] * sizeof *w->chosen);
        end(t, CROSSOVER_GATHER);
        return ST_OK;
    }
    const float *query = crossover_search_query_of(d, t->head, t->query);
    const int64_t found = impl->search(t->a->graph->index[t->head], query, t->a->ef, t->a->ef, out,
                                       w->scores, counts);
    end(t, CROSSOVER_ESTIMATE);
    if (found < 0) {
        return ST_SYSTEM;
    }
    sort_rows(out, found, d->plan.n, w->picked);
    w->count[t->head] = with_first(out, found);
    end(t, CROSSOVER_GATHER);
    return ST_OK;
}

/* --- a step ----------------------------------------------------------------------------------- */

struct attend_call crossover_attend_call(const struct crossover_group *s,
                                         const struct crossover_arm *a, int64_t query,
                                         int32_t head) {
    const bool all = a->method == CROSSOVER_FULL;
    return (struct attend_call){.q = crossover_query_of(&s->data, head, query),
                                .k = crossover_keys_of(&s->data, head),
                                .v = crossover_values_of(&s->data, head),
                                .chosen = all ? NULL : crossover_chosen_of(s, head),
                                .n = s->data.plan.n,
                                .count = all ? s->data.plan.n : s->space.count[head],
                                .d = s->data.plan.d};
}

static void attend(struct turn *t) {
    struct crossover_space *w = &t->s->space;
    const struct attend_call call = crossover_attend_call(t->s, t->a, t->query, t->head);
    begin(t);
    w->count[t->head] = call.count;
    attend_best()->run(&call, w->weights, w->out + (int64_t)t->head * call.d);
    end(t, CROSSOVER_ATTEND);
}

static enum status step_of_head(struct turn *t, struct graph_counts *counts) {
    enum status st = ST_OK;
    switch (t->a->method) {
    case CROSSOVER_TOPK:
        st = choose_topk(t);
        break;
    case CROSSOVER_QUEST:
        st = choose_quest(t);
        break;
    case CROSSOVER_HNSW:
        st = choose_hnsw(t, counts);
        break;
    default:
        break;
    }
    if (st == ST_OK) {
        attend(t);
    }
    return st;
}

/* The sum keeps the loads alive. */
static uint64_t read_keys(const struct crossover_group *s, const struct crossover_arm *a) {
    const struct crossover_plan *p = &s->data.plan;
    const struct stream_read_impl *impl = a->kernel->impl;
    const size_t bytes = (size_t)p->heads * (size_t)p->n * (size_t)p->d * sizeof(float);
    return impl->read(s->data.k, bytes / 64 * 64);
}

enum status crossover_step(struct crossover_group *s, struct crossover_arm *a, int64_t query,
                           double stage[CROSSOVER_STAGES], struct graph_counts *counts) {
    enum status st = ST_OK;
    if (a->method == CROSSOVER_READ) {
        a->read = read_keys(s, a);
        return ST_OK;
    }
    for (int32_t head = 0; head < s->data.plan.heads && st == ST_OK; head++) {
        struct turn t = {s, a, head, query, stage, 0};
        st = step_of_head(&t, counts);
    }
    return st;
}

uint64_t crossover_step_answer(const struct crossover_group *s, const struct crossover_arm *a) {
    const struct crossover_space *w = &s->space;
    uint64_t sum = 0;
    if (a->method == CROSSOVER_READ || a->method == CROSSOVER_FULL) {
        return sum;
    }
    for (int32_t head = 0; head < s->data.plan.heads; head++) {
        sum = sum * 31 + judge_checksum(crossover_chosen_of(s, head),
                                        (size_t)w->count[head] * sizeof *w->chosen);
    }
    return sum;
}

/* --- a sample --------------------------------------------------------------------------------- */

int64_t crossover_steps(int64_t n) {
    enum { SMALL = 100000, STEPS = 4 };
    return n < SMALL ? STEPS : 1;
}

/* One step goes before the timed ones, so that the caches hold what this arm leaves in them and
 * not what the arm before did: a decoder's steps follow each other. */
double crossover_time(struct group *g, struct cell *c, int round) {
    struct crossover_group *s = g->state;
    struct crossover_arm *a = c->state;
    const int64_t steps = crossover_steps(s->data.plan.n), first = round * steps;
    const int64_t queries = s->data.plan.queries;
    double stage[CROSSOVER_STAGES] = {0};
    enum status st =
        crossover_step(s, a, (first + queries - 1) % queries, (double[CROSSOVER_STAGES]){0}, NULL);
    double seconds = 0;
    for (int64_t i = 0; i < steps && st == ST_OK; i++) {
        const int64_t query = (first + i) % queries;
        const double start = clock_seconds();
        st = crossover_step(s, a, query, stage, NULL);
        seconds += clock_seconds() - start;
        a->other_answers += crossover_step_answer(s, a) != a->answers[query];
    }
    for (int i = 0; i < CROSSOVER_STAGES; i++) {
        a->stage[i][round] = stage[i] > 0 ? stage[i] / (double)steps : NAN;
    }
    a->timed_status = a->timed_status == ST_OK ? st : a->timed_status;
    return seconds;
}
