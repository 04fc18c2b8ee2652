#include "tiers_products.h"

#include <stdlib.h>

#include "../../datasets/rng.h"
#include "../../harness/base/memory.h"

enum { LAYER_PRODUCTS = 4, STREAM_ACTIVATIONS = 0x70726f64 };

struct packed {
    struct tiers_product product; /* its out is where all write */
    void *weights;
};

struct tiers_products {
    const struct int8_gemm_impl *impl;
    int32_t count;
    struct packed *list;
    int8_t *activations; /* as many as the widest needs */
    int32_t *sums;
};

/* Product `index` of a pass: four a layer, and the logits' behind the last. */
static struct tiers_product product_of(const struct transformer_weights *w,
                                       const struct transformer_pass *pass, int32_t index) {
    const struct transformer_shape *s = &w->shape;
    const int64_t layer = pass->first_layer + index / LAYER_PRODUCTS, d = s->d, ffn = s->ffn;
    if (layer == pass->end_layer) {
        return (struct tiers_product){.m = 1, .n = s->logits, .k = s->d, .w = w->head};
    }
    switch (index % LAYER_PRODUCTS) {
    case 0:
        return (struct tiers_product){pass->seq, 3 * s->d, s->d, w->qkv + layer * 3 * d * d,
                                      NULL,      NULL};
    case 1:
        return (struct tiers_product){pass->seq, s->d, s->d, w->out + layer * d * d, NULL, NULL};
    case 2:
        return (struct tiers_product){pass->seq, s->ffn, s->d, w->up + layer * ffn * d, NULL, NULL};
    default:
        return (struct tiers_product){pass->seq, s->d, s->ffn, w->down + layer * d * ffn,
                                      NULL,      NULL};
    }
}

/* -127 .. 127 */
static void fill_activations(int8_t *a, size_t n, uint64_t seed) {
    for (size_t i = 0; i < n; i++) {
        uint32_t words[4];
        rng_words(seed, STREAM_ACTIVATIONS, i, 0, words);
        a[i] = (int8_t)((int32_t)rng_below(words[0], 255) - 127);
    }
}

static int64_t widest(int64_t a, int64_t b) { return a > b ? a : b; }

enum status tiers_products_new(const struct int8_gemm_impl *impl,
                               const struct transformer_weights *w,
                               const struct transformer_pass *pass, uint64_t seed,
                               struct tiers_products **out) {
    const struct transformer_shape *s = &w->shape;
    const size_t values = (size_t)pass->seq * (size_t)widest(s->ffn, s->d),
                 sums = (size_t)widest(pass->seq * widest(s->ffn, 3L * s->d), s->logits);
    struct tiers_products *p = calloc(1, sizeof *p);
    *out = p;
    if (p == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    p->impl = impl;
    const int32_t count = LAYER_PRODUCTS * (pass->end_layer - pass->first_layer) + 1;
    p->list = calloc((size_t)count, sizeof *p->list);
    p->activations = mem_alloc_array(values, sizeof *p->activations);
    p->sums = mem_alloc_array(sums, sizeof *p->sums);
    if (p->list == NULL || p->activations == NULL || p->sums == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    fill_activations(p->activations, values, seed);
    for (; p->count < count; p->count++) {
        struct packed *packed = &p->list[p->count];
        packed->product = product_of(w, pass, p->count);
        packed->product.a = p->activations;
        packed->product.out = p->sums;
        packed->weights = impl->pack(packed->product.w, packed->product.n, packed->product.k);
        if (packed->weights == NULL) {
            return status_set(ST_SYSTEM, "out of memory");
        }
    }
    return ST_OK;
}

void tiers_products_free(struct tiers_products *p) {
    if (p == NULL) {
        return;
    }
    for (int32_t i = 0; i < p->count; i++) {
        p->impl->release(p->list[i].weights);
    }
    free(p->list);
    mem_free(p->activations);
    mem_free(p->sums);
    free(p);
}

static void run_one(struct tiers_products *p, int32_t index) {
    p->impl->run(p->list[index].weights, p->activations, p->list[index].product.m, p->sums);
}

void tiers_products_run(struct tiers_products *p) {
    for (int32_t i = 0; i < p->count; i++) {
        run_one(p, i);
    }
}

int64_t tiers_products_macs(const struct tiers_products *p) {
    int64_t macs = 0;
    for (int32_t i = 0; i < p->count; i++) {
        const struct tiers_product *q = &p->list[i].product;
        macs += (int64_t)q->m * q->n * q->k;
    }
    return macs;
}

bool tiers_products_get(struct tiers_products *p, int32_t index, struct tiers_product *out) {
    if (index >= p->count) {
        return false;
    }
    run_one(p, index);
    *out = p->list[index].product;
    return true;
}
