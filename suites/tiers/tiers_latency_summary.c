/* Metrics of the latency part from its samples. */
#include <string.h>

#include "../../harness/run/roofline.h"
#include "tiers_latency.h"
#include "tiers_latency_metrics.h"

static struct tiers_samples samples_of(const struct cell *c) {
    const struct tiers_latency_arm *a = c->state;
    return (struct tiers_samples){c->samples, c->sample_count, a->repeat};
}

static void add(struct cell *c, const char *name, const char *unit, struct interval v) {
    metric_interval(cell_metric(c, name, unit, false, v.value, c->sample_count), v.lo, v.hi);
}

/* --- latency ---------------------------------------------------------------------------------- */

static void add_latency(struct cell *c) {
    const struct tiers_latency_arm *a = c->state;
    const struct tiers_samples s = samples_of(c);
    c->sample_units = (double)a->repeat;
    if (a->kind == TIERS_ARM_GATE) {
        add(c, "gate_ns", "ns", tiers_median_time(s, 1e9));
        return;
    }
    add(c, "latency_p50_us", "us", tiers_median_time(s, 1e6));
    add(c, "latency_mean_us", "us", tiers_mean_time(s, 1e6));
    cell_metric(c, "latency_p95_us", "us", false, tiers_p95_time(s, 1e6), s.count);
    cell_metric(c, "energy_mj", "mJ", false, tiers_request_mj(a->joules, s), s.count);
}

/* --- ratios ----------------------------------------------------------------------------------- */

/* The arm of that kind and tier, warm, without anything else about it; NULL: not measured. */
static const struct cell *plain(const struct group *g, enum tiers_latency_kind kind, int tier) {
    for (size_t i = 0; i < g->cell_count; i++) {
        const struct cell *c = &g->cells[i];
        const struct tiers_latency_arm *a = c->state;
        if (cell_measured(c) && a->kind == kind && a->tier == tier && !a->evicted && !a->flushed) {
            return c; /* the widest kernel's stands first */
        }
    }
    return NULL;
}

static bool same_instructions(const struct cell *a, const struct cell *b) {
    return strcmp(a->kernel + strcspn(a->kernel, "/"), b->kernel + strcspn(b->kernel, "/")) == 0;
}

/* Of the multiply-adds a second that the machine does at most, in the same rounds. */
static void add_peak_share(const struct cell *peak, struct cell *c) {
    const struct tiers_latency_arm *a = c->state, *p = peak->state;
    const struct peak_impl *impl = p->kernel->impl;
    const double macs = (double)(a->counts.gemm_macs + a->counts.attention_macs);
    const struct interval share = tiers_rate_share(samples_of(c), macs, samples_of(peak),
                                                   (double)impl->macs * TIERS_PEAK_STEPS);
    add(c, "peak_share", "share", share);
    if (share.lo > 1) {
        cell_verdict(c, VERDICT_FAIL, "%.2f of what this machine multiplies: a broken measurement",
                     share.value);
    }
}

static void add_ratios(const struct group *g, struct cell *c) {
    const struct tiers_latency_arm *a = c->state;
    const struct cell *peak = plain(g, TIERS_ARM_PEAK, 0), *all = plain(g, TIERS_ARM_TIER, 0);
    const struct cell *windowed = plain(g, TIERS_ARM_TIER, a->tier);
    if (peak != NULL && c != peak && a->counts.gemm_macs > 0 && same_instructions(peak, c)) {
        add_peak_share(peak, c);
    }
    if (a->server.impl != NULL && all != NULL) {
        add(c, "latency_ratio", "ratio", tiers_time_ratio(samples_of(c), samples_of(all)));
    }
    if (windowed != NULL && (a->kind == TIERS_ARM_DENSE || a->kind == TIERS_ARM_EARLY)) {
        add(c, "tier_latency_ratio", "ratio",
            tiers_time_ratio(samples_of(c), samples_of(windowed)));
    }
}

enum status tiers_latency_summarise(struct run *run, struct group *g) {
    (void)run;
    for (size_t i = 0; i < g->cell_count; i++) {
        struct cell *c = &g->cells[i];
        const struct tiers_latency_arm *a = c->state;
        if (c->sample_count > 0 && a->other_answers > 0) {
            cell_verdict(c, VERDICT_FAIL, "%zu timed requests had other logits than the checked",
                         a->other_answers);
        } else if (cell_measured(c)) {
            add_latency(c);
        }
    }
    for (size_t i = 0; i < g->cell_count; i++) {
        if (cell_measured(&g->cells[i])) {
            add_ratios(g, &g->cells[i]);
        }
    }
    return ST_OK;
}
