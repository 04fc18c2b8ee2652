/* Planted data: a shared latent search space, in which each query has PLANTED keys with a heavy
 * tail of weights over a background of keys in random directions.
 *
 * A token has one latent, a unit vector x of d dimensions, and a query has one, y.  Head h's keys
 * are sqrt(d) R_h x and its queries scale R_h y, with R_h a random rotation: logits are scale x y
 * in every head, so a search for y among the x finds what each head looks for.  It is the best case
 * of a search vector that heads share.  Values are independent Gaussians.
 *
 * A background latent is uniform on the sphere; its logit has variance scale^2 / d, and N of them
 * weigh together about N exp(scale^2 / (2 d)), or less.  The planted key of rank r (1 .. PLANTED)
 * weighs 1 / r of the first (Zipf), and all of them together SHARE of everything:
 *
 *     top = ln N + scale^2 / (2 d) + ln(SHARE / (1 - SHARE)) - ln H,  H = 1 + 1/2 ... + 1/PLANTED,
 *
 * so planted logits grow with ln N, without which any share of the keys would keep its mass.  The
 * first key's cosine with its query is CLOSEST = top / scale, which settles scale: of the two
 * solutions of the quadratic the smaller.
 *
 * Planted rows are drawn one from each of queries x PLANTED equal stretches, the queries in turn,
 * so that one query's keys lie far apart. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "../../datasets/normal.h"
#include "../../datasets/rng.h"
#include "../../harness/base/memory.h"
#include "../kernels/rotation.h"
#include "crossover_rows.h"

enum { PLANTED = 64 };
static const double share = 0.98, closest = 0.9;

struct planting {
    struct crossover_data *d;
    double scale; /* of a query: logits are scale x y */
    double cosine[PLANTED];
    int64_t stretch;             /* rows that one planted key is placed in */
    double *y;                   /* (queries, d) */
    struct rotation **rotations; /* (heads) */
};

/* --- scores ----------------------------------------------------------------------------------- */

/* False where no scale lets the planted keys outweigh n others in d dimensions. */
static bool settle_scores(struct planting *p) {
    double zipf = 0;
    for (int32_t r = 1; r <= PLANTED; r++) {
        zipf += 1.0 / r;
    }
    /* top = base + bend top^2 */
    const double base =
        natural_log((double)p->d->plan.n) + natural_log(share / (1 - share)) - natural_log(zipf);
    const double bend = 1 / (2 * p->d->plan.d * closest * closest);
    const double root = 1 - 4 * bend * base;
    if (root < 0) {
        return false;
    }
    const double top = (1 - sqrt(root)) / (2 * bend);
    p->scale = top / closest;
    for (int32_t r = 0; r < PLANTED; r++) {
        p->cosine[r] = (top - natural_log(r + 1)) / p->scale;
    }
    return true;
}

/* --- latents ---------------------------------------------------------------------------------- */

static double dot(const double *a, const double *b, int32_t d) {
    double sum = 0;
    for (int32_t c = 0; c < d; c++) {
        sum += a[c] * b[c];
    }
    return sum;
}

/* x (d): a uniform direction of its row. */
static void direction(const struct crossover_plan *p, enum crossover_stream stream, int64_t row,
                      double *x) {
    rng_gaussians(p->seed, stream, crossover_address(0, row), x, (size_t)p->d);
    const double by = 1 / sqrt(dot(x, x, p->d));
    for (int32_t c = 0; c < p->d; c++) {
        x[c] *= by;
    }
}

/* Turns the direction x so that its cosine with the unit vector y is this. */
static void turn_towards(const double *y, double cosine, int32_t d, double *x) {
    const double along = dot(x, y, d);
    for (int32_t c = 0; c < d; c++) {
        x[c] -= along * y[c];
    }
    const double by = sqrt((1 - cosine * cosine) / dot(x, x, d));
    for (int32_t c = 0; c < d; c++) {
        x[c] = cosine * y[c] + by * x[c];
    }
}

/* Whether a row is a planted one, of which query and of which rank (from 0). */
static bool is_planted(const struct planting *p, int64_t row, int64_t *query, int32_t *rank) {
    const struct crossover_plan *plan = &p->d->plan;
    const int64_t place = row / p->stretch;
    uint32_t words[4];
    if (place >= plan->queries * PLANTED) {
        return false;
    }
    *query = place % plan->queries;
    /* Large weights are not all at the beginning. */
    *rank = (int32_t)((place / plan->queries + *query) % PLANTED);
    rng_words(plan->seed, CROSSOVER_STREAM_PLACE, (uint64_t)place, 0, words);
    return row % p->stretch == (int64_t)rng_below(words[0], (uint32_t)p->stretch);
}

static void write_latent(const double *x, int32_t d, float *out) {
    for (int32_t c = 0; c < d; c++) {
        out[c] = (float)x[c];
    }
}

static void make_query(void *arg, int32_t head, int64_t row) {
    const struct planting *p = arg;
    double *y = p->y + row * p->d->plan.d;
    (void)head;
    direction(&p->d->plan, CROSSOVER_STREAM_Q, row, y);
    write_latent(y, p->d->plan.d, p->d->search_q + row * p->d->d_search);
}

static void make_key(void *arg, int32_t head, int64_t row) {
    const struct planting *p = arg;
    const int32_t d = p->d->plan.d;
    double x[CROSSOVER_D_MOST];
    int64_t query;
    int32_t rank;
    (void)head;
    direction(&p->d->plan, CROSSOVER_STREAM_K, row, x);
    if (is_planted(p, row, &query, &rank)) {
        turn_towards(p->y + query * d, p->cosine[rank], d, x);
    }
    write_latent(x, d, p->d->search_k + row * p->d->d_search);
}

/* --- heads ------------------------------------------------------------------------------------ */

/* out (d) = by R in (d) */
static void rotate(const struct planting *p, int32_t head, const float *in, double by, float *out) {
    rotation_apply(p->rotations[head], in, out);
    for (int32_t c = 0; c < p->d->plan.d; c++) {
        out[c] = (float)(by * (double)out[c]);
    }
}

static void rotate_key(void *arg, int32_t head, int64_t row) {
    const struct planting *p = arg;
    const struct crossover_plan *plan = &p->d->plan;
    rotate(p, head, p->d->search_k + row * p->d->d_search, sqrt(plan->d),
           p->d->k + (head * plan->n + row) * plan->d);
}

static void rotate_query(void *arg, int32_t head, int64_t row) {
    const struct planting *p = arg;
    const struct crossover_plan *plan = &p->d->plan;
    rotate(p, head, p->d->search_q + row * p->d->d_search, p->scale,
           p->d->q + (head * plan->queries + row) * plan->d);
}

/* Each head's rotation has a seed of its own, out of the plan's. */
static enum status make_rotations(struct planting *p) {
    const struct crossover_plan *plan = &p->d->plan;
    enum status st = ST_OK;
    p->rotations = mem_alloc_array((size_t)plan->heads, sizeof(struct rotation *));
    p->y = mem_alloc_array((size_t)plan->queries, (size_t)plan->d * sizeof *p->y);
    if (p->rotations == NULL || p->y == NULL) {
        return ST_SYSTEM;
    }
    for (int32_t h = 0; h < plan->heads && st == ST_OK; h++) {
        uint32_t words[4];
        rng_words(plan->seed, CROSSOVER_STREAM_ROTATION, (uint64_t)h, 0, words);
        st = rotation_new(plan->d, (uint64_t)words[0] << 32 | words[1], &p->rotations[h]);
    }
    return st;
}

static void free_planting(struct planting *p) {
    for (int32_t h = 0; p->rotations != NULL && h < p->d->plan.heads; h++) {
        rotation_free(p->rotations[h]);
    }
    mem_free(p->rotations);
    mem_free(p->y);
}

/* --- all of it -------------------------------------------------------------------------------- */

static enum status check(struct planting *p) {
    const struct crossover_plan *plan = &p->d->plan;
    p->stretch = plan->n / (plan->queries * PLANTED);
    if (p->stretch < 2) {
        return status_set(ST_INPUT,
                          "crossover: %d keys planted for each of %lld queries would be more than "
                          "half of %lld; use fewer queries",
                          PLANTED, (long long)plan->queries, (long long)plan->n);
    }
    if (!settle_scores(p)) {
        return status_set(ST_INPUT,
                          "crossover: in %d dimensions no planted keys outweigh %lld others; use "
                          "more dimensions",
                          plan->d, (long long)plan->n);
    }
    return ST_OK;
}

enum status crossover_fill_planted(struct crossover_data *d, int threads) {
    struct planting p = {.d = d};
    const struct crossover_plan *plan = &d->plan;
    enum status st = check(&p);
    st = st == ST_OK ? crossover_data_room(d) : st;
    st = st == ST_OK ? make_rotations(&p) : st;
    if (st == ST_OK) {
        crossover_each_row(threads, 1, plan->queries, make_query, &p);
        crossover_each_row(threads, 1, plan->n, make_key, &p);
        crossover_each_row(threads, plan->heads, plan->queries, rotate_query, &p);
        crossover_each_row(threads, plan->heads, plan->n, rotate_key, &p);
        crossover_gaussians(plan, CROSSOVER_STREAM_V, plan->n, threads, d->v);
        snprintf(d->note, sizeof d->note,
                 "synthetic: %d keys of weights 1/r planted for each query, %.2f of all weight; "
                 "the rest uniform; heads are rotations of one latent",
                 PLANTED, share);
    }
    free_planting(&p);
    return st;
}
