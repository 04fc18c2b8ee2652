#include "tiers_metrics.h"

#include <math.h>
#include <stdlib.h>

/* --- latency ---------------------------------------------------------------------------------- */

static struct interval us(struct interval ns) {
    return (struct interval){ns.value / 1000, ns.lo / 1000, ns.hi / 1000};
}

struct tiers_latency tiers_latency(const uint32_t *latency_ns, size_t n, size_t block) {
    static const int permille[] = {500, 950, 990, 999};
    struct interval q[4];
    block_quantiles(latency_ns, n, block, permille, 4, q);
    return (struct tiers_latency){.mean_us = us(block_mean(latency_ns, n, block)),
                                  .p50_us = us(q[0]),
                                  .p95_us = us(q[1]),
                                  .p99_us = us(q[2]),
                                  .p999_us = us(q[3])};
}

size_t tiers_block(size_t n, enum tiers_order order, double load) {
    const double left = 1 - sqrt(load);
    const double bursts = order == TIERS_BURSTY ? 16 * TIERS_BURST : 1;
    const double memory = load > 0 ? 4 / (left * left) : 1;
    const double block = fmax(ceil(cbrt((double)n)), fmax(bursts, memory));
    return (size_t)fmax(1, fmin(block, floor((double)n / 10)));
}

/* --- tiers ------------------------------------------------------------------------------------ */

struct tiers_shares tiers_shares(const uint8_t *tier, const uint8_t *hit, size_t n) {
    struct tiers_shares out = {{0}, 0};
    size_t count[TIERS] = {0}, hits = 0;
    for (size_t i = 0; i < n; i++) {
        count[tier[i]]++;
        hits += tier[i] == TIERS_CACHED && hit[i] != 0;
    }
    for (int t = 0; t < TIERS; t++) {
        out.tier[t] = n > 0 ? (double)count[t] / (double)n : NAN;
    }
    out.hit = count[TIERS_CACHED] > 0 ? (double)hits / (double)count[TIERS_CACHED] : NAN;
    return out;
}

size_t tiers_sent_elsewhere(const uint8_t *intended, const uint8_t *tier, size_t n) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += tiers_kind_tier((enum tiers_kind)intended[i]) != tier[i];
    }
    return count;
}

double tiers_macs_ratio(const struct transformer_counts *pass,
                        const struct transformer_counts *of) {
    return (double)(pass->gemm_macs + pass->attention_macs) /
           (double)(of->gemm_macs + of->attention_macs);
}

double tiers_speedup_bound(const double share[TIERS], const double macs_ratio[TIERS]) {
    double sum = 0;
    for (int t = 0; t < TIERS; t++) {
        sum += share[t] > 0 ? share[t] * macs_ratio[t] : 0;
    }
    return sum > 0 ? 1 / sum : NAN;
}

static int descending(const void *a, const void *b) {
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x < y) - (x > y);
}

/* Of the requests of a tier. */
static double median_of(const uint32_t *latency_ns, const uint8_t *tiers, size_t n, int tier,
                        uint32_t *space) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (tiers == NULL || tiers[i] == tier) {
            space[count++] = latency_ns[i];
        }
    }
    if (count == 0) {
        return NAN;
    }
    qsort(space, count, sizeof *space, descending);
    return space[count / 2];
}

double tiers_typical_speedup(const uint32_t *tier_0_ns, size_t tier_0_count,
                             const uint32_t *latency_ns, const uint8_t *tier, size_t n) {
    uint32_t *space = malloc((tier_0_count + n + 1) * sizeof *space);
    if (space == NULL || n == 0) {
        free(space);
        return NAN;
    }
    const struct tiers_shares shares = tiers_shares(tier, tier, n);
    double mean = 0;
    for (int t = 0; t < TIERS; t++) {
        mean += shares.tier[t] > 0 ? shares.tier[t] * median_of(latency_ns, tier, n, t, space) : 0;
    }
    const double all = median_of(tier_0_ns, NULL, tier_0_count, 0, space);
    free(space);
    return all / mean;
}

bool tiers_speedup_broken(struct interval mean, double typical, double bound) {
    const double most = 1.05 * bound;
    return mean.lo > most && typical > most;
}

/* --- the percentile of a mixture -------------------------------------------------------------- */

/* Latencies from the longest: of all requests, or of tier 0.  How many; NULL: no memory. */
static uint32_t *longest_first(const uint32_t *latency_ns, const uint8_t *tier, size_t n, bool all,
                               size_t *count) {
    uint32_t *out = malloc((n + 1) * sizeof *out);
    *count = 0;
    for (size_t i = 0; out != NULL && i < n; i++) {
        if (all || tier[i] == 0) {
            out[(*count)++] = latency_ns[i];
        }
    }
    if (out != NULL) {
        qsort(out, *count, sizeof *out, descending);
    }
    return out;
}

struct tiers_identity tiers_identity(const uint32_t *latency_ns, const uint8_t *tier, size_t n) {
    struct tiers_identity out = {NAN, NAN, 0, 0};
    size_t count_all, count_0, of_0 = 0;
    uint32_t *all = longest_first(latency_ns, tier, n, true, &count_all);
    uint32_t *tier_0 = longest_first(latency_ns, tier, n, false, &count_0);
    if (n > 0 && all != NULL && tier_0 != NULL) {
        out.tail = n / 100 + 1;
        out.p99_us = all[out.tail - 1] / 1e3;
        while (of_0 < count_0 && of_0 < out.tail && tier_0[of_0] >= all[out.tail - 1]) {
            of_0++;
        }
        out.others = out.tail - of_0;
        out.quantile_us = count_0 >= out.tail ? tier_0[out.tail - 1] / 1e3 : NAN;
    }
    free(all);
    free(tier_0);
    return out;
}
