#include "tiers_requests.h"

#include <math.h>
#include <string.h>

#include "../../datasets/rng.h"
#include "../../harness/base/memory.h"
#include "tiers_packets.h"

/* Streams of random words of one seed. */
enum { STREAM_KIND = 1, STREAM_SHUFFLE, STREAM_INPUT, STREAM_PROMPT };

const struct tiers_workload tiers_workloads[TIERS_WORKLOADS] = {
    {"streaming", {.10, .20, 0, .70, 0}},  {"interactive", {.20, .40, 0, .40, 0}},
    {"continuous", {.40, .50, 0, .10, 0}}, {"safety", {.65, .30, 0, .05, 0}},
    {"fault", {.45, .15, .20, .10, .10}},  {"tier0", {1, 0, 0, 0, 0}},
};

const char *const tiers_orders[TIERS_ORDERS] = {"exact", "iid", "bursty"};

const struct tiers_workload *tiers_workload_find(const char *name) {
    for (size_t i = 0; i < TIERS_WORKLOADS; i++) {
        if (strcmp(tiers_workloads[i].name, name) == 0) {
            return &tiers_workloads[i];
        }
    }
    return NULL;
}

int tiers_kind_tier(enum tiers_kind kind) {
    static const int tiers[TIERS_KINDS] = {0, 1, 2, 3, 1};
    return tiers[kind];
}

/* --- order ------------------------------------------------------------------------------------ */

/* A kind drawn with a workload's shares. */
static uint8_t draw_kind(const struct tiers_workload *w, uint32_t word) {
    double left = rng_unit(word);
    int last = 0;
    for (int kind = 0; kind < TIERS_KINDS; kind++) {
        if (w->share[kind] > 0) {
            last = kind;
            left -= w->share[kind];
        }
        if (left < 0) {
            break;
        }
    }
    return (uint8_t)last;
}

/* The kind whose count falls shortest of its share of all. */
static int shortest(const struct tiers_workload *w, const int64_t *have, int64_t count) {
    int best = 0;
    double most = -INFINITY;
    for (int kind = 0; kind < TIERS_KINDS; kind++) {
        const double lacks = w->share[kind] * (double)count - (double)have[kind];
        if (w->share[kind] > 0 && lacks > most) {
            most = lacks;
            best = kind;
        }
    }
    return best;
}

/* Each request to the kind that falls shortest, then Fisher and Yates's shuffle. */
static void order_exact(const struct tiers_workload *w, uint64_t seed, int64_t count,
                        uint8_t *kinds) {
    int64_t have[TIERS_KINDS] = {0};
    for (int64_t i = 0; i < count; i++) {
        have[shortest(w, have, count)]++;
    }
    int64_t at = 0;
    for (int kind = 0; kind < TIERS_KINDS; kind++) {
        memset(kinds + at, kind, (size_t)have[kind]);
        at += have[kind];
    }
    for (int64_t i = count - 1; i > 0; i--) {
        uint32_t words[4];
        rng_words(seed, STREAM_SHUFFLE, (uint64_t)i, 0, words);
        const uint32_t j = rng_below(words[0], (uint32_t)i + 1);
        const uint8_t kind = kinds[i];
        kinds[i] = kinds[j];
        kinds[j] = kind;
    }
}

/* stay: probability that a request keeps the kind of the one before without drawing. */
static void order_drawn(const struct tiers_workload *w, uint64_t seed, int64_t count, double stay,
                        uint8_t *kinds) {
    for (int64_t i = 0; i < count; i++) {
        uint32_t words[4];
        rng_words(seed, STREAM_KIND, (uint64_t)i, 0, words);
        const bool keep = i > 0 && rng_unit(words[0]) < stay;
        kinds[i] = keep ? kinds[i - 1] : draw_kind(w, words[1]);
    }
}

static void order_kinds(const struct tiers_workload *w, enum tiers_order order, uint64_t seed,
                        int64_t count, uint8_t *kinds) {
    if (order == TIERS_EXACT) {
        order_exact(w, seed, count, kinds);
    } else {
        order_drawn(w, seed, count, order == TIERS_BURSTY ? 1 - 1.0 / TIERS_BURST : 0, kinds);
    }
}

/* --- inputs ----------------------------------------------------------------------------------- */

/* A computed request, or one that misses, reads a prompt of the pool under a signature of its own;
 * else the input of the last computed one is there again. */
static void draw_inputs(struct tiers_stream *s, uint64_t seed) {
    const struct tiers_request *computed = NULL;
    for (int64_t i = 0; i < s->count; i++) {
        struct tiers_request *r = &s->requests[i];
        uint32_t words[4];
        rng_words(seed, STREAM_INPUT, (uint64_t)i, 0, words);
        const bool cached = s->intended[i] == TIERS_KIND_3;
        const bool miss = rng_below(words[0], TIERS_MISS_ONE_IN) == 0;
        if (cached && !miss && computed != NULL) {
            r->signature = computed->signature;
            r->tokens = computed->tokens;
        } else {
            r->signature = (uint64_t)words[1] << 32 | words[2];
            r->tokens =
                s->tokens + (int64_t)rng_below(words[3], TIERS_PROMPTS) * s->config->shape.seq;
        }
        computed = cached ? computed : r;
    }
}

void tiers_prompts(const struct transformer_shape *shape, uint64_t seed, int32_t count,
                   int32_t *tokens) {
    for (int32_t i = 0; i < count * shape->seq; i++) {
        uint32_t words[4];
        rng_words(seed, STREAM_PROMPT, (uint64_t)i, 0, words);
        tokens[i] = (int32_t)rng_below(words[0], (uint32_t)shape->logits);
    }
}

/* --- stream ----------------------------------------------------------------------------------- */

enum status tiers_stream_make(const struct tiers_config *config, const struct tiers_workload *w,
                              enum tiers_order order, int64_t count, uint64_t seed,
                              struct tiers_stream *out) {
    *out = (struct tiers_stream){
        .config = config,
        .count = count,
        .requests = mem_alloc_array((size_t)count, sizeof *out->requests),
        .intended = mem_alloc((size_t)count),
        .tokens = mem_alloc_array((size_t)TIERS_PROMPTS * (size_t)config->shape.seq,
                                  sizeof *out->tokens)};
    if (out->requests == NULL || out->intended == NULL || out->tokens == NULL) {
        tiers_stream_free(out);
        return ST_SYSTEM;
    }
    order_kinds(w, order, seed, count, out->intended);
    for (int64_t i = 0; i < count; i++) {
        out->requests[i].packet =
            tiers_packet_draw((enum tiers_kind)out->intended[i], seed, (uint64_t)i);
    }
    tiers_prompts(&config->shape, seed, TIERS_PROMPTS, out->tokens);
    draw_inputs(out, seed);
    return ST_OK;
}

void tiers_stream_free(struct tiers_stream *s) {
    mem_free(s->requests);
    mem_free(s->intended);
    mem_free(s->tokens);
    *s = (struct tiers_stream){0};
}
