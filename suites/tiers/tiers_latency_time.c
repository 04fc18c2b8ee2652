/* One sample of an arm. */
#include <math.h>

#include "../../harness/base/clock.h"
#include "../../harness/judge/judge.h"
#include "../../harness/run/roofline.h"
#include "tiers_latency.h"

/* One request, product pass, decision or stretch of multiply-adds. */
static void run_once(const struct tiers_latency_group *s, struct tiers_latency_arm *a, int64_t i) {
    const struct tiers_request *r = &a->requests[i % TIERS_LATENCY_REQUESTS];
    switch (a->kind) {
    case TIERS_ARM_GATE:
        a->sink += tiers_gate(&r->packet).tier;
        break;
    case TIERS_ARM_PRODUCTS:
        tiers_products_run(a->products);
        break;
    case TIERS_ARM_PEAK: {
        const struct peak_impl *impl = a->kernel->impl;
        a->sink += impl->run(TIERS_PEAK_STEPS);
        break;
    }
    default:
        tiers_serve(&a->server, r, s->logits, NULL);
        break;
    }
}

/* Reads so much else that no cache holds the weights; what was read goes into the sink. */
static void evict(const struct tiers_latency_group *s, struct tiers_latency_arm *a) {
    enum { LINE = 64 };
    uint64_t sum = 0;
    for (size_t i = 0; i < TIERS_FLOOD; i += LINE) {
        sum += s->flood[i];
        s->flood[i] = (unsigned char)sum;
    }
    a->sink += (double)(sum & 1);
}

static void compare_answer(const struct tiers_latency_group *s, struct tiers_latency_arm *a,
                           int64_t i) {
    if (a->server.impl != NULL) {
        const size_t bytes = (size_t)s->config->shape.logits * sizeof *s->logits;
        a->other_answers +=
            judge_checksum(s->logits, bytes) != a->answers[i % TIERS_LATENCY_REQUESTS];
    }
}

/* One request goes before the timed ones where weights are warm, so that the caches hold what this
 * arm leaves in them and not what the arm before did. */
double tiers_latency_time(struct group *g, struct cell *c, int round) {
    const struct tiers_latency_group *s = g->state;
    struct tiers_latency_arm *a = c->state;
    struct energy_reading before, after;
    if (a->evicted) {
        evict(s, a);
    } else {
        run_once(s, a, round);
    }
    const bool energy = energy_read(&before);
    const double start = clock_seconds();
    for (int64_t i = 0; i < a->repeat; i++) {
        run_once(s, a, round + i);
    }
    const double seconds = clock_seconds() - start;
    a->joules += energy && energy_read(&after) ? energy_joules(&before, &after) : (double)NAN;
    compare_answer(s, a, round + a->repeat - 1);
    return seconds;
}
