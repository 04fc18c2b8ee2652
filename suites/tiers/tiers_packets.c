#include "tiers_packets.h"

#include "../../datasets/rng.h"

/* In the order of the gate. */
enum rule {
    RULE_SKIP,
    RULE_SAFE,
    RULE_SPIKE_QUIET,
    RULE_SPIKE_RATE,
    RULE_LAMBDA,
    RULE_DROP,
    RULE_EDGES,
    RULE_CONCENTRATION,
    RULE_PARTITIONS,
    RULES /* none of them: tier 0 */
};

static const struct {
    uint32_t count;
    enum rule rules[3];
} leading_to[TIERS_KINDS] = {
    [TIERS_KIND_0] = {1, {RULES}},
    [TIERS_KIND_1] = {3, {RULE_EDGES, RULE_CONCENTRATION, RULE_PARTITIONS}},
    [TIERS_KIND_2] = {3, {RULE_SAFE, RULE_SPIKE_RATE, RULE_LAMBDA}},
    [TIERS_KIND_3] = {2, {RULE_SKIP, RULE_SPIKE_QUIET}},
    [TIERS_KIND_FLUSH] = {1, {RULE_DROP}},
};

enum { STREAM_PACKET = 16, Q15 = 32768, WORDS = 20 };

/* Random words of one packet, each used once. */
struct words {
    uint32_t word[WORDS];
    int next;
};

static struct words words_of(uint64_t seed, uint64_t index) {
    struct words w = {.next = 0};
    for (uint32_t block = 0; block < WORDS / 4; block++) {
        rng_words(seed, STREAM_PACKET, index, block, w.word + 4 * block);
    }
    return w;
}

static uint32_t below(struct words *w, uint32_t bound) {
    return rng_below(w->word[w->next++], bound);
}

/* Whether a rule applies in a packet that `wanted` decides. */
static bool applies(struct words *w, enum rule rule, enum rule wanted) {
    const bool either = below(w, 2) == 1;
    return rule == wanted || (rule > wanted && either);
}

/* At most `most`, or between there and `end`. */
static uint32_t beside(struct words *w, uint32_t most, bool above, uint32_t end) {
    return above ? most + 1 + below(w, end - most) : below(w, most + 1);
}

static void draw_spike(struct words *w, enum rule wanted, struct tiers_packet *p) {
    const bool quiet = applies(w, RULE_SPIKE_QUIET, wanted);
    const bool rapid = applies(w, RULE_SPIKE_RATE, wanted);
    p->spike_present = quiet || rapid || below(w, 2) == 1;
    p->spike_fired = p->spike_present && !quiet;
    p->spike_rate =
        p->spike_present ? beside(w, TIERS_SPIKE_RATE_MOST, rapid, Q15) : below(w, Q15 + 1);
}

/* The least cut before from which on a drop to lambda counts: (prev - lambda) 2^15 / prev, rounded
 * down, is above TIERS_DROP_MOST. */
static uint32_t dropped_from(uint32_t lambda) {
    const uint32_t rest = Q15 - (TIERS_DROP_MOST + 1);
    return lambda > 0 ? (lambda * Q15 + rest - 1) / rest : 1;
}

static void draw_cuts(struct words *w, enum rule wanted, struct tiers_packet *p) {
    const bool weak = applies(w, RULE_LAMBDA, wanted), drop = applies(w, RULE_DROP, wanted);
    p->lambda = weak ? below(w, TIERS_LAMBDA_LEAST) : TIERS_LAMBDA_LEAST + below(w, 400);
    const uint32_t from = dropped_from(p->lambda);
    p->lambda_prev = drop ? from + below(w, 1000) : below(w, from);
}

struct tiers_packet tiers_packet_draw(enum tiers_kind kind, uint64_t seed, uint64_t index) {
    struct words w = words_of(seed, index);
    const enum rule wanted = leading_to[kind].rules[below(&w, leading_to[kind].count)];
    struct tiers_packet p = {.skip = applies(&w, RULE_SKIP, wanted),
                             .force_safe = applies(&w, RULE_SAFE, wanted)};
    draw_spike(&w, wanted, &p);
    draw_cuts(&w, wanted, &p);
    p.boundary_edges =
        beside(&w, TIERS_EDGES_MOST, applies(&w, RULE_EDGES, wanted), 4 * TIERS_EDGES_MOST);
    p.boundary_concentration =
        beside(&w, TIERS_CONCENTRATION_MOST, applies(&w, RULE_CONCENTRATION, wanted), Q15);
    p.partitions = beside(&w, TIERS_PARTITIONS_MOST, applies(&w, RULE_PARTITIONS, wanted),
                          4 * TIERS_PARTITIONS_MOST);
    return p;
}
