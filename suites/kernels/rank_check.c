#include "rank_check.h"

#include <math.h>

#include "../../harness/base/memory.h"
#include "../../reference/rank.h"
#include "half.h"

enum { TERMS = 3 };

double rank_unit(enum rank_format format) {
    static const double units[] = {0x1p-53, 0x1p-24, 0x1p-8, 0x1p-11};
    return units[format];
}

/* --- oracle ----------------------------------------------------------------------------------- */

void rank_problem_free(struct rank_problem *p) {
    mem_free(p->projections);
    mem_free(p->logits);
    mem_free(p->terms);
    mem_free(p->order);
    p->projections = p->logits = p->terms = NULL;
    p->order = NULL;
}

static double norm_of(const float *q, int32_t d) {
    double sum = 0;
    for (int32_t i = 0; i < d; i++) {
        sum += (double)q[i] * (double)q[i];
    }
    return sqrt(sum);
}

static void sum_terms(const struct rank_call *call, double norm, int64_t j, double terms[TERMS]) {
    double products = 0, values = 0;
    for (int32_t i = 0; i < call->d; i++) {
        const double q = fabs((double)call->q[i]), k = fabs((double)call->k[j * call->d + i]);
        products += q * k;
        values += q + k + (norm > 0 ? q / norm : 0);
    }
    terms[0] = norm > 0 ? products / norm : 0;
    terms[1] = products / sqrt(call->d);
    terms[2] = values;
}

enum status rank_problem_solve(struct rank_problem *p) {
    const struct rank_call *call = &p->call;
    const size_t n = (size_t)call->n;
    p->projections = mem_alloc_array(n, sizeof *p->projections);
    p->logits = mem_alloc_array(n, sizeof *p->logits);
    p->terms = mem_alloc_array(n, TERMS * sizeof *p->terms);
    p->order = mem_alloc_array(n, sizeof *p->order);
    if (p->projections == NULL || p->logits == NULL || p->terms == NULL || p->order == NULL ||
        ref_rank(call->q, call->k, call->n, call->d, p->order) != 0) {
        rank_problem_free(p);
        return status_set(ST_SYSTEM, "oracle: out of memory");
    }
    const double norm = norm_of(call->q, call->d);
    for (int64_t j = 0; j < call->n; j++) {
        p->projections[j] = ref_projection(call->q, call->k + j * call->d, call->d);
        p->logits[j] = ref_logit(call->q, call->k + j * call->d, call->d);
        sum_terms(call, norm, j, p->terms + j * TERMS);
    }
    return ST_OK;
}

/* --- judging ---------------------------------------------------------------------------------- */

/* Four roundings of a factor (q, the norm, u, k) and one of the score at the format's unit, the sum
 * at that of its accumulator; float64's own rounding in the oracle; and for float16, whose smallest
 * step is 2^-24, half of that a value. */
static double bound_of(enum rank_format format, const struct rank_problem *p, double terms,
                       double values, bool likely) {
    const double unit = rank_unit(format), sum_unit = format == RANK_F64 ? 0x1p-53 : 0x1p-24;
    const double inputs = format == RANK_F64 || format == RANK_F32 ? 0 : 5 * unit;
    const double steps = p->call.d + 9.0;
    const double sums = (likely ? 4 * sqrt(steps) : steps) * sum_unit;
    const double oracle = steps * 0x1p-53;
    const double small = format == RANK_F16 ? 0x1p-25 * (1 + 2 * values) : 0;
    return p->exact ? 0 : terms * (inputs + sums + oracle) * (1 + 0x1p-5) + small;
}

static bool is_of_format(enum rank_format format, double x) {
    switch (format) {
    case RANK_F64:
        return true;
    case RANK_F32:
        return (double)(float)x == x;
    case RANK_BF16:
        return (double)round_to_bf16((float)x) == x;
    case RANK_F16:
        return (double)round_to_f16((float)x) == x;
    }
    return false;
}

static void judge_scores(struct judge *j, const struct rank_problem *p, enum rank_format format,
                         const char *what, int which, const double *got, const double *want) {
    for (int64_t i = 0; i < p->call.n && j->verdict != VERDICT_FAIL; i++) {
        const double terms = p->terms[i * TERMS + which], values = p->terms[i * TERMS + 2];
        judge_near(j, what, i, got[i], want[i], bound_of(format, p, terms, values, false),
                   bound_of(format, p, terms, values, true));
        if (!is_of_format(format, got[i])) {
            judge_fail(j, "%s[%lld]: %.17g is no number of the format", what, (long long)i, got[i]);
        }
    }
}

/* Each in the range and better than the next: then none is there twice. */
static void judge_order(struct judge *j, const struct rank_problem *p, const char *what,
                        const int32_t *order, const double *scores) {
    for (int64_t r = 0; r < p->call.n && j->verdict != VERDICT_FAIL; r++) {
        if (order[r] < 0 || order[r] >= p->call.n) {
            judge_fail(j, "%s: index %d at rank %lld is out of range", what, order[r],
                       (long long)r);
            return;
        }
        const double before = r > 0 ? scores[order[r - 1]] : INFINITY, at = scores[order[r]];
        if (!(before > at || (before == at && (r == 0 || order[r - 1] < order[r])))) {
            judge_fail(j, "%s: key %d at rank %lld belongs before the one there", what, order[r],
                       (long long)r);
        }
        if (p->exact && order[r] != p->order[r]) {
            judge_fail(j, "%s: key %d at rank %lld, oracle %d (exact: must be equal)", what,
                       order[r], (long long)r, p->order[r]);
        }
    }
}

enum status rank_check(const struct rank_impl *impl, const struct rank_problem *p, struct judge *j,
                       struct rank_result *out) {
    const size_t n = (size_t)p->call.n, d = (size_t)p->call.d;
    judge_watch(j, "query", p->call.q, d * sizeof *p->call.q);
    judge_watch(j, "keys", p->call.k, n * d * sizeof *p->call.k);
    judge_watch(j, "expected projections", p->projections, n * sizeof *p->projections);
    judge_watch(j, "expected logits", p->logits, n * sizeof *p->logits);
    judge_watch(j, "bounds", p->terms, n * TERMS * sizeof *p->terms);
    judge_watch(j, "expected order", p->order, n * sizeof *p->order);
    *out = (struct rank_result){judge_output(j, "projections", n * sizeof(double)),
                                judge_output(j, "logits", n * sizeof(double)),
                                judge_output(j, "order by projection", n * sizeof(int32_t)),
                                judge_output(j, "order by logit", n * sizeof(int32_t))};
    if (out->projections == NULL || out->logits == NULL || out->by_projection == NULL ||
        out->by_logit == NULL) {
        return ST_SYSTEM;
    }
    judge_poison(j);
    const enum status st = impl->run(&p->call, out);
    judge_called(j);
    if (st == ST_OK && j->verdict != VERDICT_FAIL) {
        judge_scores(j, p, impl->format, "projection", 0, out->projections, p->projections);
        judge_scores(j, p, impl->format, "logit", 1, out->logits, p->logits);
        judge_order(j, p, "order by projection", out->by_projection, out->projections);
        judge_order(j, p, "order by logit", out->by_logit, out->logits);
    }
    return st;
}
