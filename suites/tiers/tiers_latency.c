/* Latency of each tier by itself, one request after the other: its plan, and what its arms are. */
#include "tiers_latency.h"

#include <stdlib.h>
#include <string.h>

#include "../../harness/base/memory.h"

const char *const tiers_latency_arms[TIERS_LATENCY_KINDS] = {
    [TIERS_ARM_TIER] = "tier", [TIERS_ARM_DENSE] = "dense",       [TIERS_ARM_EARLY] = "early",
    [TIERS_ARM_GATE] = "gate", [TIERS_ARM_PRODUCTS] = "products", [TIERS_ARM_PEAK] = "peak",
};

/* --- plan ------------------------------------------------------------------------------------- */

/* One cell; NULL: no memory. */
static struct cell *add(struct run *run, struct group *g, const struct tiers_config *config,
                        enum tiers_latency_kind kind, const char *kernel) {
    struct cell *c = group_cell(run, g, tiers_latency_arms[kind], kernel);
    if (c != NULL) {
        cell_param_text(c, "config", config->name);
    }
    return c;
}

/* The same with the parameters of a request. */
static struct cell *add_tier(struct run *run, struct group *g, const struct tiers_config *config,
                             enum tiers_latency_kind kind, const char *kernel, int tier,
                             const char *weights) {
    struct cell *c = add(run, g, config, kind, kernel);
    if (c != NULL) {
        cell_param_integer(c, "tier", tier);
        cell_param_text(c, "weights", weights);
    }
    return c;
}

static bool add_tiers(struct run *run, struct group *g, const struct tiers_config *config,
                      const char *kernel) {
    struct cell *c = NULL;
    for (int tier = 0; tier < TIERS_CACHED; tier++) {
        if (add_tier(run, g, config, TIERS_ARM_TIER, kernel, tier, "warm") == NULL ||
            add_tier(run, g, config, TIERS_ARM_TIER, kernel, tier, "evicted") == NULL) {
            return false;
        }
    }
    c = add_tier(run, g, config, TIERS_ARM_TIER, kernel, 1, "warm");
    if (c == NULL) {
        return false;
    }
    cell_param_text(c, "behind", "flush");
    const char *const kept[] = {"hit", "miss"};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        c = add_tier(run, g, config, TIERS_ARM_TIER, kernel, TIERS_CACHED, "warm");
        if (c == NULL) {
            return false;
        }
        cell_param_text(c, "kept", kept[i]);
    }
    return true;
}

static bool add_variants(struct run *run, struct group *g, const struct tiers_config *config,
                         const char *kernel) {
    bool ok = true;
    for (int tier = 0; tier < TIERS_CACHED && ok; tier++) {
        ok = add_tier(run, g, config, TIERS_ARM_DENSE, kernel, tier, "warm") != NULL &&
             (tier == 0 || add_tier(run, g, config, TIERS_ARM_EARLY, kernel, tier, "warm") != NULL);
    }
    return ok;
}

/* Tier 0 of the other kernels of the pass. */
static bool add_kernels(struct run *run, struct group *g, const struct tiers_config *config,
                        const struct kernel *widest) {
    bool ok = true;
    for (size_t i = 0; kernels[i] != NULL && ok; i++) {
        ok = kernels[i] == widest || strcmp(kernels[i]->operation, widest->operation) != 0 ||
             add_tier(run, g, config, TIERS_ARM_TIER, kernels[i]->name, 0, "warm") != NULL;
    }
    return ok;
}

static bool add_products(struct run *run, struct group *g, const struct tiers_config *config) {
    bool ok = add(run, g, config, TIERS_ARM_PEAK, kernel_widest("int8_peak/")->name) != NULL;
    for (int tier = 0; tier < TIERS_CACHED && ok; tier++) {
        ok = add_tier(run, g, config, TIERS_ARM_PRODUCTS, kernel_widest("int8_gemm/")->name, tier,
                      "warm") != NULL;
    }
    return ok;
}

static enum status plan(struct run *run) {
    const struct kernel *widest = kernel_widest("transformer/");
    bool ok = true;
    for (size_t i = 0; i < TIERS_CONFIGS && ok; i++) {
        const struct tiers_config *config = &tiers_configs[i];
        struct group *g = tiers_group(run, "latency", config, TIERS_LATENCY_ROUNDS);
        ok = g != NULL && add_tiers(run, g, config, widest->name) &&
             add_variants(run, g, config, widest->name) &&
             (!tiers_size_of(run, config)->every_kernel || add_kernels(run, g, config, widest)) &&
             add_products(run, g, config) && add(run, g, config, TIERS_ARM_GATE, "") != NULL;
    }
    return ok ? ST_OK : ST_SYSTEM;
}

/* --- arms ------------------------------------------------------------------------------------- */

static enum tiers_latency_kind kind_of(const struct cell *c) {
    enum tiers_latency_kind kind = 0;
    while (kind < TIERS_LATENCY_KINDS - 1 && strcmp(tiers_latency_arms[kind], c->arm) != 0) {
        kind++;
    }
    return kind;
}

/* So many that a sample lasts a tenth of a millisecond or more; what is evicted is run once. */
static int64_t repeats_of(const struct tiers_latency_arm *a, const struct tiers_config *config) {
    enum { CALLS = 4096, STRETCH = 400000000, FAST = 50000 };
    if (a->evicted) {
        return 1;
    }
    if (a->kind == TIERS_ARM_GATE || a->tier == TIERS_CACHED) {
        return CALLS;
    }
    const struct transformer_pass pass = tiers_pass(config, a->tier, a->flushed);
    const int64_t layers = pass.end_layer - pass.first_layer, d = config->shape.d;
    const int64_t macs = layers * pass.seq * (4 * d * d + 2 * d * config->shape.ffn);
    return macs < STRETCH / FAST ? CALLS : 1 + STRETCH / 16 / macs;
}

static enum tiers_kind request_kind(const struct tiers_latency_arm *a) {
    static const enum tiers_kind of_tier[TIERS] = {TIERS_KIND_0, TIERS_KIND_1, TIERS_KIND_2,
                                                   TIERS_KIND_3};
    return a->flushed ? TIERS_KIND_FLUSH : of_tier[a->tier];
}

/* Requests of the arm's tier, each with another packet and prompt.  In tier 3 all ask for what was
 * kept, or for something else. */
static void make_requests(const struct tiers_latency_group *s, struct tiers_latency_arm *a) {
    for (int i = 0; i < TIERS_LATENCY_REQUESTS; i++) {
        a->requests[i] = (struct tiers_request){
            .packet = tiers_packet_draw(request_kind(a), run_seed(s->run), (uint64_t)i),
            .signature = a->tier == TIERS_CACHED ? (a->hit ? 1 : 2) : (uint64_t)i + 1,
            .tokens = s->tokens + i * s->config->shape.seq};
    }
}

/* What tier 3 is asked for. */
static void keep_logits(const struct tiers_latency_group *s, struct tiers_latency_arm *a) {
    const struct tiers_request first = {.packet =
                                            tiers_packet_draw(TIERS_KIND_0, run_seed(s->run), 0),
                                        .signature = 1,
                                        .tokens = s->tokens};
    tiers_serve(&a->server, &first, s->logits, NULL);
}

static enum status open_server(const struct tiers_latency_group *s, struct tiers_latency_arm *a) {
    const enum status st = tiers_server_open(s->config, a->kernel, run_seed(s->run), &a->server);
    if (st == ST_OK) {
        a->server.dense = a->kind == TIERS_ARM_DENSE;
        a->server.early = a->kind == TIERS_ARM_EARLY;
        keep_logits(s, a);
    }
    return st;
}

static enum status make_arm(const struct tiers_latency_group *s, struct cell *c) {
    struct tiers_latency_arm *a = calloc(1, sizeof *a);
    c->state = a;
    if (a == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    a->kind = kind_of(c);
    a->kernel = kernel_find(c->kernel);
    a->tier = (int)cell_integer(c, "tier", 0);
    a->evicted = strcmp(cell_string(c, "weights"), "evicted") == 0;
    a->flushed = strcmp(cell_string(c, "behind"), "flush") == 0;
    a->hit = strcmp(cell_string(c, "kept"), "hit") == 0;
    a->repeat = repeats_of(a, s->config);
    make_requests(s, a);
    const struct transformer_pass pass = tiers_pass(s->config, a->tier % TIERS_CACHED, a->flushed);
    switch (a->kind) {
    case TIERS_ARM_PRODUCTS:
        return tiers_products_new(a->kernel->impl, &s->weights, &pass, run_seed(s->run),
                                  &a->products);
    case TIERS_ARM_PEAK:
    case TIERS_ARM_GATE:
        return ST_OK;
    default:
        return open_server(s, a);
    }
}

static enum status prepare(struct run *run, struct group *g) {
    struct tiers_latency_group *s = calloc(1, sizeof *s);
    g->state = s;
    if (s == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    s->run = run;
    s->config = tiers_cell_config(&g->cells[0]);
    const struct transformer_shape *shape = &s->config->shape;
    enum status st = transformer_weights_make(shape, run_seed(run), &s->weights);
    s->tokens = mem_alloc_array(TIERS_LATENCY_REQUESTS, (size_t)shape->seq * sizeof *s->tokens);
    s->logits = mem_alloc_array((size_t)shape->logits, sizeof *s->logits);
    s->flood = mem_alloc(TIERS_FLOOD);
    if (st != ST_OK || s->tokens == NULL || s->logits == NULL || s->flood == NULL) {
        return ST_SYSTEM;
    }
    tiers_prompts(shape, run_seed(run), TIERS_LATENCY_REQUESTS, s->tokens);
    for (size_t i = 0; i < g->cell_count && st == ST_OK; i++) {
        st = g->cells[i].verdict != VERDICT_SKIP ? make_arm(s, &g->cells[i]) : ST_OK;
    }
    return st;
}

static void release(struct group *g) {
    struct tiers_latency_group *s = g->state;
    for (size_t i = 0; i < g->cell_count; i++) {
        struct tiers_latency_arm *a = g->cells[i].state;
        if (a != NULL) {
            tiers_server_close(&a->server);
            tiers_products_free(a->products);
            free(a);
            g->cells[i].state = NULL;
        }
    }
    if (s != NULL) {
        transformer_weights_free(&s->weights);
        mem_free(s->tokens);
        mem_free(s->logits);
        mem_free(s->flood);
        free(s);
        g->state = NULL;
    }
}

const struct tiers_part tiers_latency_part = {
    .name = "latency",
    .plan = plan,
    .prepare = prepare,
    .check = tiers_latency_check,
    .time = tiers_latency_time,
    .summarise = tiers_latency_summarise,
    .release = release,
};
