/* The products of matrices that a pass does, and nothing else of it: what the pass is measured
 * against. */
#ifndef ATTEST_SUITES_TIERS_TIERS_PRODUCTS_H
#define ATTEST_SUITES_TIERS_TIERS_PRODUCTS_H

#include "../kernels/int8_gemm.h"
#include "../kernels/transformer.h"

struct tiers_products;

/* Packs the weights that the pass reads and fills in activations, seeded.  ST_SYSTEM: no memory. */
enum status tiers_products_new(const struct int8_gemm_impl *impl,
                               const struct transformer_weights *w,
                               const struct transformer_pass *pass, uint64_t seed,
                               struct tiers_products **out);
void tiers_products_free(struct tiers_products *p);

/* All of them, in the order of the pass, on the caller's thread. */
void tiers_products_run(struct tiers_products *p);

int64_t tiers_products_macs(const struct tiers_products *p);

struct tiers_product {
    int32_t m, n, k;
    const int8_t *w, *a; /* (n, k), (m, k) */
    const int32_t *out;  /* (m, n) */
};
/* Runs one product and shows it, until the next is run; false behind the last. */
bool tiers_products_get(struct tiers_products *p, int32_t index, struct tiers_product *out);

#endif
