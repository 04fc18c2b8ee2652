/* One cell under the judge, and the metrics that do not depend on the machine. */
#include <stdlib.h>
#include <string.h>

#include "../../harness/base/cpu.h"
#include "../../harness/base/memory.h"
#include "../../harness/record/record.h"
#include "../../harness/run/roofline.h"
#include "adsampling_metrics.h"

static bool same_point(const struct knn_params *a, const struct knn_params *b) {
    return a->k == b->k && a->eps0 == b->eps0 && a->delta == b->delta;
}

static enum status oracle_of(struct ads_group *s, const struct ads_cell *a,
                             const struct knn_pruned_oracle **out) {
    bool vertical = ((const struct knn_impl *)a->kernel->impl)->vertical;
    for (size_t i = 0; i < s->oracle_count; i++) {
        if (s->oracles[i].vertical == vertical && same_point(&s->oracles[i].params, &a->params)) {
            *out = &s->oracles[i].oracle;
            return ST_OK;
        }
    }
    if (s->oracle_count == ADS_ORACLES) { /* each point has two; forget the oldest */
        knn_pruned_oracle_free(&s->oracles[0].oracle);
        s->oracle_count--;
        memmove(&s->oracles[0], &s->oracles[1], s->oracle_count * sizeof s->oracles[0]);
    }
    int64_t judged = s->judged < a->checked ? s->judged : a->checked;
    s->oracles[s->oracle_count].vertical = vertical;
    s->oracles[s->oracle_count].params = a->params;
    *out = &s->oracles[s->oracle_count].oracle;
    enum status st = knn_pruned_oracle_new(a->problem, &a->params, vertical, judged, cpu_count(),
                                           &s->oracles[s->oracle_count].oracle);
    s->oracle_count += st == ST_OK;
    return st;
}

/* --- metrics ---------------------------------------------------------------------------------- */

/* Metrics of the answers that the judge has just accepted. */
static enum status add_outputs(struct cell *c, struct ads_cell *a,
                               const struct knn_answers *answers) {
    const struct knn_base *b = &a->problem->base;
    uint64_t total = (uint64_t)(a->checked * b->n);
    double mean = b->d, p50 = b->d, p99 = b->d;
    if (answers->levels != NULL) {
        uint64_t *sums = calloc((size_t)answers->level_count, sizeof *sums);
        if (sums == NULL) {
            return status_set(ST_SYSTEM, "out of memory");
        }
        for (int64_t i = 0; i < a->checked * answers->level_count; i++) {
            sums[i % answers->level_count] += answers->levels[i];
        }
        struct ads_levels levels = {sums, answers->level_count, a->params.delta, b->d};
        mean = ads_dims_mean(&levels);
        p50 = ads_dims_quantile(&levels, 0.5);
        p99 = ads_dims_quantile(&levels, 0.99);
        free(sums);
    }
    a->bytes_per_query = ads_bytes_per_query(mean, b->n);
    cell_metric(c, "recall_at_k", "share", true, ads_recall(a->problem, a->ids, a->checked),
                (uint64_t)a->checked);
    cell_metric(c, "dims_mean", "dims", true, mean, total);
    cell_metric(c, "dims_p50", "dims", true, p50, total);
    cell_metric(c, "dims_p99", "dims", true, p99, total);
    cell_metric(c, "bytes_per_query", "bytes", true, a->bytes_per_query, (uint64_t)a->checked);
    return ST_OK;
}

static void digest_answers(struct cell *c, const struct ads_cell *a, const struct knn_answers *x) {
    size_t total = (size_t)(a->checked * a->problem->k);
    char parts[2 * DIGEST_HEX];
    digest_hex(x->ids, total * sizeof *x->ids, parts);
    digest_hex(x->dist, total * sizeof *x->dist, parts + DIGEST_HEX - 1);
    digest_hex(parts, strlen(parts), c->output_digest);
}

/* --- checks ----------------------------------------------------------------------------------- */

static enum status check_bandwidth(const struct ads_group *s, struct cell *c) {
    const struct ads_cell *a = c->state;
    const struct stream_read_impl *impl = a->kernel->impl;
    size_t bytes = (size_t)s->data.base.n * (size_t)s->data.base.d * sizeof(float) / 64 * 64;
    const uint64_t *words = (const uint64_t *)(const void *)s->data.base.rows;
    uint64_t want = 0;
    for (size_t i = 0; i < bytes / sizeof want; i++) {
        want ^= words[i];
    }
    if (impl->read(words, bytes) == want) {
        cell_verdict(c, VERDICT_PASS, "%s", "");
    } else {
        cell_verdict(c, VERDICT_FAIL, "the sum of all words differs from the oracle's");
    }
    return ST_OK;
}

/* The same calls were judged already for a cell with another number of threads, or another batch or
 * cache state: only the timing differs.  Takes over its verdict, answers and output metrics. */
static bool take_over(const struct group *g, struct cell *c) {
    struct ads_cell *a = c->state;
    for (const struct cell *from = g->cells; from < c; from++) {
        const struct ads_cell *b = from->state;
        if (b == NULL || b->kernel != a->kernel || b->problem != a->problem ||
            b->checked != a->checked || from->output_digest[0] == '\0' ||
            !same_point(&b->params, &a->params)) {
            continue;
        }
        size_t total = (size_t)(a->checked * a->problem->k);
        memcpy(a->ids, b->ids, total * sizeof *a->ids);
        memcpy(a->dist, b->dist, total * sizeof *a->dist);
        a->bytes_per_query = b->bytes_per_query;
        memcpy(c->output_digest, from->output_digest, sizeof c->output_digest);
        for (size_t i = 0; i < from->metric_count; i++) {
            const struct metric *m = &from->metrics[i];
            cell_metric(c, m->name, m->unit, m->output, m->value, m->n);
        }
        cell_verdict(c, from->verdict, "%s", from->reason);
        return true;
    }
    return false;
}

enum status ads_check(struct run *run, struct group *g, struct cell *c) {
    (void)run;
    struct ads_group *s = g->state;
    struct ads_cell *a = c->state;
    if (ads_is_bandwidth(c)) {
        return check_bandwidth(s, c);
    }
    if (take_over(g, c)) {
        return ST_OK;
    }
    const struct knn_impl *impl = a->kernel->impl;
    const struct knn_pruned_oracle *oracle = NULL;
    struct judge j;
    struct knn_answers answers;
    enum status st = impl->pruned ? oracle_of(s, a, &oracle) : ST_OK;
    if (st != ST_OK) {
        return st;
    }
    /* all threads help: the same calls, query by query, as when one thread is timed */
    st = knn_check(a->kernel, a->index, a->problem, a->checked, &a->params, cpu_count(), oracle, &j,
                   &answers);
    cell_verdict(c, j.verdict, "%s", j.reason);
    if (st == ST_OK && j.verdict != VERDICT_FAIL) {
        size_t total = (size_t)(a->checked * a->problem->k);
        memcpy(a->ids, answers.ids, total * sizeof *a->ids);
        memcpy(a->dist, answers.dist, total * sizeof *a->dist);
        st = add_outputs(c, a, &answers);
        digest_answers(c, a, &answers);
    }
    judge_end(&j);
    return st;
}
