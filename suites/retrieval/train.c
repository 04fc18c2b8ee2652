#include "train.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "../../datasets/half.h"
#include "../../datasets/rng.h"
#include "../../harness/base/memory.h"
#include "../../harness/base/workers.h"
#include "train_adamw.h"
#include "train_capture.h"
#include "train_loss.h"

/* Random numbers: queries' and keys' first weights, orders of sequences. */
enum { STREAM_WQ = 0x7131, STREAM_WK, STREAM_ORDER };

enum { WARMUP = 100, POINTS = 20 };

static const double first_deviation = 0.02, epsilon = 1e-8;

void train_plan(struct projection_plan *plan, int64_t steps) {
    *plan = (struct projection_plan){.steps = steps,
                                     .warmup = steps / 10 < WARMUP ? steps / 10 : WARMUP,
                                     .batch = 1,
                                     .rate = 1e-4,
                                     .decay = 0.01,
                                     .beta1 = 0.9,
                                     .beta2 = 0.95,
                                     .clip = 1,
                                     .temperature = 0.07,
                                     .positives = TEACHER_POSITIVES};
}

/* --- what all layers share -------------------------------------------------------------------- */

struct training {
    const struct train_job *job;
    struct projections *p;
    struct train_capture capture;
    float *turns; /* of lm_turns */
    pthread_mutex_t lock;
    /* Under the lock: */
    int64_t layers_done;
    enum status st;
    char line[256]; /* of the first failure */
};

/* What passes over the model take of the whole time, about. */
static const double capture_share = 0.35;

static void fail(struct training *t, enum status st) {
    pthread_mutex_lock(&t->lock);
    if (t->st == ST_OK) {
        t->st = st;
        (void)snprintf(t->line, sizeof t->line, "%s", status_message());
    }
    pthread_mutex_unlock(&t->lock);
}

static void tell_capture(void *context, int64_t sequence) {
    const struct training *t = context;
    const double share = (double)sequence / (double)t->job->texts->count;
    t->job->progress(t->job->context, capture_share * share, "inputs of the layers");
}

static void tell_layer(struct training *t, int32_t layer, double loss) {
    char what[64];
    pthread_mutex_lock(&t->lock);
    const double share = (double)++t->layers_done / t->job->layer_count;
    (void)snprintf(what, sizeof what, "layer %" PRId32 " is done, loss %.3f", layer, loss);
    t->job->progress(t->job->context, capture_share + (1 - capture_share) * share, what);
    pthread_mutex_unlock(&t->lock);
}

/* --- one layer -------------------------------------------------------------------------------- */

/* What one thread works in. */
struct layer_work {
    struct training *t;
    int32_t slot;             /* of the capture's layers */
    struct teacher *teachers; /* (sequences) */
    float *x;                 /* (tokens, hidden) of the sequence under way */
    float *qk;                /* see teacher.h */
    int64_t *order;           /* (sequences) of the epoch under way */
};

static void widen(const struct layer_work *w, int64_t sequence) {
    const struct train_capture *c = &w->t->capture;
    const int64_t values = c->tokens * c->hidden;
    const uint16_t *from = c->x[w->slot] + sequence * values;
    for (int64_t i = 0; i < values; i++) {
        w->x[i] = half_to_float(from[i]);
    }
}

static enum status make_teacher(struct layer_work *w, int64_t sequence) {
    const struct train_job *job = w->t->job;
    const struct lm_model *model = lm_session_model(job->session);
    const struct lm_shape *s = lm_shape(model);
    const struct text_sequences *texts = job->texts;
    const struct teacher_input in = {s->heads,
                                     s->kv_heads,
                                     s->head_dim,
                                     texts->length,
                                     texts->segments + sequence * texts->length,
                                     w->qk};
    widen(w, sequence);
    lm_queries_keys(model, job->layers[w->slot], w->x, texts->positions + sequence * texts->length,
                    w->t->turns, texts->length, w->qk);
    return teacher_new(&in, &w->teachers[sequence]);
}

/* The order of an epoch: a permutation out of (seed, epoch). */
static void shuffle(const struct layer_work *w, uint64_t seed, int64_t epoch) {
    const int64_t n = w->t->capture.sequences;
    for (int64_t i = 0; i < n; i++) {
        uint32_t words[4];
        rng_words(seed, STREAM_ORDER, (uint64_t)epoch, (uint32_t)i, words);
        const int64_t at = rng_below(words[0], (uint32_t)i + 1);
        w->order[i] = w->order[at];
        w->order[at] = i;
    }
}

static enum status start_weights(uint64_t seed, int32_t layer, size_t count, float *weights) {
    double *row = mem_alloc_array(count, sizeof *row);
    if (row == NULL) {
        return ST_SYSTEM;
    }
    for (uint32_t matrix = 0; matrix < 2; matrix++) {
        rng_gaussians(seed, STREAM_WQ + matrix, (uint64_t)layer, row, count);
        for (size_t i = 0; i < count; i++) {
            weights[matrix * count + i] = (float)(first_deviation * row[i]);
        }
    }
    mem_free(row);
    return ST_OK;
}

/* One set of one layer under training. */
struct run {
    struct layer_work *w;
    struct projection_set *set;
    struct train_space *space;
    struct adamw_state state;
    float *gradient; /* (state.count) */
    int64_t taken;   /* sequences so far */
};

/* Loss and gradient of the next batch; the sums' number of queries. */
static struct train_loss next_batch(struct run *r) {
    struct layer_work *w = r->w;
    const int64_t sequences = w->t->capture.sequences;
    struct train_loss loss = {.queries = 0};
    memset(r->gradient, 0, r->state.count * sizeof *r->gradient);
    for (int64_t i = 0; i < w->t->p->plan.batch; i++, r->taken++) {
        if (r->taken % sequences == 0) {
            shuffle(w, r->set->seed, r->taken / sequences);
        }
        const int64_t sequence = w->order[r->taken % sequences];
        widen(w, sequence);
        train_loss_add(r->space, r->state.weights, w->x, &w->teachers[sequence], &loss,
                       r->gradient);
    }
    return loss;
}

/* Steps of the loss curve end at these. */
static int64_t point_step(const struct projection_set *s, const struct projection_plan *p,
                          int64_t point) {
    return (point + 1) * p->steps / s->points;
}

static enum status run_steps(struct run *r) {
    const struct projection_plan *p = &r->w->t->p->plan;
    const struct adamw optimiser = {p->rate, p->decay, p->beta1, p->beta2, epsilon, p->clip};
    float *curve = r->set->loss + r->w->slot * r->set->points;
    double since = 0;
    int64_t steps = 0, point = 0;
    for (int64_t step = 0; step < p->steps; step++) {
        const struct train_loss loss = next_batch(r);
        const double queries = (double)loss.queries;
        adamw_step(&optimiser, &r->state, r->gradient, 1 / queries, step + 1,
                   adamw_share(step, p->warmup, p->steps));
        since += (loss.contrastive + loss.divergence) / queries;
        steps++;
        if (step + 1 == point_step(r->set, p, point)) {
            curve[point++] = (float)(since / (double)steps);
            since = 0;
            steps = 0;
        }
    }
    return isfinite(curve[r->set->points - 1]) ? ST_OK
                                               : status_set(ST_INPUT,
                                                            "train: the loss of layer %" PRId32
                                                            " is not finite; try a lower --rate",
                                                            r->set->layers[r->w->slot]);
}

static void keep_weights(const struct run *r) {
    const size_t count = r->state.count / 2, at = (size_t)r->w->slot * count;
    memcpy(r->set->wq + at, r->state.weights, count * sizeof *r->set->wq);
    memcpy(r->set->wk + at, r->state.weights + count, count * sizeof *r->set->wk);
}

static enum status train_set(struct layer_work *w, struct projection_set *set) {
    const struct train_capture *c = &w->t->capture;
    const struct train_shape shape = {c->hidden, set->d_search, c->tokens,
                                      (float)w->t->p->plan.temperature};
    const size_t count = 2 * (size_t)c->hidden * (size_t)set->d_search;
    struct run r = {.w = w,
                    .set = set,
                    .gradient = mem_alloc_array(count, sizeof *r.gradient),
                    .state = {.count = count,
                              .weights = mem_alloc_array(count, sizeof(float)),
                              .first = mem_alloc_array(count, sizeof(float)),
                              .second = mem_alloc_array(count, sizeof(float))}};
    enum status st = r.gradient == NULL || r.state.weights == NULL || r.state.first == NULL ||
                             r.state.second == NULL
                         ? ST_SYSTEM
                         : train_space_new(&shape, &r.space);
    st = st == ST_OK
             ? start_weights(set->seed, w->t->job->layers[w->slot], count / 2, r.state.weights)
             : st;
    st = st == ST_OK ? run_steps(&r) : st;
    if (st == ST_OK) {
        keep_weights(&r);
    }
    train_space_free(r.space);
    mem_free(r.gradient);
    mem_free(r.state.weights);
    mem_free(r.state.first);
    mem_free(r.state.second);
    return st;
}

static enum status layer_sets(struct layer_work *w) {
    struct projections *p = w->t->p;
    enum status st = ST_OK;
    for (int64_t i = 0; i < w->t->capture.sequences && st == ST_OK; i++) {
        st = make_teacher(w, i);
    }
    for (int32_t i = 0; i < p->set_count && st == ST_OK; i++) {
        st = train_set(w, &p->sets[i]);
    }
    if (st == ST_OK) {
        const struct projection_set *s = &p->sets[0];
        tell_layer(w->t, s->layers[w->slot], (double)s->loss[w->slot * s->points + s->points - 1]);
    }
    return st;
}

static void train_layer(void *arg, int64_t slot) {
    struct training *t = arg;
    const struct train_capture *c = &t->capture;
    const struct lm_shape *s = lm_shape(lm_session_model(t->job->session));
    const size_t tokens = (size_t)c->tokens;
    const size_t width = ((size_t)s->heads + (size_t)s->kv_heads) * (size_t)s->head_dim;
    struct layer_work w = {.t = t,
                           .slot = (int32_t)slot,
                           .teachers = mem_alloc_array((size_t)c->sequences, sizeof *w.teachers),
                           .x = mem_alloc_array(tokens, (size_t)c->hidden * sizeof *w.x),
                           .qk = mem_alloc_array(tokens, width * sizeof *w.qk),
                           .order = mem_alloc_array((size_t)c->sequences, sizeof *w.order)};
    const enum status st = w.teachers == NULL || w.x == NULL || w.qk == NULL || w.order == NULL
                               ? ST_SYSTEM
                               : layer_sets(&w);
    if (st != ST_OK) {
        fail(t, st);
    }
    for (int64_t i = 0; i < c->sequences && w.teachers != NULL; i++) {
        teacher_free(&w.teachers[i]);
    }
    mem_free(w.teachers);
    mem_free(w.x);
    mem_free(w.qk);
    mem_free(w.order);
    mem_free(t->capture.x[slot]); /* nobody needs them any more */
    t->capture.x[slot] = NULL;
}

/* --- all layers ------------------------------------------------------------------------------- */

static enum status make_sets(const struct train_job *job, struct projections *p, int32_t hidden) {
    for (int32_t i = 0; i < p->set_count; i++) {
        struct projection_set *s = &p->sets[i];
        s->hidden = hidden;
        s->layer_count = job->layer_count;
        memcpy(s->layers, job->layers, (size_t)job->layer_count * sizeof s->layers[0]);
        s->points = p->plan.steps < POINTS ? p->plan.steps : POINTS;
        if (projection_set_new(s) != ST_OK) {
            return ST_SYSTEM;
        }
        for (int64_t k = 0; k < s->points; k++) {
            s->step[k] = point_step(s, &p->plan, k);
        }
    }
    return ST_OK;
}

static enum status run_layers(struct training *t) {
    const struct train_job *job = t->job;
    const struct lm_shape *shape = lm_shape(lm_session_model(job->session));
    t->turns =
        mem_alloc_array((size_t)job->texts->length, (size_t)shape->head_dim * sizeof *t->turns);
    if (t->turns == NULL) {
        return ST_SYSTEM;
    }
    lm_turns(shape, job->texts->length, t->turns);
    enum status st = train_capture(job->session, job->texts, job->layers, job->layer_count,
                                   tell_capture, t, &t->capture);
    if (st == ST_OK) {
        workers_run(job->threads, job->layer_count, train_layer, t);
        st = t->st == ST_OK ? ST_OK : status_set(t->st, "%s", t->line);
        train_capture_free(&t->capture);
    }
    mem_free(t->turns);
    return st;
}

enum status train_projections(const struct train_job *job, struct projections *p) {
    struct training t = {.job = job, .p = p, .lock = PTHREAD_MUTEX_INITIALIZER};
    const struct lm_shape *shape = lm_shape(lm_session_model(job->session));
    enum status st = make_sets(job, p, shape->hidden);
    p->plan.sequences = job->texts->count;
    p->plan.tokens = job->texts->length;
    st = st == ST_OK ? run_layers(&t) : st;
    if (st != ST_OK) {
        projections_free(p);
    }
    return st;
}

double train_bytes(const struct train_job *job, const struct lm_shape *shape) {
    const double tokens = (double)job->texts->length;
    const double teachers = (double)job->texts->count * tokens * (tokens + 1) / 2 * sizeof(float);
    const int at_once = job->threads < job->layer_count ? job->threads : job->layer_count;
    return train_capture_bytes(job->layer_count, job->texts->count, job->texts->length,
                               shape->hidden) +
           at_once * teachers;
}
