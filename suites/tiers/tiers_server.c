#include "tiers_server.h"

#include <string.h>

#include "../../harness/base/memory.h"

enum status tiers_server_open(const struct tiers_config *config, const struct kernel *kernel,
                              uint64_t seed, struct tiers_server *out) {
    *out = (struct tiers_server){.config = config, .impl = kernel->impl};
    struct transformer_weights weights;
    const enum status st = transformer_weights_make(&config->shape, seed, &weights);
    if (st != ST_OK) {
        return st;
    }
    out->network = out->impl->build(&weights);
    transformer_weights_free(&weights);
    if (out->network == NULL) {
        return status_set(ST_SYSTEM, "no memory for the %s network; free some", config->name);
    }
    out->kept = mem_alloc_array((size_t)config->shape.logits, sizeof *out->kept);
    if (out->kept == NULL) {
        tiers_server_close(out);
        return ST_SYSTEM;
    }
    return ST_OK;
}

void tiers_server_close(struct tiers_server *s) {
    if (s->impl != NULL) {
        s->impl->release(s->network);
    }
    mem_free(s->kept);
    *s = (struct tiers_server){0};
}

/* Tier 3: the logits of the last pass if its input was this one, else zeros.  Whether it was. */
static bool repeat(const struct tiers_server *s, uint64_t signature, float *logits) {
    const size_t bytes = (size_t)s->config->shape.logits * sizeof *logits;
    const bool hit = s->has_kept && s->signature == signature;
    if (hit) {
        memcpy(logits, s->kept, bytes);
    } else {
        memset(logits, 0, bytes);
    }
    return hit;
}

struct transformer_pass tiers_server_pass(const struct tiers_server *s, int tier, bool flushed) {
    struct transformer_pass pass = tiers_pass(s->config, tier, flushed);
    if (s->dense) {
        pass.window = pass.seq;
    }
    if (s->early) {
        pass.end_layer -= pass.first_layer;
        pass.first_layer = 0;
    }
    return pass;
}

static void compute(struct tiers_server *s, const struct tiers_request *r, struct tiers_decision d,
                    float *logits, struct transformer_counts *counts) {
    const struct transformer_pass pass = tiers_server_pass(s, d.tier, d.flush);
    if (d.flush) {
        s->impl->flush(s->network);
    }
    s->impl->run(s->network, &pass, r->tokens, logits, NULL, counts);
    memcpy(s->kept, logits, (size_t)s->config->shape.logits * sizeof *logits);
    s->signature = r->signature;
    s->has_kept = true;
}

struct tiers_answer tiers_serve(struct tiers_server *s, const struct tiers_request *r,
                                float *logits, struct transformer_counts *counts) {
    const struct tiers_decision d = tiers_gate(&r->packet);
    struct tiers_answer a = {.tier = d.tier, .flush = d.flush};
    if (counts != NULL) {
        *counts = (struct transformer_counts){0};
    }
    if (d.tier == TIERS_CACHED) {
        a.hit = repeat(s, r->signature, logits);
    } else {
        compute(s, r, d, logits, counts);
    }
    return a;
}
