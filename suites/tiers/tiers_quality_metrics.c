#include "tiers_quality_metrics.h"

#include <math.h>

/* Of the texts picked[0] .. picked[n - 1]. */
static struct tiers_text sum_of(const struct tiers_text *texts, const size_t *picked, size_t n) {
    struct tiers_text sum = {.kl = 0};
    for (size_t i = 0; i < n; i++) {
        const struct tiers_text *t = &texts[picked[i]];
        sum.full.sum += t->full.sum;
        sum.full.predictions += t->full.predictions;
        sum.kept.sum += t->kept.sum;
        sum.kept.predictions += t->kept.predictions;
        sum.kl += t->kl;
        sum.same_top += t->same_top;
    }
    return sum;
}

static double ppl_of(const struct lm_loss *l) {
    return l->predictions > 0 ? exp(l->sum / (double)l->predictions) : NAN;
}

static double mean_of(double sum, const struct tiers_text *t) {
    return t->kept.predictions > 0 ? sum / (double)t->kept.predictions : NAN;
}

static double ppl(const void *data, const size_t *picked, size_t n) {
    const struct tiers_text sum = sum_of(data, picked, n);
    return ppl_of(&sum.kept);
}

static double gap(const void *data, const size_t *picked, size_t n) {
    const struct tiers_text sum = sum_of(data, picked, n);
    return ppl_of(&sum.kept) / ppl_of(&sum.full) - 1;
}

static double kl(const void *data, const size_t *picked, size_t n) {
    const struct tiers_text sum = sum_of(data, picked, n);
    return mean_of(sum.kl, &sum);
}

static double agreement(const void *data, const size_t *picked, size_t n) {
    const struct tiers_text sum = sum_of(data, picked, n);
    return mean_of((double)sum.same_top, &sum);
}

struct interval tiers_ppl(const struct tiers_text *texts, size_t n) {
    return stats_group_interval(ppl, texts, n);
}

struct interval tiers_ppl_gap(const struct tiers_text *texts, size_t n) {
    return stats_group_interval(gap, texts, n);
}

struct interval tiers_kl(const struct tiers_text *texts, size_t n) {
    return stats_group_interval(kl, texts, n);
}

struct interval tiers_top1_agreement(const struct tiers_text *texts, size_t n) {
    return stats_group_interval(agreement, texts, n);
}
