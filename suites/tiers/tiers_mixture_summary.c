/* Metrics of the mixtures from the latencies of their requests. */
#include <math.h>
#include <string.h>

#include "tiers_metrics.h"
#include "tiers_mixture.h"

static void add(struct cell *c, const char *name, const char *unit, struct interval v) {
    const struct tiers_mixture_arm *a = c->state;
    metric_interval(cell_metric(c, name, unit, false, v.value, (uint64_t)a->stream.count), v.lo,
                    v.hi);
}

/* --- what was served -------------------------------------------------------------------------- */

/* Every timed request must have gone where the checked one went. */
static void trust(struct cell *c) {
    const struct tiers_mixture_arm *a = c->state;
    int64_t elsewhere = 0;
    for (int64_t i = 0; i < a->stream.count; i++) {
        elsewhere += a->log.tier[i] != a->tier[i] || a->log.hit[i] != a->hit[i];
    }
    if (elsewhere > 0) {
        cell_verdict(c, VERDICT_FAIL, "%lld timed requests went elsewhere than the checked",
                     (long long)elsewhere);
    }
}

/* --- latencies -------------------------------------------------------------------------------- */

static enum status add_latencies(struct cell *c) {
    const struct tiers_mixture_arm *a = c->state;
    const size_t n = (size_t)a->stream.count;
    const struct tiers_latency l =
        tiers_latency(a->log.latency_ns, n, tiers_block(n, a->order, a->load));
    const struct tiers_identity same = tiers_identity(a->log.latency_ns, a->tier, n);
    add(c, "latency_mean_us", "us", l.mean_us);
    add(c, "latency_p50_us", "us", l.p50_us);
    add(c, "latency_p95_us", "us", l.p95_us);
    add(c, "latency_p99_us", "us", l.p99_us);
    add(c, "latency_p999_us", "us", l.p999_us);
    cell_metric(c, "identity_p99_us", "us", false, same.quantile_us, n);
    cell_metric(c, "tail_of_others", "requests", false, (double)same.others, same.tail);
    if (a->load > 0) {
        cell_metric(c, "service_us", "us", false, a->service_us, n);
    }
    return cell_latencies(c, a->log.latency_ns, n) ? ST_OK : status_set(ST_SYSTEM, "out of memory");
}

/* --- beside tier 0 alone ---------------------------------------------------------------------- */

static struct block_rounds rounds_of(const struct tiers_mixture_group *s, const struct cell *c) {
    const struct tiers_mixture_arm *a = c->state;
    return (struct block_rounds){a->log.latency_ns, (size_t)s->rounds, (size_t)s->each};
}

/* In a closed loop only: where requests wait for each other, a mean says nothing of the work. */
static void add_speedups(const struct tiers_mixture_group *s, const struct cell *tier_0,
                         struct cell *c) {
    const struct tiers_mixture_arm *a = c->state;
    const struct block_rounds all = rounds_of(s, tier_0), mix = rounds_of(s, c);
    if (a->load > 0) {
        return;
    }
    const struct interval mean = block_ratio_of_means(&all, &mix);
    const double bound = cell_value(c, "speedup_bound");
    add(c, "speedup_mean", "ratio", mean);
    add(c, "speedup_p99", "ratio", block_ratio_of_quantiles(&all, &mix, 990));
    const struct tiers_mixture_arm *alone = tier_0->state;
    const double typical =
        tiers_typical_speedup(alone->log.latency_ns, (size_t)alone->stream.count, a->log.latency_ns,
                              a->tier, (size_t)a->stream.count);
    cell_metric(c, "speedup_typical", "ratio", false, typical, (uint64_t)a->stream.count);
    if (tiers_speedup_broken(mean, typical, bound)) {
        cell_verdict(c, VERDICT_FAIL,
                     "a speed-up of %.3f, where multiply-adds allow %.3f: a broken measurement",
                     mean.value, bound);
    }
}

enum status tiers_mixture_summarise(struct run *run, struct group *g) {
    const struct tiers_mixture_group *s = g->state;
    const struct cell *tier_0 = NULL;
    enum status st = ST_OK;
    (void)run;
    for (size_t i = 0; i < g->cell_count && st == ST_OK; i++) {
        struct cell *c = &g->cells[i];
        if (c->sample_count > 0) {
            trust(c);
        }
        if (cell_measured(c)) {
            c->sample_units = (double)s->each;
            st = add_latencies(c);
            tier_0 = strcmp(cell_string(c, "workload"), "tier0") == 0 ? c : tier_0;
        }
    }
    for (size_t i = 0; i < g->cell_count && st == ST_OK && tier_0 != NULL; i++) {
        if (cell_measured(&g->cells[i]) && &g->cells[i] != tier_0) {
            add_speedups(s, tier_0, &g->cells[i]);
        }
    }
    return st;
}
